// Entropic optimal transport between weighted point clouds of any size, in memory linear in their size.
//
//     min over couplings pi of  sum_ij pi_ij c(x_i, y_j) + epsilon KL(pi | a x b)
//     pi_ij = a_i b_j exp((f_i + g_j - c(x_i, y_j)) / epsilon)
#pragma once

#include <vector>

#include "weir/transport/Plan.hpp"

namespace weir {

struct SinkhornOptions {
  Real epsilon = 0;             ///< in the unit of the cost; must be given
  Real tolerance = 1e-6;        ///< on the marginal error at which to stop
  Index max_iterations = 5000;  ///< with the final epsilon
  TransportCost cost = TransportCost::squared_distance;
  std::vector<Real> x_weights;  ///< a, positive with sum one; empty: uniform
  std::vector<Real> y_weights;  ///< b
};

struct SinkhornResult {
  std::vector<Real> f;  ///< potential at each x
  std::vector<Real> g;  ///< potential at each y
  Real cost = 0;        ///< sum pi_ij c(x_i, y_j)
  Real objective = 0;   ///< with the entropy: sum a_i f_i + sum b_j g_j
  /// sum_i |sum_j pi_ij - a_i|; the other marginal, b, is met to rounding
  Real marginal_error = 0;
  Index iterations = 0;    ///< sweeps over both clouds, those of larger epsilons included
  bool converged = false;  ///< whether the tolerance was reached
  BarycentricMaps maps;
};

/// Sinkhorn's iteration on the potentials (Peyre, Cuturi, Computational Optimal Transport, 2019, chapter 4),
/// by log-sum-exp over rows of costs that are found anew each time, epsilon halving from the size of the
/// clouds down to the one asked for. O(n m) work per iteration, O(n + m) memory; no underflow can empty the
/// plan. Throws RunError where a point is not finite, InternalError where options or shapes make no sense.
SinkhornResult sinkhorn(Points x, Points y, const SinkhornOptions& options);

}  // namespace weir
