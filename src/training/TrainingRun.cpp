#include "weir/training/TrainingRun.hpp"

#include "weir/parallel/Counters.hpp"

namespace weir {

SteppingOptions training_steps(Index iterations, const RunOptions& run) {
  SteppingOptions stepping;
  stepping.end = Real(iterations);
  stepping.step = 1;
  stepping.seed = run.seed;
  stepping.single = run.single_precision();
  stepping.remedy = "a smaller `rate` may help";
  return stepping;
}

bool run_training(Stage& stage, const StageList& stages, const TrainingReports& reports, RunOutput& output,
                  RunControl& control) {
  const Index iterations = stage.planned_steps();
  const auto after_step = [&](const Tick& tick) {
    if (tick.step % reports.every != 0 && tick.step != iterations) return;
    const Phase phase("metrics");
    output.report(stages.round() * iterations + tick.step, Real(tick.step) / Real(reports.per_time),
                  reports.metrics(tick));
  };
  return control.run(stage, stages.number("train"), after_step, reports.is_enough);
}

}  // namespace weir
