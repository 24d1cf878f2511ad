// The free energy of an ensemble and its Wasserstein gradient.
//
//     F(rho) = int V rho + (1/2) iint W(x - y) rho rho + beta int rho log rho + ..
//     velocity v(x) = -grad [V + W * rho + ..](x);   entropy by noise adds sqrt(2 beta) dW, not velocity
#pragma once

#include <memory>
#include <vector>

#include "weir/energies/BlobEnergy.hpp"
#include "weir/energies/EnergyOptions.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/energies/Potential.hpp"

namespace weir {

class FreeEnergy {
 public:
  /// Terms as the deck gives them, for an ensemble of this partition and dimension. `initial` (components x
  /// local particles) sets blob bandwidths that the deck leaves open. Collective.
  FreeEnergy(const EnergyOptions& options, const Communicator& comm, const Partition& partition,
             Index dimension, bool single, const MatrixRef<const Real>& initial);

  /// Collective: v = -grad dF/drho at time t, overwritten.
  void velocity(Real t, const MatrixRef<const Real>& x, const MatrixRef<Real>& v);
  /// Whether each particle is by itself once sums over the ensemble are known: there are no pairs.
  bool is_pointwise() const;
  // What velocity() does in two parts, where is_pointwise().
  /// Collective: the sums over all of x that interactions through moments take.
  void find_moments(Real t, const MatrixRef<const Real>& x);
  /// Not collective: v of the particles of some tiles, whose columns alone are in x and v.
  void velocity_of(const LocalTiles& tiles, Real t, const MatrixRef<const Real>& x, const MatrixRef<Real>& v);
  /// beta at time t of the entropy that acts as noise; 0 where there is none.
  Real temperature(Real t) const;
  /// The largest of them from `start` on and before `end`.
  Real largest_temperature(Real start, Real end) const;

  struct Parts {
    Real potential = 0, interaction = 0,
         internal = 0;  ///< internal: of the blob terms; noise has none to report
    Real total() const { return potential + interaction + internal; }
  };
  /// Collective.
  Parts energy(Real t, const MatrixRef<const Real>& x);

  void add(std::unique_ptr<Potential> potential) { potentials_.push_back(std::move(potential)); }
  void add(std::unique_ptr<Interaction> interaction);
  /// Potential, interaction and entropy (as noise) of an energy that was learned; at most one.
  void add(const LearnedEnergy& energy, const Communicator& comm, const Partition& partition, bool single);

 private:
  Index particles_;
  LocalTiles tiles_;
  Real temperature_ = 0;
  std::shared_ptr<const LearnedEnergy> learned_;
  std::unique_ptr<BlobEnergy> learned_entropy_;  // of beta = 1, where it does not act as noise
  std::vector<std::unique_ptr<Potential>> potentials_;
  std::vector<std::unique_ptr<Interaction>> interactions_;
  std::vector<MomentInteraction*> through_moments_;  // those of interactions_ that need no pairs
  std::vector<std::unique_ptr<BlobEnergy>> blobs_;
  TileSum total_;
  Index local_particles_;
  Vector<Real> values_;  // taken when an energy is first asked for
};

}  // namespace weir
