// An energy that was learned: V, W and beta; V = theta_V . phi and W = theta_W . phi, per transition or for
// all times, or networks. A potential that has both is their sum.
//
// File (energies.h5): /potential, /interaction and /entropy hold coefficients, one row per transition (one
// row: for all times); /features names the columns of potential, /interaction_features those of interaction;
// /times the starts of the transitions; /basis/<potential|interaction>/{exponents,centres} define the
// features. Networks lie in the groups /networks/potential and /networks/interaction.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/energies/FeatureBasis.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/energies/Potential.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

class Hdf5File;

struct LearnedEnergy {
  /// theta . phi; row r of theta holds from times[r] to times[r + 1], the first also before, the last also
  /// after.
  struct Expansion {
    FeatureBasis basis;
    std::vector<std::vector<Real>> theta;
  };
  Index dimension = 0;
  std::vector<Real> times;
  std::optional<Expansion> potential, interaction;
  std::optional<StoredNetwork> potential_network, interaction_network;  ///< of x or (x, t); of x - y
  std::vector<Real> entropy;  ///< beta, one or one per transition; empty: none was learned

  /// How many potentials there are: number r holds from times[r] on.
  Index potentials() const;
  /// Row of coefficients that holds at time t.
  Index row(Real t, Index rows) const;
  /// beta at time t, clipped at 0.
  Real temperature(Real t) const;
  /// The largest of them from `start` on and before `end`.
  Real largest_temperature(Real start, Real end) const;

  /// Collective, into the group `group`; of energies.h5 it is the root. What is read has the bits that were
  /// written.
  void write(Hdf5File& file, const std::string& group = "") const;
  /// Throws InputError (key `where`) where a network in it is damaged.
  static LearnedEnergy read(const Hdf5File& file, const std::string& where, const std::string& group = "");
};

struct LearnedOptions;

/// Collective: reads energies.h5, checks the dimension and drops the parts that are not wanted. Throws
/// InputError (key `where`), also where no part is left.
LearnedEnergy read_learned_energy(const LearnedOptions& options, const Communicator& comm, Index dimension,
                                  const std::string& where);

/// For tiles of at most `tile_size` particles.
std::unique_ptr<Potential> make_learned_potential(std::shared_ptr<const LearnedEnergy> energy,
                                                  Index tile_size);
/// `single`: networks in single precision.
std::unique_ptr<Interaction> make_learned_interaction(std::shared_ptr<const LearnedEnergy> energy,
                                                      const Communicator& comm, const Partition& partition,
                                                      bool single);

/// Whether an interaction theta . phi is summed over pairs of particles; monomials alone go through moments.
bool through_pairs(const FeatureBasis& basis);
/// Lengths of the sums over particles that a force through moments takes, in turn.
std::vector<Index> moment_sums(const FeatureBasis& basis);

/// gradients(k d + c, i) = (1/N) sum_j d phi_k / d x_c (x_i - y_j) for features [first, first + count), by
/// pair sums. Collective. count * d is at most most_pair_components.
void mean_feature_gradients(const FeatureBasis& basis, int first, int count, const Communicator& comm,
                            const Partition& partition, const MatrixRef<const Real>& x,
                            const MatrixRef<Real>& gradients);

}  // namespace weir
