// What every solver asks of its two point clouds.
#pragma once

#include "weir/transport/Points.hpp"

namespace weir::detail {

/// Throws InternalError where there are no points or dimensions differ, RunError where a coordinate is not
/// finite.
void check_points(Points x, Points y);

/// The exponent e such that all coordinates times 2^-e are at most 1 in size, one of them above 1/2: in these
/// units no squared distance overflows or vanishes, and scaling is exact.
int binary_exponent(Points x, Points y);

}  // namespace weir::detail
