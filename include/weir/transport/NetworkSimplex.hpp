// Exact optimal transport between two point clouds of any sizes, with uniform weights, proved optimal.
//
//     cost = min over plans pi of sum_ij pi_ij c(x_i, y_j),  sum_j pi_ij = 1/n,  sum_i pi_ij = 1/m
//          = max of (1/n) sum_i u_i + (1/m) sum_j v_j        where u_i + v_j <= c(x_i, y_j) for all i, j
#pragma once

#include <vector>

#include "weir/transport/Certificate.hpp"
#include "weir/transport/Plan.hpp"

namespace weir {

struct Transport {
  Plan plan;            ///< at most n + m - 1 entries, by x, then y
  Real cost = 0;        ///< W_2^2 (squared distance) or W_1 (distance)
  std::vector<Real> u;  ///< potential at each x
  std::vector<Real> v;  ///< potential at each y
  Certificate certificate;
};

/// Solves by the network simplex method of the LEMON library on few arcs, those of smallest reduced cost, and
/// again with those of smallest reduced cost for the potentials found, until duality shows that no arc is
/// missing. Costs are scaled to 64-bit integers, with which the method cannot cycle; rounds also refine that
/// scale. Memory is O(n + m).
/// Throws RunError where a point is not finite, InternalError where there are none or dimensions differ.
Transport solve_network_simplex(Points x, Points y, TransportCost cost = TransportCost::squared_distance);

}  // namespace weir
