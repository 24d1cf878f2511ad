// The stage `generate`: chains of (x, z) under a trained energy.
#pragma once

#include <optional>
#include <vector>

#include "methods/generative/Samples.hpp"
#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// Samples in the units of the data, and their latents.
struct EbmSamples {
  Ensemble data, latents;

  std::vector<NamedRows> tables() const;
  /// Collective: into checkpoints of later stages, below /generated.
  void save(Hdf5File& file) const;
};

/// Collective: draws them, or takes them from the checkpoint; nothing where the run was stopped. Movers are
/// those of the pool, with the step that the training arrived at, which stays.
std::optional<EbmSamples> generate_samples(const LatentEbmOptions& options, const EbmModel& model,
                                           RunOutput& output, RunControl& control);

/// The mover of the pool with its step as it was adapted.
RuleOptions frozen_rule(const ParticleRuleChoice& choice, Real factor);

}  // namespace weir
