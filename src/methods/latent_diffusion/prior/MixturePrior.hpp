// A mixture of Gaussians as the law of latents.
//
//     p(x) = sum_c w_c N(x; m_c, S_c),   x = m_c + A_c^-1 xi with A_c S_c A_c' = I
#pragma once

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/RunOutput.hpp"

namespace weir {

/// Collective: fitted to latents by expectation maximisation (densities/GaussianMixture); says so in the log.
LatentMixture fit_mixture(const MixturePriorOptions& options, const Ensemble& latents, RunOutput& output,
                          int stage);

/// Not collective: a particle's numbers depend on its global number alone.
void draw_from_mixture(const LatentMixture& mixture, const Random& random, const Ensemble& x);

}  // namespace weir
