// The stages `train` and, where the prior is fitted afterwards, `train_prior`.
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "weir/ensemble/Ensemble.hpp"

namespace weir {

/// Not collective: particle i of `from` becomes particles i replicas .. of `to`. A kernel.
void replicate(const MatrixRef<const Real>& from, const MatrixRef<Real>& to, Index replicas);

/// Collective: the model, or nothing where the run was stopped. `rows`: training rows.
std::optional<DiffusionModel> train_diffusion(const LatentDiffusionOptions& options, const Ensemble& rows,
                                              const std::vector<std::string>& columns, RunOutput& output,
                                              RunControl& control);

}  // namespace weir
