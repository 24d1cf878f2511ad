// What the parts of a run of latent_diffusion cost: iterations of `train` and `train_prior`, steps of
// `sample` and `reconstruct`. Adaptive steps (probability_flow) are as many as the run finds, and no part.
#pragma once

#include <optional>
#include <vector>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Collective. Throws InputError as the run would; reads the sizes of files alone. `read`: the model that the
/// deck names, where it does.
std::vector<CostedPart> latent_diffusion_costs(const LatentDiffusionOptions& options,
                                               const Communicator& comm, const RunOptions& run,
                                               std::optional<DiffusionModel> read);

}  // namespace weir
