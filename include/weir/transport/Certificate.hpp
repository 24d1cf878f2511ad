// Proof of how good a coupling is, by Kantorovich duality.
#pragma once

#include "weir/transport/Points.hpp"

namespace weir {

/// How far a coupling can be from optimal, found from the points, the coupling and its potentials u, v alone:
/// where u_i + v_j <= c(x_i, y_j) for all i, j, no coupling costs less than mean u + mean v.
struct Certificate {
  Real gap = 0;        ///< cost - (mean u + mean v): no coupling is cheaper by more than gap + violation
  Real violation = 0;  ///< largest u_i + v_j - c(x_i, y_j), at least 0; of a good solver: rounding
};

}  // namespace weir
