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

namespace weir {

/// Collective: the model, or nothing where the run was stopped. `rows`: in the units of the data.
std::optional<EbmModel> train_energy(const LatentEbmOptions& options, const Ensemble& rows,
                                     const std::vector<std::string>& columns, RunOutput& output,
                                     RunControl& control);

}  // namespace weir
