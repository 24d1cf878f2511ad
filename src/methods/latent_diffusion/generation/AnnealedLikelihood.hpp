// log p(y) of held-out rows under a trained model, by annealed chains from its prior.
//
//     log p(y) = log mean over chains of exp(weight),   PosteriorFlow has the weights
//
// Each chain begins at a latent that the model generated. By chance the estimate is too low, the less so the
// more chains and temperatures there are; the steps' own error falls with `step`.
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "methods/latent_diffusion/generation/PosteriorFlow.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

PosteriorTask likelihood_task(const DiffusionLikelihoodOptions& options);

/// Collective: `log_likelihood`, the mean over rows, and its standard error; nothing where the run was
/// stopped. `latents`: generated.
std::optional<Metrics> measure_likelihood(const DiffusionModel& model,
                                          const DiffusionLikelihoodOptions& options, const Ensemble& latents,
                                          const Ensemble& held_out, const std::string& where,
                                          const StageList& stages, RunOutput& output, RunControl& control);

}  // namespace weir
