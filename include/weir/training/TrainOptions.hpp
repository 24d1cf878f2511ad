// What a deck says of any training: how parameters descend, how often it reports.
#pragma once

#include "weir/flows/RuleOptions.hpp"

namespace weir {

struct TrainOptions {
  ParameterRuleChoice rule;
  Index reports = 20;
};

/// The same where particles are used in mini-batches of whole tiles.
struct BatchTrainOptions : TrainOptions {
  Index epochs = 1000;
  Index batch = 250;
};

void describe(Section& section, TrainOptions& options);
void describe(Section& section, BatchTrainOptions& options);

}  // namespace weir
