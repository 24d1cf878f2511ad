// Internal energies without noise: the blob method.
//
// With K a Gaussian of bandwidth e, u = K * rho at the particles and p = m - 2:
//
//     F = c/(m-1) int rho u^(m-1)   (m > 1),      F = c int rho log u   (entropy, m = 1, p = -1)
//     v_i = -c [ u_i^p (grad K * rho)(x_i) + (1/N) sum_j grad K(x_i - x_j) u_j^p ]
//
// Both terms: only so is it the gradient flow of F, and conserves the mean.
// Source: Carrillo, Craig, Patacchini, Calc. Var. 58, 53 (2019).
#pragma once

#include <memory>

#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

class BlobEnergy {
 public:
  /// exponent: m, 1 for the entropy. bandwidth > 0.
  BlobEnergy(const Communicator& comm, const Partition& partition, Index dimension, Real coefficient,
             Real exponent, Real bandwidth, bool single);
  ~BlobEnergy();

  /// Collective: out += factor grad (dF/drho).
  void add_gradient(const MatrixRef<const Real>& x, Real factor, const MatrixRef<Real>& out);
  /// Collective: F.
  Real energy(const MatrixRef<const Real>& x);
  Real bandwidth() const { return bandwidth_; }

  // Kernels, which nvcc takes in public functions only.
  template <class T>
  void density_and_slope(PairSum<T>& pairs, const MatrixRef<const Real>& x);

 private:
  template <class T>
  void weighted_slope(PairSum<T>& pairs, const MatrixRef<const Real>& x);

  Index particles_, dimension_;
  Real coefficient_, exponent_, bandwidth_;
  LocalTiles tiles_;
  std::unique_ptr<PairSum<float>> single_, weighted_single_;
  std::unique_ptr<PairSum<double>> double_, weighted_double_;
  TileSum total_;
  Matrix<Real> density_;   // row 0: u, rows 1..d: grad K * rho
  Matrix<Real> weight_;    // u^p
  Matrix<Real> weighted_;  // sum_j grad K(x_i - x_j) u_j^p
};

}  // namespace weir
