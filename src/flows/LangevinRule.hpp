// Langevin steps of size h, given velocity v and temperature T.
//
//     langevin              X' = X + h v + sqrt(2 T h) xi_n
//     leimkuhler_matthews   X' = X + h v + sqrt(2 T h) (xi_n + xi_{n+1}) / 2
//     tamed_langevin        X' = X + h v / (1 + h |v|) + sqrt(2 T h) xi_n
//
// The first (Euler-Maruyama) has weak order 1, the stationary law of the second order 2; the third is for
// drifts that grow fast. xi_n is drawn by (particle, sub-step n): nothing is remembered between steps.
// Sources: Leimkuhler, Matthews, Appl. Math. Res. Express 2013(1), 34; Hutzenthaler, Jentzen, Kloeden,
// Ann. Appl. Probab. 22, 1611 (2012).
#pragma once

#include "weir/flows/Rule.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

class LangevinRule : public Rule {
 public:
  LangevinRule(const LangevinOptions& options, const RuleSite& site);

  void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;
  bool moves_tiles_apart() const override { return true; }

  // Kernels, which nvcc takes in public functions only.
  template <class T, class Dimension>
  void advance_with_noise(Dimension d, const Move& move, const MatrixRef<const Real>& v,
                          const MatrixRef<Real>& x);
  void advance_without_noise(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<Real>& x);

 private:
  enum class Scheme { langevin, leimkuhler_matthews, tamed_langevin };
  Real step(const Move& move) const { return step_ ? *step_ : move.h; }

  Scheme scheme_;
  std::optional<Real> step_;
  Random random_;
  bool single_;
};

}  // namespace weir
