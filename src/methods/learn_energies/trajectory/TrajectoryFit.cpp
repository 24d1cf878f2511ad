#include "methods/learn_energies/trajectory/TrajectoryFit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "methods/learn_energies/trajectory/TrajectoryKnot.hpp"
#include "methods/learn_energies/trajectory/TrajectoryStart.hpp"
#include "training/TrainingLength.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

/// The first `particles` of a population, dealt anew.
Ensemble first_particles(const Ensemble& population, Index particles) {
  const Index d = population.components();
  Ensemble first(population.comm, particles, d, population.partition.tile_size());
  RowExchange exchange(population.comm, d);
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), population.x);
  for (Index i = 0; i < population.partition.local_rows(); ++i) {
    const Index row = population.partition.first_row() + i;
    if (row < particles) exchange.send(first.partition.owner_of_row(row), 0, row, &from(0, i));
  }
  const auto to = Kokkos::create_mirror_view(first.x);
  exchange.deliver([&](const RowExchange::Row& row) {
    std::copy_n(row.values, d, &to(0, row.key - first.partition.first_row()));
  });
  Kokkos::deep_copy(first.x, to);
  return first;
}

std::vector<Ensemble> at_snapshots(const TimeGrid& grid, const Ensemble& like, const Matrix<Real>& x) {
  std::vector<Ensemble> ensembles;
  const Index d = like.components();
  for (Index knot : grid.snapshot_knots) {
    ensembles.emplace_back(like.comm, like.particles(), d, like.partition.tile_size());
    Kokkos::deep_copy(ensembles.back().x, knot_of(x, knot, d));
  }
  return ensembles;
}

}  // namespace

Index start_size(const TrajectoryModelOptions& options, const std::vector<Index>& sizes) {
  return std::min(options.particles, sizes.front());
}

void check_trajectory(const TrajectoryModelOptions& options, const CouplingOptions& coupling,
                      const std::vector<Index>& sizes, Index dimension) {
  // TrajectoryScore's adjoint has 2 d + 2 numbers a point.
  const Index most = options.entropy ? (most_pair_components - 2) / 2 : most_pair_components - 2;
  if (dimension > most)
    throw InputError(options.where,
                     fmt::format("the trajectory model takes up to {} dimensions{}, the data have {}", most,
                                 options.entropy ? " with an entropy" : "", dimension));
  if (options.particles_given && options.particles > sizes.front())
    throw InputError(
        options.where + ".particles",
        fmt::format("found {}, and the first snapshot has {} particles for training; allowed: up to "
                    "{}, or leave it out",
                    options.particles, sizes.front(), sizes.front()));
  const Index start = start_size(options, sizes);
  for (std::size_t k = 0; k + 1 < sizes.size(); ++k) check_couplings(coupling, {start, sizes[k + 1]});
}

std::optional<FittedTrajectory> fit_trajectory(const TrajectoryModelOptions& options,
                                               const CouplingOptions& coupling,
                                               const std::vector<Real>& times,
                                               const std::vector<Ensemble>& snapshots, const RunOptions& run,
                                               const StageList& stages, RunOutput& output,
                                               RunControl& control, const PublishEnergy& publish) {
  constexpr Index trajectory = TrajectoryTraining::trajectory, parameters = TrajectoryTraining::parameters;
  const TimeGrid grid(times, options.steps);
  const Ensemble start = first_particles(snapshots.front(), start_size(options, sizes_of(snapshots)));
  const auto training = make_trajectory_training(options, grid, snapshots, start.partition, run);
  const Index iterations = options.train.iterations;
  Stage stage(training_steps(iterations, run), *training, options.where);
  const Layout& layout = *training->layout();
  if (!stages.checkpoint_of_stage(output, "train")) {
    const BlockViews blocks(layout, stage.state().vec());
    TrajectoryStart interpolation(coupling, grid, snapshots, start, blocks[trajectory],
                                  run.single_precision(), output);
    const auto kept = control.keep(interpolation);
    if (!work_through(interpolation, stages, "prepare", output, control)) return {};
    interpolation.summarise();
    training->initialise(blocks[parameters]);
  }
  const Index unknowns = layout[parameters].partition.particles();
  output.log(fmt::format("{} particles at {} knots and {} parameters; {} iterations", start.particles(),
                         grid.knots(), unknowns, iterations));
  output.summarise("unknowns", unknowns + start.particles() * layout[trajectory].components);

  const auto report = [&](const Tick& tick) -> Metrics {
    const auto theta = stage.learned(parameters);
    const auto loss = training->loss(stage.learned(trajectory), theta);
    const Real bandwidth = training->bandwidth(theta);
    output.log(fmt::format("iteration {}: likelihood {:.6g}, residual {:.4g}, bandwidth {:.4g}", tick.step,
                           -loss.likelihood, loss.residual, bandwidth));
    return {{"loss", loss.total()}, {"residual", loss.residual}, {"bandwidth", bandwidth}};
  };
  const Index every = std::max(Index(1), iterations / options.train.reports);
  const TrainingPlan plan = plan_of_training(stages, output, {1, every});
  const auto kept = control.keep([&](Hdf5File& file) { plan.save(file); });
  const auto published = control.after_save([&] { publish(training->energy(stage.learned(parameters))); });
  if (!run_training(stage, stages, {plan.every, 1, report}, output, control)) return {};
  return FittedTrajectory{training->energy(stage.learned(parameters)),
                          at_snapshots(grid, start, stage.learned(trajectory))};
}

}  // namespace weir
