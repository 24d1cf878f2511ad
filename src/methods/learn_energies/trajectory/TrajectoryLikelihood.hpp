// The likelihood of snapshots under the kernel densities of a trajectory, and its gradient, by pair sums.
//
//     L = -(1/K) sum_k (1/M_k) sum_m log rho_k(y_km),    rho_k(y) = (1/N) sum_i K_s(y - x_i,j(k))
//
// s = s_k f with a common factor f. What is likeliest are particles whose law, convolved with the kernel, is
// that of the data: one of too little variance, by s^2. With `blur` the data are y_km + s_k xi, with fresh
// normals xi in every iteration: convolved likewise, so that the laws themselves agree, and no particle gains
// by sitting on a datum. A datum at which the sum of K_s / K_s(0) is below 1e-30 (farther than 11
// bandwidths from all particles) counts as if the sum were that, and pulls at nothing.
#pragma once

#include <vector>

#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

template <class T>
class TrajectoryLikelihood {
 public:
  /// Collective. `bandwidth`: of all snapshots; 0: by Silverman's rule for `particles` in each. Throws
  /// RunError where a snapshot has no spread to tell.
  TrajectoryLikelihood(const std::vector<Ensemble>& snapshots, const std::vector<Index>& knots,
                       const Partition& particles, Real bandwidth, bool blur, Index seed);

  /// Collective: L. x: components * knots rows, one column a particle.
  Real value(Index iteration, const MatrixRef<const Real>& x, Real log_factor);
  /// Collective: adds dL/dx to `gradient` (shaped like x) and returns dL/d log f.
  Real add_gradient(Index iteration, const MatrixRef<const Real>& x, Real log_factor,
                    const MatrixRef<Real>& gradient);
  Index snapshots() const { return Index(snapshots_.size()); }
  /// s_k
  Real bandwidth(Index k) const { return snapshots_[k].bandwidth; }

  struct Snapshot {
    const Ensemble& data;
    Index number, knot;
    Real bandwidth;
    Matrix<Real> points;  // the data, or what they are blurred to
    PairSum<T> to_data, to_particles;
    TileSum total;
    Matrix<Real> sums;     // at the data: sum_i K / K(0), and the same with |r|^2 / s^2
    Matrix<Real> weights;  // 1 / (M K sum_i K / K(0))
  };
  struct Terms {
    Real value, slope;
  };
  /// Collective: leaves sums and weights; log-likelihood and its derivative, both means over the data.
  Terms visit(Snapshot& snapshot, Index iteration, const MatrixRef<const Real>& x, Real s);
  void blur(const Snapshot& snapshot, Index iteration);

 private:
  Index d_, particles_;
  bool blur_;
  Random random_;
  std::vector<Snapshot> snapshots_;
  Matrix<Real> points_, slopes_;
};

extern template class TrajectoryLikelihood<float>;
extern template class TrajectoryLikelihood<double>;

}  // namespace weir
