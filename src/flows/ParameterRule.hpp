// Optimisers: how a block descends, given its velocity v = -g (g: the gradient), at rate r_n in sub-step n.
//
//     euler      theta' = theta - r g
//     momentum   m' = b1 m + g,                                    theta' = theta - r m'
//     rmsprop    s' = b2 s + (1 - b2) g^2,                         theta' = theta - r g / (sqrt s' + eps)
//     adam       m' = b1 m + (1 - b1) g,  s' as for rmsprop,
//                theta' = theta - r (m' / (1 - b1^n)) / (sqrt(s' / (1 - b2^n)) + eps),  n = 1, 2, ..
//
// Before that g is shortened to the norm `clip`; decay is decoupled: theta' loses r decay theta besides.
// r_n = rate * factor * min(1, n / warm_up) * (1 or the half cosine from 1 to `final` over the stage's
// sub-steps, which begins after the share `hold` of them); factor: 1, or what scale_rate() made of it. The
// average moves by theta_av += (1 - a_n) (theta' - theta_av), a_n = min(average, n / (n + 9)). Sources:
// Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019 (decoupled decay); Pascanu, Mikolov, Bengio,
// ICML 2013 (clipping by the global norm).
#pragma once

#include "weir/flows/Rule.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

class ParameterRule : public Rule {
 public:
  ParameterRule(const ParameterRuleOptions& options, const RuleSite& site);

  Index memory_rows(Index components) const override;
  void start(Real temperature, const MatrixRef<const Real>& x, const MatrixRef<Real>& memory) override;
  /// h and temperature have no meaning here.
  void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;
  bool moves_tiles_apart() const override { return !options_.clip; }
  Index average_row(Index components) const override;
  /// The norm of the gradient before it was shortened, where it may be.
  Metrics report() const override;
  void scale_rate(Real factor) override { scalars_[1] *= factor; }

  /// r_n for sub-step n - 1 = `tick`.
  Real rate(Index tick) const;

  // Kernels and what they capture, which nvcc takes only where it is public.
  enum class Scheme { euler, momentum, rmsprop, adam };
  Real clipping(const ActiveTiles& tiles, const MatrixRef<const Real>& v);
  /// What a step is made of: the gradient is scale v; `average`: the first row of the average, or -1.
  struct ParameterStep {
    Real b1, b2, epsilon, scale, rate, unbias1, unbias2, shrink, share;
    Index average;
  };
  void advance_any(const ParameterStep& step, const ActiveTiles& tiles, const MatrixRef<const Real>& v,
                   const MatrixRef<Real>& x, const MatrixRef<Real>& memory);
  void advance_by_adam(const ParameterStep& step, const ActiveTiles& tiles, const MatrixRef<const Real>& v,
                       const MatrixRef<Real>& x, const MatrixRef<Real>& memory);

 private:
  Index moments() const { return scheme_ == Scheme::euler ? 0 : scheme_ == Scheme::adam ? 2 : 1; }

  ParameterRuleOptions options_;
  Scheme scheme_;
  Index components_, steps_;
  TileSum square_;
  // scalars_: norm of the last gradient where it may be shortened, factor of the rate
};

}  // namespace weir
