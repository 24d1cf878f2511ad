// What the trainings of learn_energies share: the steps of their stage, its number, and its reports.
#pragma once

#include <functional>
#include <vector>

#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// Numbers of the stages that a checkpoint may be of: two for every repetition.
inline int coupling_stage(int repetition) {
  return 2 * repetition;
}
inline int training_stage(int repetition) {
  return 2 * repetition + 1;
}
inline int repetition_of(const Standing& standing) {
  return standing.stage / 2;
}

/// Whether the run goes on from a checkpoint of this very training: its state need not be found.
inline bool resumes_training(const RunOutput& output, int repetition) {
  return output.restart() && output.restart()->standing().stage == training_stage(repetition);
}

/// One unit of time an iteration; the rules of the flow's blocks, in their order.
SteppingOptions training_steps(Index iterations, const RunOptions& run,
                               const std::vector<ParameterRuleChoice>& rules);

struct TrainingReports {
  Index every;     ///< iterations between reports; the last one always makes one
  Index per_time;  ///< iterations to a unit of the column `time`: of an epoch, or one
  std::function<Metrics(const Tick&)> metrics;  ///< collective; logs what it likes
};

/// Collective: runs the training stage of a repetition to its end, or until the run is to stop. Rows of
/// metrics.csv count the iterations of all repetitions.
void run_training(Stage& stage, int repetition, const TrainingReports& reports, RunOutput& output,
                  RunControl& control);

}  // namespace weir
