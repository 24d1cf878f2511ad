// What the machine reaches in this very run, for other rates to be compared with: products of matrices by the
// BLAS, and exponentials by Weir's fast_exp.
#pragma once

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <vector>

#include "weir/base/VectorMath.hpp"

namespace weir::machine_rates {

/// Counts things a second, under the name of the thing.
inline void set_rate(benchmark::State& state, const char* name, double things_per_iteration) {
  state.counters[name] =
      benchmark::Counter(things_per_iteration, benchmark::Counter::kIsIterationInvariantRate);
}

inline void gemm(int n, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
}
inline void gemm(int n, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
}

template <class T>
void matrix_product(benchmark::State& state) {
  const int n = int(state.range(0));
  std::vector<T> a(n * n, T(0.5)), b(n * n, T(0.25)), c(n * n);
  for (auto _ : state) {
    gemm(n, a.data(), b.data(), c.data());
    benchmark::DoNotOptimize(c.data());
  }
  set_rate(state, "flop/s", 2. * n * n * n);
}

template <class T>
void exponentials(benchmark::State& state) {
  const int n = int(state.range(0));
  std::vector<T> x(n, T(-1.5)), y(n);
  for (auto _ : state) {
    for (int i = 0; i < n; i += pack_width<T>) fast_exp(Pack<T>::load(&x[i])).store(&y[i]);
    benchmark::DoNotOptimize(y.data());
  }
  set_rate(state, "exp/s", n);
}

BENCHMARK_TEMPLATE(matrix_product, float)->Name("machine/sgemm")->Arg(512);
BENCHMARK_TEMPLATE(matrix_product, double)->Name("machine/dgemm")->Arg(512);
BENCHMARK_TEMPLATE(exponentials, float)->Name("machine/exp_single")->Arg(4096);
BENCHMARK_TEMPLATE(exponentials, double)->Name("machine/exp_double")->Arg(4096);

}  // namespace weir::machine_rates
