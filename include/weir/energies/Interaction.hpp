// A mean-field interaction (1/2) iint W(x - y) rho(x) rho(y) of an ensemble with itself.
//
//     force on i:  -(1/N) sum_j grad W(x_i - x_j)          energy: (1 / 2N^2) sum_ij W(x_i - x_j), i = j
//     included
//
// What is quadratic or a quartic of |x - y| goes through the ensemble's moments in O(N); the rest through
// PairSum.
#pragma once

#include <memory>
#include <string>

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

/// What the force needs of other particles: their mean, all moments up to the third, or each of them.
enum class InteractionRoute { mean, moments, pairs };
InteractionRoute route_of(const InteractionOptions& options);
/// Whether its pair sums run in single precision where the run does.
bool may_be_single(const InteractionOptions& options);

/// The interaction that a deck names; pair sums run in single precision where `single` is true and the energy
/// is a radial profile. Throws InputError where it does not fit the dimension.
std::unique_ptr<Interaction> make_interaction(const InteractionOptions& options, const Communicator& comm,
                                              const Partition& partition, Index dimension, bool single);

}  // namespace weir
