#include "methods/schroedinger_bridge/drifts/KeptWeights.hpp"

#include <algorithm>

namespace weir {

bool KeptWeights::wants(const WeightReport& report) {
  const bool only_copies = !has_any() || are_copies();
  if (are_copies(report)) {
    if (!only_copies || !(report.loss_held_out < least_)) return false;
    least_ = report.loss_held_out;
    return true;
  }
  if (only_copies) least_ = HUGE_VAL;  // copies no longer count
  least_ = std::min(least_, report.loss_held_out);
  return report.loss_held_out <= (1 + slack_) * least_;
}

void KeptWeights::keep(const WeightReport& report, std::vector<Real> parameters) {
  kept_ = report;
  parameters_ = std::move(parameters);
}

void KeptWeights::save(Hdf5File& file) const {
  if (!has_any()) return;
  file.write("/kept/report", {Real(kept_.iteration), kept_.loss, kept_.loss_held_out, kept_.copying, least_},
             {5});
  file.write("/kept/parameters", parameters_, {Index(parameters_.size())});
}

void KeptWeights::restore(const Hdf5File& file) {
  if (!file.has("/kept/report")) return;
  const auto numbers = file.read("/kept/report");
  kept_ = {Index(numbers.at(0)), numbers.at(1), numbers.at(2), numbers.at(3)};
  least_ = numbers.at(4);
  parameters_ = file.read("/kept/parameters");
}

}  // namespace weir
