// Exact optimal transport between two point clouds of the same size: an assignment, proved optimal.
//
//     cost = min over permutations p of (1/n) sum_i c(x_i, y_p(i))
//          = max of (1/n) (sum_i u_i + sum_j v_j)  where u_i + v_j <= c(x_i, y_j) for all i, j
#pragma once

#include <vector>

#include "weir/transport/Certificate.hpp"
#include "weir/transport/Plan.hpp"

namespace weir {

struct Assignment {
  std::vector<Index> y_of_x;  ///< x_i goes to y at y_of_x[i]
  std::vector<Index> x_of_y;  ///< its inverse
  Real cost = 0;              ///< for unit mass, so W_2^2 (squared distance) or W_1 (distance)
  std::vector<Real> u;        ///< potential at each x
  std::vector<Real> v;        ///< potential at each y
  Certificate certificate;

  Plan plan() const;  ///< mass 1/n from each x_i to its y
};

/// Solves by shortest augmenting paths (Jonker, Volgenant, Computing 38, 1987) from potentials of an auction
/// with epsilon scaling (Bertsekas, Annals of OR 14, 1988), started from the potentials of a quarter of the
/// points. Costs are found on the fly: memory is O(n), time about O(n^2). Exact in any dimension and at any
/// scale of the points, as far as the squares of their distances are neither infinite nor denormal. Throws
/// RunError where a point is not finite, InternalError where counts or dimensions differ or are zero.
Assignment solve_assignment(Points x, Points y, TransportCost cost = TransportCost::squared_distance);

}  // namespace weir
