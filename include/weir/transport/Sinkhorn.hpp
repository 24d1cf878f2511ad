// Entropic optimal transport between two ensembles spread over ranks, in memory linear in their size.
//
//     min over couplings pi of  sum_ij pi_ij c(x_i, y_j) + epsilon KL(pi | a x b)
//     pi_ij = a_i b_j exp((f_i + g_j - c(x_i, y_j)) / epsilon)
//
// Unbalanced: the marginals need not be a and b, but cost rho KL(marginal | a) and rho KL(marginal | b).
#pragma once

#include <optional>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/transport/Points.hpp"

namespace weir {

struct SinkhornProblem {
  Real epsilon = 0;             ///< in the unit of the cost; must be given
  Real tolerance = 1e-6;        ///< on the marginal error at which to stop
  Index max_iterations = 5000;  ///< with the final epsilon
  TransportCost cost = TransportCost::squared_distance;
  std::optional<Real> rho = {};  ///< of an unbalanced problem, in the unit of the cost
  bool single = false;           ///< kernels in single precision: good for tolerances down to 1e-4
  Vector<Real> x_weights =
      {};  ///< a, of the local particles, all positive; empty: uniform. Made to sum to one.
  Vector<Real> y_weights = {};  ///< b
};

/// What a coupling of x and y leaves at the particles of one of them.
struct ConditionalDisplacement {
  Matrix<Real> displacement;  ///< E[y - x | particle], components x local particles
  Vector<Real> mass;          ///< of the coupling at the particle; sums to that of the coupling
  Vector<Real> variance;      ///< E |(y - x) - E[y - x]|^2 at the particle
};

struct SinkhornResult {
  Vector<Real> f;      ///< potential at each local x
  Vector<Real> g;      ///< potential at each local y
  Real mass = 1;       ///< sum pi_ij; of an unbalanced problem below 1
  Real cost = 0;       ///< sum pi_ij c(x_i, y_j)
  Real objective = 0;  ///< the dual: sum a_i f_i + sum b_j g_j; not of an unbalanced problem
  Real gap = 0;        ///< |primal - dual| of the coupling found
  /// sum_i |sum_j pi_ij - a_i|; the other marginal, b, is met to rounding. Unbalanced: a_i is what the
  /// potential f says, a_i exp(-f_i / rho).
  Real marginal_error = 0;
  Index iterations = 0;    ///< sweeps over both clouds, those of larger epsilons included
  bool converged = false;  ///< whether the tolerance was reached
  ConditionalDisplacement at_x, at_y;
};

/// Collective: Sinkhorn's iteration on the potentials (Peyre, Cuturi, Computational Optimal Transport, 2019,
/// chapter 4), in the log domain, over-relaxed, epsilon halving from the size of the clouds down to the one
/// asked for. Unbalanced potentials follow Chizat, Peyre, Schmitzer, Vialard (Math. Comp. 87, 2018), plain
/// but with the best common shift after each iteration (Sejourne, Vialard, Peyre, AISTATS 2022). O(N_x N_y)
/// work per iteration, O(N_x + N_y) memory over all ranks. Throws RunError where a point is not finite or a
/// sum left the range of numbers, InternalError where options or shapes make no sense.
SinkhornResult sinkhorn(const Ensemble& x, const Ensemble& y, const SinkhornProblem& problem);

/// Collective: W_p for p = `order` = 1 or 2 of sets too large for exact transport, (sum pi_ij |x_i -
/// y_j|^p)^(1/p) of the entropic coupling with epsilon = .01 E |x - y|^p and marginal error 1e-3: an upper
/// bound, up to that error, by a few percent where the sets are far apart compared with neighbours'
/// distances. Throws RunError.
Real entropic_wasserstein(const Ensemble& x, const Ensemble& y, int order, bool single);

/// Collective: E c(x, y) of independent x and y for the squared distance: a scale for epsilon.
Real mean_squared_distance(const Ensemble& x, const Ensemble& y);

}  // namespace weir
