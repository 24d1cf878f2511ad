// Times of the transport solvers on one core, beside the machine's rates. The best of several repetitions
// counts:
//
//     transport_benchmark --benchmark_filter='machine|Assignment' --benchmark_format=json
#include <algorithm>

#include "MachineRates.hpp"
#include "transport/Clouds.hpp"
#include "weir/base/Configuration.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/NetworkSimplex.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

void independent_assignment(benchmark::State& state, Index count, Index dimension) {
  const Cloud x = uniform_cloud(count, dimension, 1), y = uniform_cloud(count, dimension, 2);
  Certificate certificate;
  for (auto _ : state) certificate = solve_assignment(x, y).certificate;
  state.counters["gap"] = certificate.gap;
}

void nearly_identical_assignment(benchmark::State& state, Index count) {
  const Cloud x = uniform_cloud(count, 2, 1);
  Cloud y = x;
  const Cloud moves = normal_cloud(count, 2, 2, 0, 1e-3);
  for (std::size_t k = 0; k < y.values.size(); ++k) y.values[k] += moves.values[k];
  for (auto _ : state) benchmark::DoNotOptimize(solve_assignment(x, y).cost);
}

void distant_assignment(benchmark::State& state, Index count) {
  const Cloud x = normal_cloud(count, 2, 1), y = normal_cloud(count, 2, 2, 3, 0.5);
  for (auto _ : state) benchmark::DoNotOptimize(solve_assignment(x, y).cost);
}

void network_simplex(benchmark::State& state, Index x_count, Index y_count, Index dimension) {
  const Cloud x = uniform_cloud(x_count, dimension, 1), y = uniform_cloud(y_count, dimension, 2);
  Certificate certificate;
  for (auto _ : state) certificate = solve_network_simplex(x, y).certificate;
  state.counters["gap"] = certificate.gap;
}

/// Kernel entries per second over whole solves, epsilon .01 of the mean cost.
void sinkhorn_iterations(benchmark::State& state, Index count, bool single) {
  const auto ensemble = [count](std::uint64_t seed) {
    Ensemble made(Communicator(MPI_COMM_SELF), count, 2, 64);
    const Cloud cloud = uniform_cloud(count, 2, seed);
    std::copy(cloud.values.begin(), cloud.values.end(), made.x.data());
    return made;
  };
  const Ensemble x = ensemble(1), y = ensemble(2);
  SinkhornProblem problem;
  problem.epsilon = 0.01 * mean_squared_distance(x, y);
  problem.tolerance = 1e-3;
  problem.single = single;
  SinkhornResult result;
  Index iterations = 0;
  for (auto _ : state) {
    result = sinkhorn(x, y, problem);
    iterations += result.iterations;
  }
  state.counters["iterations"] = Real(result.iterations);
  state.counters["marginal_error"] = result.marginal_error;
  state.counters["pairs"] =
      benchmark::Counter(2 * Real(iterations) * Real(count) * Real(count), benchmark::Counter::kIsRate);
}

/// Best of several repetitions; the smoke cases of one.
template <class... Arguments>
void declare(const char* name, bool smoke, void (*function)(benchmark::State&, Arguments...),
             std::common_type_t<Arguments>... arguments) {
  auto* declared = benchmark::RegisterBenchmark(name, [=](benchmark::State& state) {
                     function(state, arguments...);
                   })->Unit(benchmark::kMillisecond);
  if (smoke) return;
  declared->Repetitions(5)->ReportAggregatesOnly()->ComputeStatistics(
      "best", [](const std::vector<double>& times) { return *std::min_element(times.begin(), times.end()); });
}

void declare_all() {
  declare("Assignment/smoke_100", true, independent_assignment, 100, 2);
  declare("Assignment/independent_1000", false, independent_assignment, 1000, 2);
  declare("Assignment/independent_5000", false, independent_assignment, 5000, 2);
  declare("Assignment/independent_1000_in_10_dimensions", false, independent_assignment, 1000, 10);
  declare("Assignment/nearly_identical_1000", false, nearly_identical_assignment, 1000);
  declare("Assignment/nearly_identical_5000", false, nearly_identical_assignment, 5000);
  declare("Assignment/distant_1000", false, distant_assignment, 1000);
  declare("NetworkSimplex/smoke_100_90", true, network_simplex, 100, 90, 2);
  declare("NetworkSimplex/independent_1000_900", false, network_simplex, 1000, 900, 2);
  declare("NetworkSimplex/independent_2498_2199", false, network_simplex, 2498, 2199, 2);
  declare("NetworkSimplex/independent_2498_2199_in_5_dimensions", false, network_simplex, 2498, 2199, 5);
  declare("Sinkhorn/smoke_100", true, sinkhorn_iterations, 100, false);
  declare("Sinkhorn/independent_2000", false, sinkhorn_iterations, 2000, false);
  declare("Sinkhorn/independent_2000_single", false, sinkhorn_iterations, 2000, true);
  declare("Sinkhorn/independent_10000_single", false, sinkhorn_iterations, 10000, true);
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  benchmark::AddCustomContext("weir", WEIR_VERSION " " WEIR_BUILD_TYPE ", " WEIR_COMPILER);
  benchmark::Initialize(&argc, argv);
  const weir::Libraries libraries(argc, argv);
  weir::declare_all();
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
