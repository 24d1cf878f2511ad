// What an iteration of the training of a classifier costs.
#pragma once

#include <vector>

#include "methods/generative/Data.hpp"
#include "methods/generative/GenerationMetrics.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Collective: adds the part `classify` where a metric needs a classifier, for rows in tiles of run.tile.
/// Reads all labels of the file, a block at a time. Throws InputError as a training would. `where`: the
/// method's section.
void add_classifier_cost(const GenerationMetricsOptions& options, const GenerativeDataOptions& data,
                         const SplitOptions& split, const std::string& where, const Communicator& comm,
                         const RunOptions& run, std::vector<CostedPart>& parts);

}  // namespace weir
