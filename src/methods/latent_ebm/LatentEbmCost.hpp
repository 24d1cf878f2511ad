// What the parts of a run of latent_ebm cost: iterations of `train` and `bound`, steps of the chains of
// `generate`, `condition`, `infer` and `reconstruct`, and temperatures of `normalise` and `likelihood`.
#pragma once

#include <vector>

#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Collective. Throws InputError as the run would; reads the sizes of files alone.
std::vector<CostedPart> latent_ebm_costs(const LatentEbmOptions& options, const Communicator& comm,
                                         const RunOptions& run);

}  // namespace weir
