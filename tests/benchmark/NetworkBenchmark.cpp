// Rates of networks: what training spends its time in, beside the machine's GEMM rate.
//
//     value_vjp      value and parameter gradient of width-width-width in tiles of 64, exact sum included;
//                    of_gemm is its rate over that of Weir's gemm at width x 64 x width in the same process
//     potential      input_gradient, residual, mixed, exact sum and Adam for 2-64-64-1 softplus, N samples in
//                    tiles of 64, 256 to a batch: one epoch of JKOnet*_V
#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "weir/base/Libraries.hpp"
#include "weir/networks/Gemm.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/networks/TileGradient.hpp"

namespace weir {
namespace {

constexpr Index tile_columns = 64;

void set_rate(benchmark::State& state, const char* name, Real things_per_iteration) {
  state.counters[name] =
      benchmark::Counter(things_per_iteration, benchmark::Counter::kIsIterationInvariantRate);
}

template <class T>
Matrix<T> some_columns(Index rows, Index columns, Index which) {
  Matrix<T> matrix("columns", rows, columns);
  fill_normals(matrix, Random(1, Stream::initial_ensemble), 0, which);
  return matrix;
}

template <class T>
Vector<T> start(const MlpShape& shape) {
  const Vector<Real> theta("theta", Mlp<T>(shape).parameters());
  initialise_network(shape, 1, 0, 0, theta);
  const Vector<T> rounded("rounded", theta.extent(0));
  for (std::size_t k = 0; k < theta.extent(0); ++k) rounded(k) = T(theta(k));
  return rounded;
}

void blas(int n, int columns, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, n, 1, a, n, b, n, 0, c, n);
}
void blas(int n, int columns, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, columns, n, 1, a, n, b, n, 0, c, n);
}

/// n x n times n x columns, by Weir or by the BLAS that it is linked with.
template <class T, bool by_blas>
void product(benchmark::State& state) {
  const Index n = state.range(0), columns = state.range(1);
  const auto a = some_columns<T>(n, n, 0), b = some_columns<T>(n, columns, 1);
  const Matrix<T> c("c", n, columns);
  for (auto _ : state) {
    if constexpr (by_blas)
      blas(int(n), int(columns), a.data(), b.data(), c.data());
    else
      gemm(Op::none, Op::none, n, columns, n, T(1), a.data(), n, b.data(), n, T(0), c.data(), n);
    benchmark::DoNotOptimize(c.data());
  }
  set_rate(state, "flop/s", 2. * Real(n) * Real(n) * Real(columns));
}

/// The best of several timings of Weir's gemm, and of the BLAS at 512: whichever is faster is the machine's
/// rate.
template <class T>
Real gemm_rate(Index n) {
  const auto seconds = [](auto work) {
    Real best = 1;
    for (int repeat = 0; repeat < 7; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < 50; ++i) work();
      best =
          std::min(best, std::chrono::duration<Real>(std::chrono::steady_clock::now() - begin).count() / 50);
    }
    return best;
  };
  const auto a = some_columns<T>(512, 512, 0), b = some_columns<T>(512, 512, 1);
  const Matrix<T> c("c", 512, 512);
  const Real ours = seconds([&] {
    gemm(Op::none, Op::none, n, tile_columns, n, T(1), a.data(), n, b.data(), n, T(0), c.data(), n);
  });
  const Real blas_time = seconds([&] { blas(512, 128, a.data(), b.data(), c.data()); });
  return std::max(2. * Real(n * n * tile_columns) / ours, 2. * 512 * 512 * 128 / blas_time);
}

template <class T>
void value_vjp(benchmark::State& state) {
  const Index width = state.range(0), tiles = state.range(1);
  MlpShape shape;
  shape.inputs = shape.outputs = width;
  shape.hidden = {width};
  shape.activation = Activation::silu;
  const Mlp<T> network(shape);
  const auto theta = start<T>(shape);
  const auto x = some_columns<T>(width, tile_columns * tiles, 0),
             y_bar = some_columns<T>(width, tile_columns, 1);
  const Matrix<T> y("y", width, tile_columns), x_bar("x_bar", width, tile_columns);
  MlpTape<T> tape(network, tile_columns, Purpose::gradient);
  TileGradient<T> gradient(Communicator(MPI_COMM_SELF), network.parameters(), tiles);
  std::vector<Real> totals(network.parameters());
  const auto step = [&] {
    gradient(tiles, totals.data(), "the gradient", [&](Index slot, const VectorRef<T>& partial) {
      network.value(theta, MatrixRef<const T>(&x(0, slot * tile_columns), width, tile_columns), tape, y);
      network.vjp(theta, y_bar, tape, partial, x_bar);
    });
  };
  const Real rate = gemm_rate<T>(width);
  const Real flops = 2. * 3 * 2 * Real(width * width) * Real(tile_columns * tiles);
  Real best = 1e9;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    best = std::min(best, std::chrono::duration<Real>(std::chrono::steady_clock::now() - begin).count());
    benchmark::DoNotOptimize(totals.data());
  }
  set_rate(state, "flop/s", flops);
  state.counters["best_flop/s"] = flops / best;
  state.counters["gemm_flop/s"] = rate;
  state.counters["of_gemm"] = flops / best / rate;
}

/// What a parameter's rule remembers and does, plainly.
struct Adam {
  std::vector<Real> theta, first, second;
  Index ticks = 0;
  void step(const std::vector<Real>& gradient, Real rate) {
    ++ticks;
    const Real c1 = 1 / (1 - std::pow(0.9, Real(ticks))), c2 = 1 / (1 - std::pow(0.999, Real(ticks)));
    for (std::size_t k = 0; k < theta.size(); ++k) {
      first[k] = 0.9 * first[k] + 0.1 * gradient[k];
      second[k] = 0.999 * second[k] + 0.001 * gradient[k] * gradient[k];
      theta[k] -= rate * c1 * first[k] / (std::sqrt(c2 * second[k]) + 1e-8);
    }
  }
};

template <class T>
void potential(benchmark::State& state) {
  const Index width = state.range(0), samples = state.range(1), batch = 256;
  MlpShape shape;
  shape.inputs = 2;
  shape.hidden = {width, width};
  const Mlp<T> network(shape);
  const auto theta = start<T>(shape);
  const auto x = some_columns<T>(2, samples, 0), shift = some_columns<T>(2, samples, 1);
  const Matrix<T> gradient("gradient", 2, tile_columns), u("u", 2, tile_columns);
  MlpTape<T> tape(network, tile_columns, Purpose::mixed);
  TileGradient<T> sum(Communicator(MPI_COMM_SELF), network.parameters(), batch / tile_columns);
  std::vector<Real> totals(network.parameters());
  Adam adam{{theta.data(), theta.data() + theta.size()}, totals, totals};
  Real best = 1e9;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    for (Index first = 0; first < samples; first += batch) {
      const Index here = std::min(batch, samples - first);
      sum((here + tile_columns - 1) / tile_columns, totals.data(), "the gradient",
          [&](Index slot, const VectorRef<T>& partial) {
            const Index start = first + slot * tile_columns, count = std::min(tile_columns, samples - start);
            const MatrixRef<T> g(gradient.data(), 2, count), residual(u.data(), 2, count);
            network.input_gradient(theta, MatrixRef<const T>(&x(0, start), 2, count), tape, g);
            for (Index i = 0; i < count; ++i)
              for (Index c = 0; c < 2; ++c) residual(c, i) = (g(c, i) - shift(c, start + i)) / T(here);
            network.mixed(theta, residual, tape, partial);
          });
      adam.step(totals, 1e-3);
      for (std::size_t k = 0; k < totals.size(); ++k) theta(k) = T(adam.theta[k]);
    }
    best = std::min(best, std::chrono::duration<Real>(std::chrono::steady_clock::now() - begin).count());
  }
  state.counters["best_ms"] = best * 1e3;
  set_rate(state, "samples/s", Real(samples));
}

BENCHMARK_TEMPLATE(product, float, false)->Name("gemm/single")->ArgsProduct({{64, 128, 256}, {64}});
BENCHMARK_TEMPLATE(product, float, true)->Name("blas/single")->Args({128, 64})->Args({512, 512});
BENCHMARK_TEMPLATE(product, double, false)->Name("gemm/double")->ArgsProduct({{64, 128, 256}, {64}});
BENCHMARK_TEMPLATE(product, double, true)->Name("blas/double")->Args({128, 64})->Args({512, 512});
BENCHMARK_TEMPLATE(value_vjp, float)->Name("value_vjp/single")->ArgsProduct({{64, 128, 256}, {4}});
BENCHMARK_TEMPLATE(value_vjp, double)->Name("value_vjp/double")->ArgsProduct({{64, 128, 256}, {4}});
BENCHMARK_TEMPLATE(potential, float)
    ->Name("potential/single")
    ->Args({64, 5000})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(potential, double)
    ->Name("potential/double")
    ->Args({64, 5000})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(potential, float)->Name("potential/smoke")->Args({7, 300});
BENCHMARK_TEMPLATE(value_vjp, double)->Name("value_vjp/smoke")->Args({9, 2});

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  weir::Libraries libraries(argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
