// A coupling of two point clouds as a sparse plan, and the maps that remain of it.
#pragma once

#include <vector>

#include "weir/transport/Points.hpp"

namespace weir {

/// `mass` goes from x to y; the entries of a plan sum to one. An optimal plan has at most n + m - 1 of them.
struct PlanEntry {
  Index x, y;
  Real mass;
};
using Plan = std::vector<PlanEntry>;

/// What one cloud looks like from the other: for each target y_j, the conditional law of its x by moments.
///
///     mass_j     = sum_i pi_ij
///     mean_j     = sum_i pi_ij x_i / mass_j
///     variance_j = sum_i pi_ij |x_i - mean_j|^2 / mass_j
struct BarycentricMap {
  Index dimension = 0;
  std::vector<Real> mean;      ///< `dimension` components for each target, contiguous
  std::vector<Real> mass;      ///< one for each target
  std::vector<Real> variance;  ///< trace of the conditional covariance, one for each target
};

struct BarycentricMaps {
  BarycentricMap x_given_y;  ///< targets are the points y
  BarycentricMap y_given_x;  ///< targets are the points x
};

/// O(n + m). A target without mass has mean and variance 0.
BarycentricMaps barycentric_maps(Points x, Points y, const Plan& plan);

}  // namespace weir
