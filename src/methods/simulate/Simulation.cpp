#include "methods/simulate/Simulation.hpp"

#include <limits>

#include "weir/base/Error.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

SteppingOptions stepping(const TimeOptions& time, const RunOptions& run, Index draw) {
  SteppingOptions stepping;
  stepping.start = time.start;
  stepping.end = time.end;
  stepping.step = time.step;
  stepping.solver = is_langevin(time.scheme) ? "weir" : time.scheme;
  stepping.tolerance = time.tolerance;
  stepping.seed = run.seed;
  WEIR_CHECK(draw <= std::numeric_limits<int>::max(), "simulation {} of one deck", draw);
  stepping.stage = int(draw);
  stepping.single = run.single_precision();
  if (time.tolerance)
    stepping.remedy = "the flow may have no solution beyond: an energy that grows at infinity may help";
  else if (is_langevin(time.scheme))
    stepping.remedy = "a smaller `time.step`, or the scheme tamed_langevin, may help";
  else
    stepping.remedy = "a smaller `time.step` may help";
  return stepping;
}

Simulation::Simulation(const SimulateOptions& options, const Communicator& comm, const RunOptions& run,
                       Index draw)
    : ensemble_(make_ensemble(options.initial, comm, run.tile, run.seed, draw)),
      energy_(options.energy, comm, ensemble_.partition, ensemble_.components(), run.single_precision(),
              ensemble_.x),
      flow_(ensemble_, energy_, rule_of(options.time)),
      stage_(stepping(options.time, run, draw), flow_, options.time.where + ".scheme") {
  Kokkos::deep_copy(BlockViews(stage_.state().layout(), stage_.state().vec())[0], ensemble_.x);
  ensemble_.x = Matrix<Real>("Weir::Ensemble::x", ensemble_.components(), 0);  // the state has it now
}

namespace {

/// Whether PETSc can number what the state of all particles has.
void check_entries(const std::string& where, const EnsembleShape& shape, const Communicator& comm,
                   const RunOptions& run) {
  try {
    Layout(comm, {{"particles", Partition(comm, shape.particles, run.tile), shape.dimension}});
  } catch (const InputError& error) {
    throw InputError(where, error.what());
  }
}

}  // namespace

void check_simulation(const SimulateOptions& options, const Communicator& comm, const RunOptions& run) {
  EnsembleShape shape{};
  comm.agree([&] { shape = shape_of(options.initial); });
  constexpr Index few = 2;
  Problems problems;
  problems.collect([&] { check_entries(options.initial.where, shape, comm, run); });
  if (!std::holds_alternative<FileEnsembleOptions>(options.initial.law))
    problems.collect([&] { make_ensemble(smaller(options.initial, few), comm, run.tile, run.seed); });
  problems.collect([&] {
    const Ensemble apart(comm, few, shape.dimension, run.tile);  // a spread for bandwidths
    fill_normals(apart.x, Random(run.seed, Stream::initial_ensemble), apart.partition.first_particle(), 0);
    FreeEnergy(options.energy, comm, apart.partition, shape.dimension, run.single_precision(), apart.x);
  });
  problems.raise();
}

std::function<void(const Tick&)> Simulation::with_particles(const AfterStep& after_step) {
  return [this, after_step](const Tick& tick) {
    const ConstBlockViews views(stage_.state().layout(), stage_.state().vec());
    after_step(tick, views[0]);
  };
}

}  // namespace weir
