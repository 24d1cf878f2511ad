// Rates of the kernels that runs spend their time in, beside the machine's GEMM and exp rates.
#include "MachineRates.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/energies/Radial.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

using machine_rates::set_rate;

/// Forces of a Gaussian interaction in the plane, every pair counted.
template <class T>
void pair_sum(benchmark::State& state) {
  const Index n = state.range(0);
  const Communicator self(MPI_COMM_SELF);
  Ensemble ensemble(self, n, 2, 64);
  fill_normals(ensemble.x, Random(1, Stream::initial_ensemble), 0, 0);
  const Matrix<Real> forces("forces", 2, n);
  PairSum<T> pairs(self, ensemble.partition, ensemble.partition, 2);
  for (auto _ : state)
    pairs("benchmark", RadialGradient<GaussianProfile>{{-1, 0.5}}, ensemble.x, ensemble.x, {}, forces);
  set_rate(state, "pairs/s", Real(n) * Real(n));
}

template <class T>
void normals(benchmark::State& state) {
  const Index d = state.range(0), n = state.range(1);
  const Matrix<T> noise("noise", d, n);
  const Random random(1, Stream::langevin_noise);
  Index tick = 0;
  for (auto _ : state) fill_normals(noise, random, 0, tick++);
  set_rate(state, "normals/s", Real(d) * Real(n));
}

BENCHMARK_TEMPLATE(pair_sum, float)->Name("pair_sum/gaussian_2d/single")->Arg(16384);
BENCHMARK_TEMPLATE(pair_sum, double)->Name("pair_sum/gaussian_2d/double")->Arg(16384);
BENCHMARK_TEMPLATE(normals, float)->Name("normals/single")->Args({4, 4096});
BENCHMARK_TEMPLATE(normals, double)->Name("normals/double")->Args({4, 4096});
BENCHMARK_TEMPLATE(pair_sum, float)->Name("pair_sum/smoke")->Arg(257);
BENCHMARK_TEMPLATE(normals, float)->Name("normals/smoke")->Args({3, 101});

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  weir::Libraries libraries(argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
