// What trainings share: the steps of their stage and its reports.
#pragma once

#include <functional>
#include <vector>

#include "weir/flows/Stage.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// One unit of time an iteration.
SteppingOptions training_steps(Index iterations, const RunOptions& run);

struct TrainingReports {
  Index every;     ///< iterations between reports; the last one always makes one
  Index per_time;  ///< iterations to a unit of the column `time`: of an epoch, or one
  std::function<Metrics(const Tick&)> metrics;  ///< collective; logs what it likes
  /// Whether the training ends after this step, before its last; may be empty.
  std::function<bool(const Tick&)> is_enough = {};
};

/// Collective: runs the stage `train` of this round to its end, or until the run is to stop; returns
/// whether it ended. Rows of metrics.csv count the iterations of all rounds.
bool run_training(Stage& stage, const StageList& stages, const TrainingReports& reports, RunOutput& output,
                  RunControl& control);

}  // namespace weir
