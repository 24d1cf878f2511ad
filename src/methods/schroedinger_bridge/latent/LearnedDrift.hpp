// The drift of a bridge, learned or not, and all that using it takes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "methods/populations/Partners.hpp"
#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "methods/schroedinger_bridge/drifts/EndpointNetwork.hpp"
#include "methods/schroedinger_bridge/drifts/EndpointTraining.hpp"
#include "methods/schroedinger_bridge/drifts/MixtureBridge.hpp"
#include "methods/schroedinger_bridge/latent/BridgeEnds.hpp"
#include "methods/schroedinger_bridge/latent/EarlierBridge.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

class LearnedDrift {
 public:
  /// Collective: that of an earlier run where there is one; else what the options ask for, in the stages
  /// `couple` and `train`, or as the checkpoint has it; null where the run was stopped. `ends` outlives the
  /// object.
  static std::unique_ptr<LearnedDrift> learn(const SchroedingerBridgeOptions& options, const BridgeEnds& ends,
                                             const EarlierBridge* earlier, RunOutput& output,
                                             RunControl& control);

  /// Collective: the drift at particles of this partition.
  std::unique_ptr<BridgeDrift> at(const Partition& particles) const;
  /// Collective: ends of these starts, drawn from the plan.
  Ensemble draw_ends(const Ensemble& starts) const;

  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;

 private:
  LearnedDrift(const BridgeEnds& ends, const RunOptions& run) : ends_(ends), run_(run) {}
  void restore(const Hdf5File& file, const std::string& group, const SchroedingerBridgeOptions& options);
  bool couple(const BridgeOptions& options, RunOutput& output, RunControl& control);
  bool train_score(const SchroedingerBridgeOptions& options, RunOutput& output, RunControl& control);
  /// Collective; `first_tick` keys the draws.
  EndpointRows draw_pairs(const Ensemble& starts, Index partners, Index first_tick) const;
  bool train_paired(const SchroedingerBridgeOptions& options, RunOutput& output, RunControl& control);
  EndpointWatch watch(const SchroedingerBridgeOptions& options, const EndpointRows& held_out,
                      std::optional<Real> slack) const;

  const BridgeEnds& ends_;
  RunOptions run_;
  std::string start_;
  bool plan_known_ = false;
  std::unique_ptr<EntropicPartners> plan_;  // of a bridge from an ensemble, but for mixtures
  std::optional<EndpointNetwork> network_;
  std::optional<MixturePotential> mixture_;
};

}  // namespace weir
