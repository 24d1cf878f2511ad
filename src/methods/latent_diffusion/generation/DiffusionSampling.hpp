// Samples of a trained model: latents by the reverse of the diffusion, and what they decode to.
//
//     reverse_sde        u' = a' x0 (1 - r) + (a / a') (s' / s)^2 u + s' sqrt(1 - r) xi,  r = exp(lambda' -
//     lambda),
//                        x0 = (u - s e(u, lambda)) / a, on times t_k = (sqrt 1 .. sqrt t_min)^2; the last
//                        step is x0
//     probability_flow   du / d lambda = (s e(u, lambda) - s^2 u) / 2, from the largest lambda to the least,
//     then x0
//
// x = m + d u. Where the prior is N(0, I), x is drawn from it.
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// Collective: latents of `count` samples; nothing where the run was stopped.
std::optional<Ensemble> sample_latents(const DiffusionModel& model,
                                       const LatentDiffusionGenerateOptions& options,
                                       const std::string& where, const StageList& stages, RunOutput& output,
                                       RunControl& control);

/// Not collective: of reverse_sde, on this rank alone. The model has a diffusion prior.
Real seconds_of_sampling_step(const DiffusionModel& model, Index particles, const RunOptions& run);

/// Not collective but for allocation: means of the data given latents, rows as those are.
Ensemble decode(const DiffusionModel& model, const Ensemble& latents, const RunOptions& run);

}  // namespace weir
