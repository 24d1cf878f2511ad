// What the parts of a run of learn_energies cost: its couplings, and the fit or an iteration of the training.
#pragma once

#include <vector>

#include "methods/learn_energies/LearnEnergiesOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Collective. Throws InputError as the run would; simulates nothing, but reads files.
std::vector<CostedPart> learn_energies_costs(const LearnEnergiesOptions& options, const Communicator& comm,
                                             const RunOptions& run);

}  // namespace weir
