// The Wasserstein distance between Gaussians, for other laws of these moments a lower bound (Gelbrich 1990).
//
//     W_2^2 = |m0 - m1|^2 + tr(S0 + S1 - 2 (S0^1/2 S1 S0^1/2)^1/2)
#pragma once

#include <vector>

#include "weir/transport/Points.hpp"

namespace weir {

struct GaussianMoments {
  std::vector<Real> mean;        ///< d components
  std::vector<Real> covariance;  ///< d x d, symmetric
};

/// Mean and covariance (sums divided by the count) of the points.
GaussianMoments moments_of(Points points);

/// The covariances may be singular. Throws InternalError where shapes differ.
Real bures_wasserstein_squared(const GaussianMoments& a, const GaussianMoments& b);

}  // namespace weir
