// The stages of latent_diffusion.
#pragma once

#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// warm_up: one particle each; train, train_prior; sample: the reverse diffusion; reconstruct: latents of
/// held-out rows; complete: of rows of which some columns are given; likelihood: annealed chains; classify:
/// a classifier for metrics; measure: pieces of metrics.
inline StageList latent_diffusion_stages(const LatentDiffusionOptions& options) {
  std::vector<std::string> names{"train",    "train_prior", "sample",   "reconstruct",
                                 "complete", "likelihood",  "classify", "measure"};
  if (options.latent.warm_up > 0) names.insert(names.begin(), "warm_up");
  return StageList(names);
}

}  // namespace weir
