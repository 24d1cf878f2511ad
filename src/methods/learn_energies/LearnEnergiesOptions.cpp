#include "methods/learn_energies/LearnEnergiesOptions.hpp"

#include "weir/base/Error.hpp"

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
  if (section.reading() && !std::holds_alternative<SimulatedPopulations>(options.populations.source))
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

}  // namespace weir
