// The times of a bridge's steps.
//
//     uniform     t_k = T k / n        geometric   1 - t_k = (1 - T)^(k / n)          T = stop
//
// noise_free: with T < 1, n = K - 1 steps with noise and one without from T to 1; with T = 1 the last of K
// steps has no noise. none: n = K steps, all with noise.
#pragma once

#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

struct BridgeGrid {
  std::vector<Real> times;  ///< K + 1 of them
  bool last_is_noise_free;

  BridgeGrid(Index steps, Real stop, const std::string& kind, const std::string& last_step);
  Index steps() const { return Index(times.size()) - 1; }
  Real step(Index k) const { return times[std::size_t(k) + 1] - times[std::size_t(k)]; }
  bool has_noise(Index k) const { return !(last_is_noise_free && k + 1 == steps()); }
  /// The number of the time nearest to t.
  Index nearest(Real t) const;
};

}  // namespace weir
