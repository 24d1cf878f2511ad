// What the parts of a run of latent_ebm cost: iterations of `train`, `bound` and `classify`, steps of the
// chains of `generate`, `condition`, `infer`, `reconstruct` and `from_latents`, and temperatures of
// `normalise` and `likelihood`. Restarts of the pool, which chance decides, are left out.
#pragma once

#include <optional>
#include <vector>

#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Collective. Throws InputError as the run would; reads the sizes of files alone. `model`: the one that the
/// deck names, where it does.
std::vector<CostedPart> latent_ebm_costs(const LatentEbmOptions& options, const Communicator& comm,
                                         const RunOptions& run, std::optional<EbmModel> model);

}  // namespace weir
