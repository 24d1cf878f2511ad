// Points of an ensemble chosen by the seeding of k-means++: each next one with probability proportional to
// its squared distance from the nearest chosen so far.
//
// Drawn as the argmin of exponentials with these rates, counted by the points' ids, so that the choice is the
// same on any number of ranks. Source: Arthur and Vassilvitskii, "k-means++: the advantages of careful
// seeding", SODA 2007.
#pragma once

#include <vector>

#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// Collective. x: components x local candidates, ids: their numbers, different on all ranks. Every rank gets
/// the components x number points, or fewer where there are fewer different ones.
HostMatrix<Real> spread_points(const Communicator& comm, const HostMatrix<const Real>& x,
                               const std::vector<Index>& ids, Index number, const Random& random);

}  // namespace weir
