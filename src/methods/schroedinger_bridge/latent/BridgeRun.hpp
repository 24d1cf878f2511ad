// Carries particles along a bridge, as a stage of a run.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"
#include "methods/schroedinger_bridge/latent/BridgeGrid.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

struct BridgeRun {
  BridgeDrift& drift;
  const BridgeGrid& grid;
  Real sigma;
  std::string stage;  ///< of `latent_stages`
  std::string where;  ///< the deck's key, for messages

  /// Called with the number of the time that was reached, the start included, and where particles are.
  using AfterStep = std::function<void(Index k, const MatrixRef<const Real>& latents)>;
  /// Collective: where the particles that begin at `latents` end, or nothing where the run was stopped.
  /// Noise is that of the stage `generate` in every stage, so that bridges of as many steps share it.
  std::optional<Ensemble> follow(Ensemble latents, RunOutput& output, RunControl& control,
                                 const AfterStep& after_step = {}) const;
};

}  // namespace weir
