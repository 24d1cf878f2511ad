// Nearest neighbours among point clouds, found by comparing all pairs.
#pragma once

#include <vector>

#include "weir/transport/Points.hpp"

namespace weir {

/// For every point of `from` the distance to the nearest point of `to`. Not collective. InternalError where
/// dimensions differ; infinite where `to` is empty.
std::vector<Real> nearest_distances(Points from, Points to);

/// The two-sample test: how often the nearest other point of the pooled clouds is of the same cloud. For
/// large clouds of one law 1/2; 1 where the clouds lie apart. Of several at the same distance the first
/// counts.
Real nearest_neighbour_accuracy(Points x, Points y);

}  // namespace weir
