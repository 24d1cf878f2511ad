#include "methods/learn_energies/LearnEnergies.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "methods/learn_energies/CouplingCost.hpp"
#include "methods/learn_energies/LearningStages.hpp"
#include "methods/learn_energies/Repetition.hpp"
#include "methods/learn_energies/TrainingLength.hpp"
#include "methods/learn_energies/linear/FeatureCentres.hpp"
#include "methods/learn_energies/linear/LinearFitCost.hpp"
#include "methods/learn_energies/network/NetworkTrainingCost.hpp"
#include "methods/learn_energies/trajectory/TrajectoryFit.hpp"
#include "methods/learn_energies/trajectory/TrajectoryTrainingCost.hpp"
#include "methods/simulate/Simulation.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

void describe(Section& section, ModelOptions& options) {
  section.one_of(options.kind, "the model of the energies");
}

void describe(Section& section, LearnEnergiesOptions& options) {
  if (section.reading()) options.where = section.path();
  section.required_section("populations", options.populations, "the snapshots to learn from");
  section.section("split", options.split, "what is kept from training", "test");
  section
      .option("leave_out", options.leave_out,
              "numbers of populations, from 0, that are kept from training whole, and predicted")
      .at_least(0);
  section
      .option(
          "repetitions", options.repetitions,
          "times that the run is repeated with another seed (run.seed, run.seed + 1, ..); metrics are then "
          "means, beside their deviation")
      .at_least(1);
  section
      .option("pairing", options.pairing,
              "unpaired: every snapshot is an independent population (simulated ones draw their initial "
              "ensembles anew, "
              "but for one that is read from a file); paired: rows of all snapshots are the same particles")
      .one_of({"unpaired", "paired"});
  section.section("coupling", options.coupling, "optimal coupling of consecutive populations", "method");
  section.section("density", options.density, "density of a population, for its entropy");
  section.required_section("model", options.model, "what is learned");
  section
      .option("predict", options.predict,
              "one_step: from each test population; roll_out: from the first through all times")
      .one_of({"one_step", "roll_out"});
  section.section("metrics", options.metrics, "how predictions are measured", "report");
  if (section.reading() && std::holds_alternative<FilePopulations>(options.populations.source))
    for (const auto& name : options.metrics.report)
      if (section.given("metrics") && name == "l2_uvp")
        section.error(
            "metrics",
            "l2_uvp compares with the true energy, which only simulated populations have; leave it out");
}

namespace {

bool next_of(const TrajectoryModelOptions&) {
  return false;
}
template <class Model>
bool next_of(const Model& model) {
  return model.features_at == "next";
}
/// Whether densities of the populations are wanted: those of a trajectory are its own.
bool entropy_of(const TrajectoryModelOptions&) {
  return false;
}
template <class Model>
bool entropy_of(const Model& model) {
  return model.entropy;
}

}  // namespace

bool LearnEnergiesOptions::couples() const {
  return !leave_out.empty() || !std::holds_alternative<TrajectoryModelOptions>(model.kind);
}

bool ModelOptions::next() const {
  return std::visit([](const auto& model) { return next_of(model); }, kind);
}
bool ModelOptions::entropy() const {
  return std::visit([](const auto& model) { return entropy_of(model); }, kind);
}
bool ModelOptions::trained() const {
  return !std::holds_alternative<LinearModelOptions>(kind);
}

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
  populations_ =
      make_populations(options_.populations, options_.split, options_.pairing == "paired", comm, run);
  if (options_.repetitions == 1) close_files(options_.populations);  // others read it again
  std::vector<Ensemble> train;
  for (const Index k : kept_populations(options_, populations_->count()))
    train.push_back(populations_->train[k]);
  Problems problems;
  if (linear) problems.collect([&] { check_data_centres(linear->features, train); });
  if (options_.model.entropy()) problems.collect([&] { check_spread(train); });
  problems.collect([&] { check_sizes(sizes_of(train), dimension); });
  problems.raise();
}

/// Collective: a population whose particles are all at one point has no density, and so no entropy.
void LearnEnergies::check_spread(const std::vector<Ensemble>& train) const {
  const auto kept = kept_populations(options_, populations_->count());
  for (std::size_t k = 0; k < train.size(); ++k) {
    const Ensemble& population = train[k];
    if (!(Moments(population.comm, population.partition, population.components())
              .mean_variance(population.x) > 0))
      throw InputError(
          options_.where + ".model",
          fmt::format("the particles of population {} are all at one point, which has no density: leave "
                      "`entropy` out, or that population by `leave_out`",
                      kept[k]));
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
  if (simulated) {
    check_simulation(*simulated, comm, run);
    std::get<SimulatedPopulations>(few.options_.populations.source).initial =
        smaller(simulated->initial, enough_to_check(options_));
  }
  few.prepare(comm, run);
  if (!simulated) return;
  EnsembleShape shape{};
  comm.agree([&] { shape = shape_of(simulated->initial); });
  const auto kept = kept_populations(options_, few.populations_->count());
  check_sizes(std::vector<Index>(kept.size(), train_size(shape.particles, options_.split)), shape.dimension);
}

std::vector<CostedPart> LearnEnergies::costs(const Communicator& comm, const RunOptions& run) const {
  using Round = CouplingCost::Round;
  const LearningShape shape = learning_shape(options_, comm, run);
  std::vector<CostedPart> parts;
  const auto add_couplings = [&](const char* name, std::vector<Round> rounds, CouplingCost::Memory held) {
    parts.push_back(
        {name, std::make_unique<CouplingCost>(options_, shape, std::move(rounds), std::move(held), run)});
  };
  if (options_.couples())
    add_couplings("coupling", {shape.train}, [=](int ranks) { return shape.memory(run, ranks); });
  if (const auto* trajectory = std::get_if<TrajectoryModelOptions>(&options_.model.kind)) {
    std::vector<Round> start;
    for (Index k = 0; k < shape.transitions(); ++k)
      start.push_back({start_size(*trajectory, shape.train), shape.train[k + 1]});
    const TrajectoryTrainingCost training(options_, shape, run);
    add_couplings("start", start, [=](int ranks) { return training.memory(ranks); });
    parts.push_back({"iteration", std::make_unique<TrajectoryTrainingCost>(training)});
  } else if (std::holds_alternative<LinearModelOptions>(options_.model.kind)) {
    parts.push_back({"fit", std::make_unique<LinearFitCost>(options_, shape, run)});
  } else {
    parts.push_back({"iteration", std::make_unique<NetworkTrainingCost>(options_, shape, run)});
  }
  return parts;
}

std::vector<Index> kept_populations(const LearnEnergiesOptions& options, Index count) {
  std::vector<bool> is_kept(count, true);
  for (Index k : options.leave_out) {
    if (k >= count)
      throw InputError(options.where + ".leave_out",
                       fmt::format("found {}; allowed: numbers of populations, 0 to {}", k, count - 1));
    is_kept[k] = false;
  }
  std::vector<Index> kept;
  for (Index k = 0; k < count; ++k)
    if (is_kept[k]) kept.push_back(k);
  if (kept.size() < 2)
    throw InputError(options.where + ".leave_out",
                     fmt::format("leaves fewer than 2 of {} populations to learn from", count));
  return kept;
}

namespace {

/// The metrics of all repetitions, and what else is known of each: kept in the summary as they come, so that
/// a restart finds them there.
class Repetitions {
 public:
  Repetitions(Index count, RunOutput& output) : count_(count), output_(output) {}

  bool has(Index r) const { return count_ > 1 && !of(r).empty(); }
  /// With several, what else is known of one (its fit, say) belongs to it as well; times are of the last.
  void add(Index r, const Metrics& metrics) {
    if (count_ == 1) return output_.summarise(metrics);
    Metrics all;
    for (const auto& [name, value] : output_.summary()) {
      const auto same = [&name = name](const auto& metric) { return metric.first == name; };
      if (name.rfind("repetition/", 0) == 0 || name.rfind("seconds/", 0) == 0 ||
          std::any_of(metrics.begin(), metrics.end(), same))
        continue;
      if (const Real* number = std::get_if<Real>(&value)) all.emplace_back(name, *number);
      if (const Index* number = std::get_if<Index>(&value)) all.emplace_back(name, Real(*number));
    }
    all.insert(all.end(), metrics.begin(), metrics.end());
    for (const auto& [name, value] : all) output_.summarise(prefix(r) + name, value);
  }
  /// Means under the metrics' names, and the deviations (of one repetition, not of the mean) beside.
  void finish() {
    if (count_ == 1) return;
    std::vector<Metrics> all;
    for (Index r = 0; r < count_; ++r) all.push_back(of(r));
    for (std::size_t m = 0; m < all.front().size(); ++m) {
      const std::string& name = all.front()[m].first;
      Real mean = 0, square = 0;
      for (const Metrics& metrics : all) mean += metrics.at(m).second / Real(count_);
      for (const Metrics& metrics : all)
        square += (metrics[m].second - mean) * (metrics[m].second - mean) / Real(count_ - 1);
      output_.summarise(name, mean);
      if (name.find('/') != name.npos) continue;
      output_.summarise(name + "_deviation", std::sqrt(square));
      output_.log(
          fmt::format("{}: {:.6g} +- {:.2g} over {} repetitions", name, mean, std::sqrt(square), count_));
    }
  }

 private:
  static std::string prefix(Index r) { return fmt::format("repetition/{}/", r); }
  Metrics of(Index r) const {
    const std::string start = prefix(r);
    Metrics metrics;
    for (const auto& [name, value] : output_.summary())
      if (name.compare(0, start.size(), start) == 0)
        metrics.emplace_back(name.substr(start.size()), std::get<Real>(value));
    return metrics;
  }
  Index count_;
  RunOutput& output_;
};

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
  Repetitions repetitions(options_.repetitions, output);
  if (output.restart()) {
    check_stage(*output.restart(), options_.repetitions);
    carry_over(*output.restart(), output);
  } else if (output.comm().is_root()) {  // of an earlier run, should this one not get so far
    std::error_code none;
    std::filesystem::remove(output.path("energies.h5"), none);
  }
  for (Index r = 0; r < options_.repetitions; ++r) {
    if (repetitions.has(r)) continue;
    RunOptions run = output.run();
    run.seed += r;
    if (r > 0)
      populations_ = make_populations(options_.populations, options_.split, options_.pairing == "paired",
                                      output.comm(), run);
    if (options_.repetitions > 1) output.log(fmt::format("repetition {}, seed {}", r, run.seed));
    Repetition learning(options_, *populations_, run, int(r), output, control);
    const Metrics metrics = learning.run();
    if (control.stopped()) return output.finish(control.status(), 0, populations_->times.front());
    for (const auto& [name, value] : metrics)
      if (name.find('/') == name.npos) output.log(fmt::format("{}: {:.6g}", name, value));
    // metrics.csv has the rows of the training where there is one.
    if (!options_.model.trained()) output.report((r + 1) * steps, end, metrics);
    repetitions.add(r, metrics);
  }
  repetitions.finish();
  output.finish(control.status(), steps, end);
}

}  // namespace weir
