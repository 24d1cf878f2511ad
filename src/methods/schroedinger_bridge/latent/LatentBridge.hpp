// A bridge to the law of data: into a latent space, a drift, the steps, back, and how good the samples are.
#pragma once

#include <memory>
#include <optional>

#include "methods/generative/Data.hpp"
#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"
#include "methods/schroedinger_bridge/latent/Autoencoder.hpp"
#include "methods/schroedinger_bridge/latent/EarlierBridge.hpp"
#include "methods/schroedinger_bridge/latent/LearnedDrift.hpp"
#include "methods/schroedinger_bridge/latent/ReferenceBridges.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// All methods are collective.
class LatentBridge {
 public:
  /// Reads the data. Throws InputError.
  LatentBridge(const SchroedingerBridgeOptions& options, const Communicator& comm, const RunOptions& run);

  void run(RunOutput& output, RunControl& control);

 private:
  void check(const Communicator& comm);
  void check_space(Index components, const Communicator& comm, Problems& problems) const;
  std::optional<Autoencoder> find_autoencoder(RunOutput& output, RunControl& control) const;
  Real find_sigma(RunOutput& output) const;
  std::optional<Ensemble> generate(const LearnedDrift& drift, RunOutput& output, RunControl& control) const;
  /// `references`: null where the error is not split.
  bool measure(const Ensemble& samples, const Ensemble& latents, const ReferenceBridges* references,
               RunOutput& output, RunControl& control) const;

  const SchroedingerBridgeOptions& options_;
  std::optional<Data> data_, start_data_;
  std::optional<Ensemble> pretraining_, given_starts_;
  std::optional<EarlierBridge> earlier_;
  std::optional<Autoencoder> autoencoder_;
  std::optional<BridgeEnds> ends_;
  Real reconstruction_ = 0;  // root mean square of held-out rows
};

}  // namespace weir
