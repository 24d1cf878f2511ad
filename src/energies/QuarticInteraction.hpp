// The interaction W(r) = q |r|^4 + p |r|^2 + c through moments: with y = x - mean, C the covariance,
// T = E |y|^2 y,
//
//     (1/N) sum_j grad W(x_i - x_j) = 4 q (|y_i|^2 y_i + 2 C y_i + tr(C) y_i - T) + 2 p y_i
//     (1/2N^2) sum_ij W(x_i - x_j)  = q (E |y|^4 + tr(C)^2 + 2 tr(C C)) + p tr(C) + c / 2
#pragma once

#include "weir/energies/Interaction.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {

class QuarticInteraction : public MomentInteraction {
 public:
  struct Coefficients {
    Real quartic, quadratic, constant;
  };
  QuarticInteraction(const Communicator& comm, const Partition& partition, Index dimension,
                     const Coefficients& coefficients);

  void find_moments(const MatrixRef<const Real>& x, Real t) override;
  void add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real factor,
                       const MatrixRef<Real>& out) override;
  Real energy(const MatrixRef<const Real>& x, Real t) override;

 private:
  Index particles_;
  Coefficients coefficients_;
  Moments moments_;
  TileSum third_;  // T, and E |y|^4 after it
  Vector<Real> mean_, skew_;
  Matrix<Real> covariance_;
  Real trace_ = 0, trace_of_square_ = 0, fourth_ = 0;
};

}  // namespace weir
