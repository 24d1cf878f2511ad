#include "training/TrainingLength.hpp"

#include <algorithm>
#include <optional>

#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

namespace {

/// Checkpoints of earlier versions have none.
std::optional<TrainingPlan> read_plan(const Checkpoint& from) {
  if (!from.file().has("/training")) return {};
  const auto numbers = from.file().read("/training");
  return TrainingPlan{Index(numbers.at(0)), Index(numbers.at(1))};
}

bool depends_on_length(const ParameterRuleChoice& choice) {
  return std::get<ParameterRuleOptions>(choice.rule).schedule == "cosine";
}

}  // namespace

void TrainingPlan::save(Hdf5File& file) const {
  file.write("/training", {Real(unit), Real(every)}, {2});
}

TrainingPlan plan_of_training(const StageList& stages, const RunOutput& output, const TrainingPlan& fresh) {
  const Checkpoint* from = stages.checkpoint_of_stage(output, "train");
  return from ? read_plan(*from).value_or(fresh) : fresh;
}

bool may_change_length(const DeckDifference& change, const TrainingLength& now, const StageList& stages,
                       const Checkpoint& from) {
  const int stage = from.standing().stage;
  const Index done = from.standing().tick.step;
  const std::string &path = from.path(), &before = change.before;
  const auto refuse = [&](const std::string& reason) {
    throw InputError(change.key,
                     fmt::format("found {}; {}, or start afresh without --restart", change.now, reason));
  };
  if (stage < stages.number("train")) return true;
  if (stage > stages.number("train"))
    refuse(
        fmt::format("{} was made when a training with {} was over: give {}, restart from a checkpoint of "
                    "the training",
                    path, before, before));
  if (done > 0 && std::any_of(now.rules.begin(), now.rules.end(), depends_on_length))
    refuse(
        fmt::format("with `schedule: cosine` the rate depends on the number of steps, and {} was made "
                    "with {}: give {}",
                    path, before, before));
  const auto plan = read_plan(from);
  if (!plan) return false;
  if (now.length * plan->unit <= done)
    refuse(fmt::format("{} has done {:g} {}: give more", path, Real(done) / Real(plan->unit), now.unit));
  return true;
}

}  // namespace weir
