// Rates of the kernels that runs spend their time in, beside the machine's GEMM and exp rates.
#include "MachineRates.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/energies/Functionals.hpp"
#include "weir/energies/Interaction.hpp"
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

/// Forces of an interaction in the plane, as a deck makes it; those through moments visit no pair, but count
/// as many.
void interaction(benchmark::State& state, const EnergyTerm& term, bool single) {
  const Index n = state.range(0);
  const Communicator self(MPI_COMM_SELF);
  Ensemble ensemble(self, n, 2, 64);
  fill_normals(ensemble.x, Random(1, Stream::initial_ensemble), 0, 0);
  const Matrix<Real> forces("forces", 2, n);
  const auto energy = make_interaction({term, "interaction"}, self, ensemble.partition, 2, single);
  for (auto _ : state) energy->add_gradient(ensemble.x, 0, -1, forces);
  state.SetItemsProcessed(state.iterations() * n * n);
}

/// A Gaussian, every named functional, and formulas: that of input/simulate/expression.yaml at the time .15
/// (its sine is a constant, as interactions do not depend on time) and one of functions that do not fold.
void register_interactions() {
  std::vector<std::pair<std::string, EnergyTerm>> terms{{"gaussian", GaussianOptions{{-1, 0.5}, {}}}};
  for (const auto& name : functionals::names()) terms.push_back({name, FunctionalOptions{name}});
  terms.push_back(
      {"expression", ExpressionOptions{"(x0^2 - 1)^2 + 2 * x1^2 + 0.8 * x0 * sin(2 * pi * 0.15)"}});
  terms.push_back(
      {"expression_of_sines", ExpressionOptions{"(x0^2 - 1)^2 + 2 * x1^2 + 0.8 * x0 * sin(2 * pi * x1)"}});
  for (const bool single : {true, false})
    for (const auto& [name, term] : terms)
      benchmark::RegisterBenchmark(
          ("interaction/" + name + (single ? "/single" : "/double")).c_str(),
          [term = term, single](benchmark::State& state) { interaction(state, term, single); })
          ->Arg(4096);
  benchmark::RegisterBenchmark("interaction/smoke", [](benchmark::State& state) {
    interaction(state, FunctionalOptions{"ishigami"}, true);
  })->Arg(257);
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
  weir::register_interactions();
  benchmark::RunSpecifiedBenchmarks();
}
