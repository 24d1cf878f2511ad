// Distances between the empirical laws of two point clouds, all points of a cloud weighing the same.
#pragma once

#include <string>

#include "weir/transport/Points.hpp"

namespace weir {

/// W_p = (min over couplings of E |x - y|^p)^(1/p) for p = `order` = 1 or 2, exact: by quantiles in one
/// dimension, else as an assignment where the clouds have the same size and by the network simplex method
/// where not. Throws RunError where a point is not finite, InternalError where there are none or dimensions
/// differ.
Real wasserstein(Points x, Points y, int order);

/// Means over pairs of points of one cloud: over all pairs (a V-statistic, never negative, biased upwards),
/// or over pairs of different points (a U-statistic, unbiased, may be negative).
enum class Statistic { v, u };

/// 2 E|x - y| - E|x - x'| - E|y - y'| (Szekely, Rizzo, 2013).
Real energy_distance(Points x, Points y, Statistic statistic = Statistic::v);

/// The squared maximum mean discrepancy E k(x, x') + E k(y, y') - 2 E k(x, y) of the kernel
/// k = exp(-|x - y|^2 / (2 h^2)), h = `bandwidth` (Gretton et al., JMLR 13, 2012).
Real mmd_squared(Points x, Points y, Real bandwidth, Statistic statistic = Statistic::v);

/// Its root, with the median distance as bandwidth.
Real maximum_mean_discrepancy(Points x, Points y);

/// A bandwidth for it: the median distance between pooled points; of more than 1000 points, 1000 at equal
/// strides. Where most points coincide the largest distance instead, and 1 where all do.
Real median_distance(Points x, Points y);

/// By the name that it has in decks: w1, w2, energy_distance, mmd.
bool is_distance(const std::string& name);
Real distance_of(const std::string& name, Points x, Points y);

/// Clouds above it have w1 and w2 taken by Sinkhorn (entropic_wasserstein).
constexpr Index most_exact_points = 20000;

}  // namespace weir
