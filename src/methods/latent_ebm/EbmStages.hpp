// The stages of latent_ebm.
#pragma once

#include "weir/output/StageList.hpp"

namespace weir {

/// train; chains: generate (x, z), condition (x given some of it), infer (z given x), reconstruct (x given
/// z), from_latents (x given z of a file); normalise (log Z) and likelihood (log p(x)) by annealing, bound (a
/// Gaussian q(z | x) is fitted); classify: a classifier for metrics; measure: pieces of metrics.
inline StageList latent_ebm_stages() {
  return StageList({"train", "generate", "condition", "infer", "reconstruct", "from_latents", "normalise",
                    "likelihood", "bound", "classify", "measure"});
}

}  // namespace weir
