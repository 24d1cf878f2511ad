// Latents of held-out rows, and how well they decode to these.
//
//     min over x of -log p(y | x) + |(x - m) / d|^2 / 2,   by 100 steps of Adam at .03 from the 4 of 2000
//     generated latents that decode nearest to y; the best of the 4 is kept
//
//     reconstruction = root of the mean over rows and columns of (y - g(x))^2
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

constexpr Index reconstruction_starts = 4;

struct Reconstructed {
  Ensemble latents, rows;  ///< one of each held-out row
  Real error;
};

/// Collective: nothing where the run was stopped. `generated`: latents and what they decode to; `held_out`:
/// rows.
std::optional<Reconstructed> reconstruct(const DiffusionModel& model, const Ensemble& latents,
                                         const Ensemble& generated, const Ensemble& held_out,
                                         const std::string& where, const StageList& stages, RunOutput& output,
                                         RunControl& control);

}  // namespace weir
