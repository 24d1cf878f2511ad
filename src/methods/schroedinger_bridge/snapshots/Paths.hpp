// Paths through coupled populations, glued Markov-wise.
//
//     X_b = a particle of population b;   X_{k+1} ~ pi(. | X_k) for k >= b,   X_{k-1} ~ pi(. | X_k) for k <=
//     b
//
// With growth a path has weights: the mass of the coupling while it is under way, its own at snapshots.
//
//     w_b = 1,   under way from k to k + 1: w_k s_k(X_k),   w_{k+1} = w_k s_k(X_k) / t_k(X_{k+1})
//
// s_k, t_k: mass of the coupling at its two ends over that of balance.
#pragma once

#include <vector>

#include "methods/populations/Coupling.hpp"
#include "methods/populations/Partners.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotPathOptions.hpp"

namespace weir {

struct Paths {
  std::vector<Real> times;       ///< of the snapshots that are kept
  std::vector<Ensemble> places;  ///< at these, of the same partition
  std::vector<std::vector<Real>> at_snapshots,
      under_way;  ///< weights of the local paths, by snapshot, by interval
  Index count() const { return places.front().particles(); }

  /// Weights at time t.
  const std::vector<Real>& weights(Real t) const;
};

/// Collective: one path for each particle of population `base`.
Paths draw_paths(const std::vector<Ensemble>& populations, const std::vector<Real>& times,
                 Couplings& couplings, Index base, Index seed);

/// Collective: the paths that `copies` says how often, in their order: a sample of the weights.
Paths resampled(const Paths& paths, const std::vector<Index>& copies);

/// Collective: how often each path comes in a sample in proportion to the weights, about as many paths as
/// there are: floor(w / mean w + u), u uniform by counters.
std::vector<Index> copies_by_weight(const Paths& paths, const std::vector<Real>& weights, Index seed,
                                    Index tick);

/// Collective: where the paths are at some ascending times. A Brownian bridge goes from one of these times to
/// the next. `draw` numbers independent bridges.
std::vector<Ensemble> places_at(const Paths& paths, const PathOptions& shape, const std::vector<Real>& times,
                                Index seed, Index draw);

}  // namespace weir
