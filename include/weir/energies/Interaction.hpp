// A mean-field interaction (1/2) iint W(x - y) rho(x) rho(y) of an ensemble with itself.
//
//     force on i:  -(1/N) sum_j grad W(x_i - x_j)          energy: (1 / 2N^2) sum_ij W(x_i - x_j), i = j
//     included; what is not finite at x_i = x_j counts as 0
//
// What is a polynomial of x - y goes through the ensemble's moments in O(N): quadratic, double_well,
// power_law with exponents 2 and 4, sphere, styblinski_tang, flat. The rest, formulas among it, goes through
// PairSum.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/energies/EnergyOptions.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// All methods are collective. x: components x local particles.
class Interaction {
 public:
  virtual ~Interaction() = default;
  /// out(:, i) += factor (1/N) sum_j grad W(x_i - x_j)
  virtual void add_gradient(const MatrixRef<const Real>& x, Real t, Real factor,
                            const MatrixRef<Real>& out) = 0;
  /// (1 / 2N^2) sum_ij W(x_i - x_j)
  virtual Real energy(const MatrixRef<const Real>& x, Real t) = 0;
};

/// An interaction through sums over the ensemble: once these are known, every particle is by itself, and a
/// step may go through the tiles a few at a time.
class MomentInteraction : public Interaction {
 public:
  explicit MomentInteraction(const Partition& partition) : all_tiles_(partition.local()) {}
  void add_gradient(const MatrixRef<const Real>& x, Real t, Real factor, const MatrixRef<Real>& out) final {
    find_moments(x, t);
    add_gradient_of(all_tiles_, x, factor, out);
  }
  /// Collective: the sums, of all of x.
  virtual void find_moments(const MatrixRef<const Real>& x, Real t) = 0;
  /// Not collective: the force on the particles of some tiles, whose columns alone are in x and out.
  virtual void add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real factor,
                               const MatrixRef<Real>& out) = 0;

 private:
  LocalTiles all_tiles_;
};

/// Whether the force is summed over pairs of particles; else it goes through moments.
bool through_pairs(const InteractionOptions& options);
/// Lengths of the sums over particles that a force through moments takes, in turn.
std::vector<Index> moment_sums(const InteractionOptions& options, Index dimension);
/// The interaction that a deck names; pair sums run in single precision where `single` is true. Throws
/// InputError where it does not fit the dimension.
std::unique_ptr<Interaction> make_interaction(const InteractionOptions& options, const Communicator& comm,
                                              const Partition& partition, Index dimension, bool single);

}  // namespace weir
