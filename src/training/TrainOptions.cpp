#include "weir/training/TrainOptions.hpp"

namespace weir {

void describe(Section& section, TrainOptions& options) {
  section.section("rule", options.rule, "how the parameters descend");
  section.option("reports", options.reports, "how often metrics.csv gets the loss").at_least(1);
}

void describe(Section& section, BatchTrainOptions& options) {
  section.option("epochs", options.epochs, "times that every particle is used").at_least(1);
  section
      .option("batch", options.batch,
              "particles an iteration, rounded to whole tiles; an interaction costs its square")
      .at_least(1);
  describe(section, static_cast<TrainOptions&>(options));
}

}  // namespace weir
