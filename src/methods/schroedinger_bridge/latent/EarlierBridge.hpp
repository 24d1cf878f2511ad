// A bridge that an earlier run has learned, as its networks.h5 has it.
//
// Layout: /autoencoder, the way into the latent space and back (Autoencoder.hpp); /drift/start, the law that
// it begins at, as decks name it; /drift/sigma; and either /drift/endpoint (EndpointNetwork.hpp) or
// /drift/mixture (MixtureBridge.hpp). A drift that is not learned, `empirical`, is not there.
#pragma once

#include <optional>
#include <string>

#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "methods/schroedinger_bridge/drifts/EndpointNetwork.hpp"
#include "methods/schroedinger_bridge/drifts/MixtureBridge.hpp"
#include "methods/schroedinger_bridge/latent/Autoencoder.hpp"

namespace weir {

struct EarlierBridge {
  Autoencoder autoencoder;
  std::string start;
  Real sigma;
  std::optional<EndpointNetwork> network;
  std::optional<MixturePotential> mixture;
};

/// Collective: the bridge that `model` of the options names, for rows of so many components; nothing where
/// there is none. Throws InputError where the file has none, or one that the deck does not fit.
std::optional<EarlierBridge> read_earlier_bridge(const SchroedingerBridgeOptions& options, Index components,
                                                 const Communicator& comm);

}  // namespace weir
