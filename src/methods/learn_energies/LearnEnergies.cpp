#include "methods/learn_energies/LearnEnergies.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "methods/learn_energies/LearnEnergiesCost.hpp"
#include "methods/learn_energies/LearningStages.hpp"
#include "methods/learn_energies/MeanMetrics.hpp"
#include "methods/learn_energies/Repetition.hpp"
#include "methods/learn_energies/linear/FeatureCentres.hpp"
#include "methods/learn_energies/trajectory/TrajectoryFit.hpp"
#include "methods/simulate/Simulation.hpp"
#include "training/TrainingLength.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

namespace {

/// Particles of a population that leave as many for training as any check asks for.
Index enough_to_check(const LearnEnergiesOptions& options) {
  Index wanted = 1000;
  if (const auto* linear = std::get_if<LinearModelOptions>(&options.model.kind);
      linear && linear->features.radial)
    if (const auto* centres = std::get_if<DataCentres>(&linear->features.radial->centres.at))
      wanted = std::max(wanted, centres->number);
  const Real test = options.split.test, for_training = std::ceil(Real(wanted + 1) / (1 - test));
  return Index(test > 0 ? std::max(for_training, std::ceil(1 / test)) : for_training);
}

}  // namespace

void LearnEnergies::prepare(const Communicator& comm, const RunOptions& run) {
  const auto* linear = std::get_if<LinearModelOptions>(&options_.model.kind);
  const Index dimension = check_populations(options_.populations, comm, run);
  if (linear) check_linear_model(*linear, dimension);
  populations_ = make_populations(options_.populations, options_.split, options_.pairing == "paired", comm,
                                  run, options_.leave_out);
  if (options_.repetitions == 1) close_files(options_.populations);  // others read it again
  kept_ = kept_populations(options_, populations_->count());
  std::vector<Ensemble> train;
  for (const Index k : kept_) train.push_back(populations_->train[k]);
  Problems problems;
  if (linear) problems.collect([&] { check_data_centres(linear->features, train); });
  if (options_.model.entropy()) problems.collect([&] { check_spread(train); });
  problems.collect([&] { check_sizes(sizes_of(train), dimension); });
  problems.raise();
}

/// Collective: a population whose particles are all at one point has no density, and so no entropy.
void LearnEnergies::check_spread(const std::vector<Ensemble>& train) const {
  for (std::size_t k = 0; k < train.size(); ++k) {
    const Ensemble& population = train[k];
    if (!(Moments(population.comm, population.partition, population.components())
              .mean_variance(population.x) > 0))
      throw InputError(
          options_.where + ".model",
          fmt::format("the particles of population {} are all at one point, which has no density: leave "
                      "`entropy` out, or that population by `leave_out`",
                      kept_[k]));
  }
}

/// `train`: of the populations that are learned from.
void LearnEnergies::check_sizes(const std::vector<Index>& train, Index dimension) const {
  if (options_.couples()) check_couplings(options_.coupling, train);
  if (const auto* trajectory = std::get_if<TrajectoryModelOptions>(&options_.model.kind))
    check_trajectory(*trajectory, options_.coupling, train, dimension);
}

void LearnEnergies::check(const Communicator& comm, const RunOptions& run) {
  LearnEnergies few;
  few.options_ = options_;
  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  EnsembleShape shape{};
  if (simulated) {
    check_simulation(*simulated, comm, run);
    comm.agree([&] { shape = shape_of(simulated->initial); });
    std::get<SimulatedPopulations>(few.options_.populations.source).initial =
        smaller(simulated->initial, enough_to_check(options_));
  }
  few.prepare(comm, run);
  if (!simulated) return;
  check_sizes(std::vector<Index>(few.kept_.size(), train_size(shape.particles, options_.split)),
              shape.dimension);
}

namespace {

void check_stage(const Checkpoint& from, Index repetitions) {
  if (learning_stages(0).round_of(from.standing().stage) >= repetitions)
    throw RunError(fmt::format("{} is of stage {}, which a run of {} repetition{} does not have", from.path(),
                               from.standing().stage, repetitions, repetitions == 1 ? "" : "s"));
}

/// What earlier repetitions left in the folder of the checkpoint: the snapshots that it knows, and
/// energies.h5, which the first repetition writes again.
void carry_over(const Checkpoint& from, RunOutput& output) {
  if (from.file().has("/snapshots/blocks")) output.snapshots();
  if (learning_stages(0).round_of(from.standing().stage) == 0) return;
  const std::string there = from.folder() + "/energies.h5", here = output.path("energies.h5");
  try {
    check_committed(output.comm(), there);
  } catch (const RunError& error) {
    throw RunError(
        fmt::format("{} is not what the first repetition wrote: {}; bring it back, or start afresh without "
                    "--restart",
                    there, error.what()));
  }
  output.comm().agree([&] {
    if (!output.comm().is_root()) return;
    std::error_code none;
    if (!std::filesystem::equivalent(there, here, none))
      std::filesystem::copy_file(there, here, std::filesystem::copy_options::overwrite_existing);
  });
}

}  // namespace

std::vector<CostedPart> LearnEnergies::costs(const Communicator& comm, const RunOptions& run) const {
  return learn_energies_costs(options_, comm, run);
}

bool LearnEnergies::may_change(const DeckDifference& change, const Checkpoint& from) const {
  const StageList stages = learning_stages(0);
  if (const auto* network = std::get_if<NetworkModelOptions>(&options_.model.kind))
    return change.key == network->where + ".train.epochs" &&
           may_change_length(change, {network->train.epochs, "epochs", {network->train.rule}}, stages, from);
  if (const auto* model = std::get_if<TrajectoryModelOptions>(&options_.model.kind)) {
    const TrajectoryTrainOptions& train = model->train;
    return change.key == model->where + ".train.iterations" &&
           may_change_length(change, {train.iterations, "iterations", {train.rule, train.particles}}, stages,
                             from);
  }
  return false;
}

void LearnEnergies::run(RunOutput& output, RunControl& control) {
  const Index steps = populations_->count() - 1;
  const Real end = populations_->times.back();
  MeanMetrics means(options_.repetitions, output);
  if (output.restart()) {
    check_stage(*output.restart(), options_.repetitions);
    carry_over(*output.restart(), output);
  } else if (output.comm().is_root()) {  // of an earlier run, should this one not get so far
    std::error_code none;
    std::filesystem::remove(output.path("energies.h5"), none);
  }
  for (Index r = 0; r < options_.repetitions; ++r) {
    if (means.has(r)) continue;
    RunOptions run = output.run();
    run.seed += r;
    if (r > 0)
      populations_ = make_populations(options_.populations, options_.split, options_.pairing == "paired",
                                      output.comm(), run, options_.leave_out);
    if (options_.repetitions > 1) output.log(fmt::format("repetition {}, seed {}", r, run.seed));
    Repetition learning(options_, *populations_, kept_, run, int(r), output, control);
    const Metrics metrics = learning.run();
    if (control.stopped()) return output.finish(control.status(), 0, populations_->times.front());
    for (const auto& [name, value] : metrics)
      if (name.find('/') == name.npos) output.log(fmt::format("{}: {:.6g}", name, value));
    // metrics.csv has the rows of the training where there is one.
    if (!options_.model.trained()) output.report((r + 1) * steps, end, metrics);
    means.add(r, metrics);
  }
  means.finish();
  output.finish(control.status(), steps, end);
}

}  // namespace weir
