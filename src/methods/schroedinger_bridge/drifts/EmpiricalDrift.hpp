// The drift to the empirical law of the rows at hand, exact and without a network.
//
//     E[Z_1 | Z_t = z] = sum_j w_j y_j,    w_j ~ exp(h_j - |z - y_j|^2 / (2 sigma^2 (1 - t)))
//
//     convolved: h = 0     point: h_j = |y_j|^2 / (2 sigma^2)     ensemble: h_j = g_j / sigma^2, g the
//     potential of entropic transport for the cost |x - y|^2 / 2
//
// A softmax over all rows, streamed past the particles: O(N + M) memory. Its samples are copies of rows as t
// -> 1.
#pragma once

#include <vector>

#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/SoftmaxSum.hpp"

namespace weir {

/// Heights h_j = |y_j|^2 / (2 sigma^2), 1 x local rows. Not collective.
Matrix<Real> point_heights(const Ensemble& rows, Real sigma);

template <class T>
class EmpiricalDrift : public BridgeDrift {
 public:
  /// Collective. `heights`: 1 x local rows. `rows` may go afterwards.
  EmpiricalDrift(const Ensemble& rows, const Matrix<Real>& heights, Real sigma, const Partition& particles);
  void displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) override;

  // A kernel, which nvcc takes in public functions only.
  void centre(const MatrixRef<const Real>& x, const Matrix<Real>& centred) const;

 private:
  Real sigma_;
  Vector<Real> centre_;
  Matrix<Real> rows_, heights_, centred_;
  SoftmaxSum<T> softmax_;
};

/// Collective, in single precision or in double.
std::unique_ptr<BridgeDrift> make_empirical_drift(const Ensemble& rows, const Matrix<Real>& heights,
                                                  Real sigma, const Partition& particles, bool single);

}  // namespace weir
