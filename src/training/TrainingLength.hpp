// The length of a training may change on a restart: one that is extended ends with the bits of one that was
// as long from the start.
//
//     /training   in checkpoints of the stage `train`: iterations of a unit of the length, iterations between
//                 reports
#pragma once

#include <string>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/flows/RuleOptions.hpp"
#include "weir/input/DeckDocuments.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// How a training is cut.
struct TrainingPlan {
  Index unit;   ///< iterations of what the deck counts: of an epoch, or one
  Index every;  ///< iterations between reports

  void save(Hdf5File& file) const;
};

/// Collective: the plan of the checkpoint where the run goes on within the training, so that reports keep the
/// spacing that they began with; else `fresh`.
TrainingPlan plan_of_training(const StageList& stages, const RunOutput& output, const TrainingPlan& fresh);

/// A training as a deck describes it now.
struct TrainingLength {
  Index length;      ///< in units of its plan
  std::string unit;  ///< their name in messages, a plural
  std::vector<ParameterRuleChoice> rules;
};

/// Collective: whether a run may go on from `from` with `change`, which is of the training's length. Throws
/// InputError where the checkpoint has done as much already, where a rate depends on the length, and where
/// the first training is over. `stages`: of the first round.
bool may_change_length(const DeckDifference& change, const TrainingLength& now, const StageList& stages,
                       const Checkpoint& from);

}  // namespace weir
