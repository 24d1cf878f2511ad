// What stands for the score of a trajectory's particles at their own places, and what it gives to gradients.
//
//     S_a = -(1/s^2) sum_b k_ab (x_a - x_b) (1 / P_a + c / P_b),    P_a = sum_b k_ab,
//     k_ab = exp(-|x_a - x_b|^2 / (2 s^2))
//
// c = 0: grad log(K * rho), the score of the law convolved with the kernel, whose variance is too large by
// s^2. c = 1: -grad of the variation of int rho log(K * rho), the entropy as the blob method has it: right to
// order s^2. Of phi = sum_a <u_a, S_a>, with r = x_a - x_b, m = |r|^2 / s^2 and
//
//     c = 0    v_a = u_a / P_a    p_a = 1 / 2      t_a = -<u_a, S_a> / P_a
//     c = 1    v_a = u_a          p_a = 1 / P_a    t_a = (1/s^2) sum_b k_ab <u_a - u_b, r> / P_a^2
//
//     dphi/dx_a   = -(1/s^2) sum_b k_ab {(p_a + p_b) [(v_a - v_b) - r <v_a - v_b, r> / s^2] + (t_a + t_b) r}
//     dphi/dlog s = sum_a [-2 <u_a, S_a>
//                          - (1/2) sum_b k_ab m {(p_a + p_b) <v_a - v_b, r> / s^2 - (t_a + t_b)}]
//
// so the adjoint is one more pair sum, of points (x, v, p, t) whose sources have -p, -t.
#pragma once

#include <optional>
#include <vector>

#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

template <class T>
class TrajectoryScore {
 public:
  /// `blob`: c = 1.
  TrajectoryScore(const Communicator& comm, const Partition& particles, Index components, Index knots,
                  bool blob);

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

  // Kernels, which nvcc takes in public functions only.
  void add_of_sources(Index knot, Real inverse_square);
  void find_meeting(const MatrixRef<const Real>& u, Index knot, Real inverse_square);
  void compute_adjoints(const MatrixRef<const Real>& u, Index knot, Real inverse_square);

 private:
  Index d_, knots_;
  bool blob_;
  LocalTiles tiles_;
  PairSum<T> pairs_, adjoint_pairs_;
  std::optional<PairSum<T>> weighted_pairs_, meeting_pairs_;  // of the blob method only
  TileSum total_;
  Matrix<Real> points_, sums_;                     // of one knot; sum_b k and sum_b grad k
  Matrix<Real> scores_, masses_;                   // of all knots: S, and P in a row a knot
  Matrix<Real> shares_, slopes_;                   // of one knot: 1 / P; sum_b grad k / P_b
  Matrix<Real> moving_, meeting_;                  // of one knot: (x, u); sum_b k <u_a - u_b, r>
  Matrix<Real> targets_, sources_, adjoint_sums_;  // (x, v, p, t), (x, v, -p, -t); dphi/dx, row of log s
};

extern template class TrajectoryScore<float>;
extern template class TrajectoryScore<double>;

}  // namespace weir
