// The score of a trajectory's kernel densities at its own particles, and what it gives to gradients.
//
//     S_a = grad log rho(x_a) = -(1/s^2) sum_b k_ab (x_a - x_b) / P_a,   P_a = sum_b k_ab,
//     k_ab = exp(-|x_a - x_b|^2 / (2 s^2))
//
// Of phi = sum_a <u_a, S_a>, with w_a = u_a / P_a, q_a = <u_a, S_a> / P_a, r = x_a - x_b, m = |r|^2 / s^2:
//
//     dphi/dx_a   = -(1/s^2) sum_b k_ab {(w_a - w_b) - r <w_a - w_b, r> / s^2 - (q_a + q_b) r}
//     dphi/dlog s = sum_a [-2 <u_a, S_a> - (1/2) sum_b k_ab m (<w_a - w_b, r> / s^2 + q_a + q_b)]
//
// so the adjoint is one more pair sum, of points (x, w, q) whose sources have -q.
#pragma once

#include <vector>

#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

template <class T>
class TrajectoryScore {
 public:
  TrajectoryScore(const Communicator& comm, const Partition& particles, Index components, Index knots);

  /// Collective. x and S: components * knots rows, one column a particle; bandwidths[j] at knot j. S holds
  /// until the next call.
  const Matrix<Real>& operator()(const MatrixRef<const Real>& x, const std::vector<Real>& bandwidths);

  struct Slopes {
    Real scale = 0;          ///< sum over particles and knots of <u, S>
    Real log_bandwidth = 0;  ///< of that, with respect to a common factor of all bandwidths
  };
  /// Collective, after the scores of the same x and bandwidths: adds `scale` times the gradient of
  /// sum <u, S> to `gradient`.
  Slopes add_gradient(const MatrixRef<const Real>& x, const std::vector<Real>& bandwidths,
                      const MatrixRef<const Real>& u, Real scale, const MatrixRef<Real>& gradient);

 private:
  void take_adjoints(const MatrixRef<const Real>& u, Index knot);

  Index d_, knots_;
  LocalTiles tiles_;
  PairSum<T> pairs_, adjoint_pairs_;
  TileSum total_;
  Matrix<Real> points_, sums_;                     // of one knot; sum_b k and sum_b grad k
  Matrix<Real> scores_, masses_;                   // of all knots: S, and P in a row a knot
  Matrix<Real> targets_, sources_, adjoint_sums_;  // (x, w, q), (x, w, -q); dphi/dx and the row of log s
};

extern template class TrajectoryScore<float>;
extern template class TrajectoryScore<double>;

}  // namespace weir
