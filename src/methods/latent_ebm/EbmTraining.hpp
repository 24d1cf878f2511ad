// The stage `train`: iterations, reports, and what is done where they say that it fails.
//
// Checkpoints of the stage keep beside state and memory, while `on_divergence: halve` may still act,
//
//     /watch/reports                      what the watch remembers
//     /watch/healthy_state/.., _memory/.. the copy to go back to, and /watch/healthy: its iteration, whether
//     it was used
#pragma once

#include <optional>

#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// train; chains: generate (x, z), condition (x given some of it), infer (z given x), reconstruct (x given
/// z); normalise (log Z) and likelihood (log p(x)) by annealing, bound (a Gaussian q(z | x) is fitted);
/// classify: a classifier for metrics; measure: pieces of metrics.
inline StageList latent_ebm_stages() {
  return StageList({"train", "generate", "condition", "infer", "reconstruct", "normalise", "likelihood",
                    "bound", "classify", "measure"});
}

/// Collective: the model, or nothing where the run was stopped. `rows`: in the units of the data.
std::optional<EbmModel> train_energy(const LatentEbmOptions& options, const Ensemble& rows,
                                     const std::vector<std::string>& columns, RunOutput& output,
                                     RunControl& control);

}  // namespace weir
