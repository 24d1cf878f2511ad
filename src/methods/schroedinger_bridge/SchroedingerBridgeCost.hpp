// What the parts of a run of schroedinger_bridge cost.
#pragma once

#include <vector>

#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Collective. Throws InputError as the run would; reads files.
std::vector<CostedPart> schroedinger_bridge_costs(const SchroedingerBridgeOptions& options,
                                                  const Communicator& comm, const RunOptions& run);

}  // namespace weir
