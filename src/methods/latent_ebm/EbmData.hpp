// The rows of a run of latent_ebm: those that an energy is learned from, and those of other files, which are
// read before it is.
#pragma once

#include <optional>

#include "methods/generative/Data.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"

namespace weir {

struct EbmData {
  Data law;
  std::optional<Ensemble> observed;    ///< of `generate.reconstruct.file`
  std::optional<Ensemble> latents;     ///< of `generate.from_latents.file`
  std::optional<LabelledRows> scored;  ///< of `likelihood.file`
};

/// Collective. Training rows are cut into tiles of `tile_rows`. Throws InputError.
EbmData read_ebm_data(const LatentEbmOptions& options, const Communicator& comm, const RunOptions& run,
                      Index tile_rows);

}  // namespace weir
