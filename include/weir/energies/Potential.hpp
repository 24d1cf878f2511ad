// A potential V(x, t) on the particles of an ensemble.
#pragma once

#include <memory>

#include "weir/energies/EnergyOptions.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// Not collective: every particle by itself. x: components x local particles.
class Potential {
 public:
  virtual ~Potential() = default;
  /// values(i) += V(x_i, t)
  virtual void add_value(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                         const VectorRef<Real>& values) const = 0;
  /// out(:, i) += factor grad V(x_i, t)
  virtual void add_gradient(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t, Real factor,
                            const MatrixRef<Real>& out) const = 0;
};

/// The potential that a deck names. Throws InputError where it does not fit the dimension.
std::unique_ptr<Potential> make_potential(const PotentialOptions& options, Index dimension);

}  // namespace weir
