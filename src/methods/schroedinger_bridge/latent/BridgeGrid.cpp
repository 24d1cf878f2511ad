#include "methods/schroedinger_bridge/latent/BridgeGrid.hpp"

#include <cmath>

namespace weir {

BridgeGrid::BridgeGrid(Index steps, Real stop, const std::string& kind, const std::string& last_step)
    : last_is_noise_free(last_step == "noise_free") {
  const bool jumps = last_is_noise_free && stop < 1;
  const Index n = jumps ? steps - 1 : steps;
  for (Index k = 0; k <= n; ++k) {
    const Real share = Real(k) / Real(n);
    times.push_back(kind == "uniform" ? stop * share : 1 - std::pow(1 - stop, share));
  }
  if (jumps) times.push_back(1);
}

Index BridgeGrid::nearest(Real t) const {
  Index best = 0;
  for (Index k = 1; k <= steps(); ++k)
    if (std::fabs(times[std::size_t(k)] - t) < std::fabs(times[std::size_t(best)] - t)) best = k;
  return best;
}

}  // namespace weir
