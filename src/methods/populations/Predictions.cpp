#include "methods/populations/Predictions.hpp"

#include <algorithm>

namespace weir {

Index PredictionOptions::start(Index k) const {
  while (roll_out && k > 0 && std::find(left_out.begin(), left_out.end(), k) != left_out.end()) --k;
  return k;
}

const Ensemble& PredictionOptions::particles_at_start(Index k, const std::vector<Ensemble>& predicted,
                                                      const std::vector<Ensemble>& observed) const {
  const Index from = start(k);
  return roll_out && from > 0 ? predicted[from - 1] : observed[from];
}

}  // namespace weir
