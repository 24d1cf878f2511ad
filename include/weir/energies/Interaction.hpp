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

/// Whether the force is summed over pairs of particles; else it goes through moments.
bool through_pairs(const InteractionOptions& options);
/// Lengths of the sums over particles that a force through moments takes, in turn.
std::vector<Index> moment_sums(const InteractionOptions& options, Index dimension);
/// The interaction that a deck names; pair sums run in single precision where `single` is true. Throws
/// InputError where it does not fit the dimension.
std::unique_ptr<Interaction> make_interaction(const InteractionOptions& options, const Communicator& comm,
                                              const Partition& partition, Index dimension, bool single);

}  // namespace weir
