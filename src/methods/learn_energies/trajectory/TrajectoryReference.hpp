// What a trajectory's potential is written relative to, where there is an entropy:
//
//     V = beta R + network,     R(x) = sum_c (x_c - m_c)^2 / (2 s_c^2)
//
// with mean m and variances s_c^2 of all snapshots together, so that grad log rho + grad R is what stands
// beside the network: what is left of the entropy when the law that all snapshots share, about normal, is
// held by a potential. The potential that does what the entropy does best is minus the logarithm of the law's
// mean over time; with V as the network alone, beta and the network could hardly change but together.
#pragma once

#include <vector>

#include "weir/energies/LearnedEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

class TrajectoryReference {
 public:
  /// Collective.
  TrajectoryReference(const std::vector<Ensemble>& snapshots, const Partition& particles, Index knots);

  /// field += factor grad R at all knots; x and field: components * knots rows, one column a particle. Not
  /// collective.
  void add_force(Real factor, const MatrixRef<const Real>& x, const MatrixRef<Real>& field) const;
  /// Collective: adds `factor` times the gradient of sum <u, grad R> to `gradient` and returns that sum.
  Real add_gradient(Real factor, const MatrixRef<const Real>& x, const MatrixRef<const Real>& u,
                    const MatrixRef<Real>& gradient);
  /// factor R, but for its constant.
  LearnedEnergy::Expansion expansion(Real factor) const;

 private:
  Index d_, knots_;
  Vector<Real> mean_, stiffness_;  // m, 1 / s^2 (0 where a component never varies)
  TileSum total_;
};

}  // namespace weir
