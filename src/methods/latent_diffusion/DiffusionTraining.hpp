// The stages `train` and, where the prior is fitted afterwards, `train_prior`.
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"
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

/// Not collective: particle i of `from` becomes particles i replicas .. of `to`. A kernel.
void replicate(const MatrixRef<const Real>& from, const MatrixRef<Real>& to, Index replicas);

/// Collective: the model, or nothing where the run was stopped. `rows`: training rows.
std::optional<DiffusionModel> train_diffusion(const LatentDiffusionOptions& options, const Ensemble& rows,
                                              const std::vector<std::string>& columns, RunOutput& output,
                                              RunControl& control);

}  // namespace weir
