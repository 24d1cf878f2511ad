// The Schroedinger bridge between two normal laws, reference sigma W, in closed form: what drifts are held
// against.
//
//     D = (4 S0^1/2 S1 S0^1/2 + sigma^4 I)^1/2,   C = 1/2 (S0^1/2 D S0^-1/2 - sigma^2 I)
//     m_t = (1-t) m0 + t m1,   S_t = (1-t)^2 S0 + t^2 S1 + t (1-t) (C + C' + sigma^2 I)
//     b(x, t) = (m1 + [(1-t) C' + t S1] S_t^-1 (x - m_t) - x) / (1-t)
//
// for diagonal covariances, component by component.
#pragma once

#include <cmath>
#include <vector>

#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"

namespace weir::testing_tools {

struct GaussianBridge {
  std::vector<Real> mean0, variance0, mean1, variance1;
  Real sigma;

  Real coupling(std::size_t c) const {  // C, the covariance of start and end
    return 0.5 * (std::sqrt(4 * variance0[c] * variance1[c] + std::pow(sigma, 4)) - sigma * sigma);
  }
  Real mean(std::size_t c, Real t) const { return (1 - t) * mean0[c] + t * mean1[c]; }
  Real variance(std::size_t c, Real t) const {
    return (1 - t) * (1 - t) * variance0[c] + t * t * variance1[c] +
           t * (1 - t) * (2 * coupling(c) + sigma * sigma);
  }
  /// (1 - t) b.
  Real to_end(std::size_t c, Real t, Real x) const {
    const Real slope = ((1 - t) * coupling(c) + t * variance1[c]) / variance(c, t);
    return mean1[c] + slope * (x - mean(c, t)) - x;
  }
};

/// The drift from q_sigma to N(m, s): -sigma^2 (s + sigma^2 (1-t))^-1 (x - m).
class ConvolvedGaussianDrift : public BridgeDrift {
 public:
  ConvolvedGaussianDrift(Real mean, Real variance, Real sigma)
      : mean_(mean), variance_(variance), sigma_(sigma) {}
  void displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) override {
    for (Index i = 0; i < Index(z.extent(1)); ++i)
      for (Index c = 0; c < Index(z.extent(0)); ++c)
        to_end(c, i) =
            -sigma_ * sigma_ * (1 - t) / (variance_ + sigma_ * sigma_ * (1 - t)) * (z(c, i) - mean_);
  }

 private:
  Real mean_, variance_, sigma_;
};

}  // namespace weir::testing_tools
