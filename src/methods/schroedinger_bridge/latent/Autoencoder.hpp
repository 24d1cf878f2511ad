// The way from data to the space of a bridge and back.
//
//     identity    z = x
//     linear      z_k = u_k'(x - m) of the pre-training rows' first principal components, x = m + sum_k z_k
//     u_k network     z = E((x - m) / a),  x = m + a D(z):  min over both of E |D(E(x)) - x|^2
//
// and then, where latents are standardised, (z - mean) / deviation, one deviation for all components.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "methods/schroedinger_bridge/latent/BridgeOptions.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/networks/NetworkFile.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

class Autoencoder {
 public:
  /// identity
  explicit Autoencoder(Index components);
  explicit Autoencoder(PrincipalComponents principal);
  Autoencoder(std::vector<Real> middle, Real scale, StoredNetwork encoder, StoredNetwork decoder);

  bool is_identity() const { return kind_ == "identity"; }
  Index data_components() const;
  Index latent_components() const { return latent_; }
  /// Collective: from now on latents of these rows have mean 0, and variance 1 on average.
  void standardise(const Ensemble& rows);

  /// Not collective.
  Ensemble encode(const Ensemble& x) const;
  Ensemble decode(const Ensemble& z) const;

  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;
  /// Throws InputError (key `where`).
  static Autoencoder read(const Hdf5File& file, const std::string& group, const std::string& where);

 private:
  std::string kind_ = "identity";
  Index latent_;
  PrincipalComponents principal_;
  std::vector<Real> middle_;
  Real scale_ = 1;
  StoredNetwork encoder_, decoder_;
  std::vector<Real> latent_mean_;
  Real latent_deviation_ = 1;
};

/// Collective: trains the networks, in the stage `pretrain`; nothing where the run was stopped.
std::optional<Autoencoder> train_autoencoder(const AutoencoderOptions& options, Index latent,
                                             const Ensemble& rows, const StageList& stages, RunOutput& output,
                                             RunControl& control);

/// Parameters of both networks.
Index autoencoder_parameters(const AutoencoderNetworkOptions& network, Index components, Index latent);
/// Of an iteration, for a row.
Index autoencoder_flops(const AutoencoderNetworkOptions& network, Index components, Index latent);
/// Not collective: seconds of an iteration over so many tiles, on this rank alone.
Real autoencoder_iteration_seconds(const AutoencoderOptions& options, Index components, Index latent,
                                   Index tiles, const RunOptions& run);

/// Collective: the one of an earlier run that the options name. Throws InputError.
Autoencoder read_autoencoder(const AutoencoderOptions& options, const Communicator& comm);

}  // namespace weir
