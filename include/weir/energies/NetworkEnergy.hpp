// Potentials V(x) or V(x, t) and interactions W(x - y) or W(x - y, t) that are networks with one output.
//
//     V = f_theta(x [, t])        (W * rho)(x) = (1/N) sum_j W(x - y_j [, t])
//                                 W(r [, t]) = (f_theta(r [, t]) + f_theta(-r [, t])) / 2
//
// A potential takes one pass through the network per tile. An interaction takes one per target tile and
// source particle, on the differences and their negatives: O(N^2) columns; sources come in global order to
// every rank as in PairSum, a source tile's contribution is added up in the network's precision, tiles in
// double. So neither depends on ranks.
#pragma once

#include <memory>
#include <string>

#include "weir/energies/Interaction.hpp"
#include "weir/energies/Potential.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

/// Parameters may change between calls: `set_parameters` (not collective) takes all of them.
class NetworkPotential : public Potential {
 public:
  virtual void set_parameters(const VectorRef<const Real>& parameters) = 0;
};
class NetworkInteraction : public Interaction {
 public:
  virtual void set_parameters(const VectorRef<const Real>& parameters) = 0;
};

/// For ensembles of `dimension` components whose tiles have at most `tile_size` particles; computes in single
/// precision where `single` is true. Throws InputError (key `where`) where the network has more than one
/// output, or other inputs than the dimension (and a time).
std::unique_ptr<NetworkPotential> make_network_potential(const StoredNetwork& network, Index dimension,
                                                         Index tile_size, bool single,
                                                         const std::string& where);
std::unique_ptr<NetworkInteraction> make_network_interaction(const StoredNetwork& network,
                                                             const Communicator& comm,
                                                             const Partition& partition, Index dimension,
                                                             bool single, const std::string& where);

}  // namespace weir
