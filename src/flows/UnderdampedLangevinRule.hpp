// Underdamped Langevin steps: every particle has a momentum U, given velocity v and temperature T.
//
//     X' = X + (1/gamma) [(1 - w) U + (h - (1 - w) / (gamma eta)) v] + xi_X
//     U' = w U + ((1 - w) / (gamma eta)) v + xi_U,     w = exp(-gamma eta h)
//
// xi is normal with, for T = 1, Var xi_X = (2 h - (3 - 4 w + w^2) / (gamma eta)) / gamma,
// Var xi_U = (1 - w^2) / eta, Cov = (1 - w)^2 / (gamma eta); all three times T. U starts at N(0, T / eta).
// Where v is constant within a step this is the exact solution of
//
//     dX = eta U dt,   dU = v dt - gamma eta U dt + sqrt(2 gamma T) dW
//
// Source: Lim, Kuntz, Power, Johansen, Momentum particle maximum likelihood, ICML 2024.
#pragma once

#include "weir/flows/Rule.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// The coefficients of a step: X' = X + x_u U + x_v v + xi_X, U' = u_u U + u_v v + xi_U.
struct UnderdampedStep {
  Real x_u, x_v, u_u, u_v;
  Real variance_x, variance_u, covariance;  ///< of xi, for T = 1
  Real eta;

  explicit UnderdampedStep(const UnderdampedLangevinOptions& options);
};

class UnderdampedLangevinRule : public Rule {
 public:
  UnderdampedLangevinRule(const UnderdampedLangevinOptions& options, const RuleSite& site);

  Index memory_rows(Index components) const override { return components; }
  void start(Real temperature, const MatrixRef<const Real>& x, const MatrixRef<Real>& memory) override;
  void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;
  bool moves_tiles_apart() const override { return true; }

  // Kernels, which nvcc takes in public functions only.
  template <class T>
  void move_particles(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
                      const MatrixRef<Real>& momenta);

 private:
  UnderdampedStep step_;
  Index first_;
  Random start_, first_noise_, second_noise_;
  bool single_;
};

}  // namespace weir
