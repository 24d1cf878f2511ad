// Where a path is at a time, as a combination of its places at the snapshots.
//
//     displacement, bridge:  X(t) = (1 - u) X_k + u X_{k+1},     u = (t - t_k) / (t_{k+1} - t_k)
//     spline:                X(t) = straight + beta (natural cubic - straight)
//
// The natural spline has second derivatives M with M_0 = M_K = 0 and
// h_{k-1} M_{k-1} + 2 (h_{k-1} + h_k) M_k + h_k M_{k+1} = 6 ((X_{k+1} - X_k) / h_k - (X_k - X_{k-1}) /
// h_{k-1}).
#pragma once

#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

/// Snapshots from which on a spline bends.
constexpr std::size_t least_of_spline = 4;

/// The interval [times[k], times[k + 1]) that t lies in, the last one for the last time; t within all times.
Index interval_of(const std::vector<Real>& times, Real t);

/// Weights of the places, one a snapshot; `beta` of the spline, 0: straight. Fewer than four snapshots:
/// straight.
std::vector<Real> path_weights(const std::vector<Real>& times, Real t, Real beta);

}  // namespace weir
