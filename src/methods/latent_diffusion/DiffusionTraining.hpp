// The stages `train` and, where the prior is fitted afterwards, `train_prior`.
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// train, train_prior; sample: the reverse diffusion; reconstruct: latents of held-out rows; classify: a
/// classifier for metrics; measure: pieces of metrics.
inline StageList latent_diffusion_stages() {
  return StageList({"train", "train_prior", "sample", "reconstruct", "classify", "measure"});
}

/// Collective: the model, or nothing where the run was stopped. `rows`: training rows.
std::optional<DiffusionModel> train_diffusion(const LatentDiffusionOptions& options, const Ensemble& rows,
                                              const std::vector<std::string>& columns, RunOutput& output,
                                              RunControl& control);

}  // namespace weir
