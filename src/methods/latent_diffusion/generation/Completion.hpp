// Rows of which some columns are given, and rows between others.
//
//     complete     a latent is drawn given the known columns (PosteriorFlow), and decoded; these columns stay
//     interpolate  u = (x - m) / d of the latents of two rows, t = 0 .. 1:
//                  line  (1 - t) u_0 + t u_1
//                  arc   the line, stretched to the length (1 - t) |u_0| + t |u_1|
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

struct Completed {
  Ensemble latents, rows;     ///< one of each row
  std::optional<Real> error;  ///< root mean square over the other columns, where these are known
};

/// Collective: nothing where the run was stopped. `generated`: latents and what they decode to.
std::optional<Completed> complete(const DiffusionModel& model, const CompleteOptions& options,
                                  const std::vector<Index>& known, const Ensemble& latents,
                                  const Ensemble& generated, const Ensemble& given, const std::string& where,
                                  const StageList& stages, RunOutput& output, RunControl& control);

/// Collective: what lies between the latents of the first 2 pairs rows decodes to, point by point.
Ensemble interpolate(const DiffusionModel& model, const InterpolateOptions& options, const Ensemble& latents,
                     const RunOptions& run);

}  // namespace weir
