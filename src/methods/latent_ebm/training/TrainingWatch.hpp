// Whether a training of an energy goes well, by its reports, and what may help where it does not.
//
// Failing is, after the warm-up:
//
//   * the mean gap E+ - E- of the last 10 reports is above .1 a component of (x, z), at least .3, and above 4
//     of its standard errors: energies of the data lie then well above or below those of the pool, which has
//     not followed (in many dimensions a gap of some nats is usual, and does no harm);
//   * the norm of the gradient, before it is clipped, is above 80 in 5 reports in a row;
//   * less than .01 of the restarts are accepted in 5 reports in a row, and the pool's step wanders by a
//     factor of 2.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <string>

#include "methods/latent_ebm/training/LatentEbmFlow.hpp"

namespace weir {

struct WatchedReport {
  Real gap, gradient_norm, restart_acceptance, step_factor;
};

class TrainingWatch {
 public:
  /// `warm_up`: iterations that are not judged; `components`: of (x, z); `restarts`: whether there are
  /// metropolised ones.
  TrainingWatch(Index warm_up, Index components, bool restarts)
      : warm_up_(warm_up), largest_gap_(std::max(0.3, 0.1 * Real(components))), restarts_(restarts) {}

  /// Takes the report after iteration `step`; what is wrong, with its remedy, or nothing.
  std::optional<std::string> judge(Index step, const WatchedReport& report);
  /// Whether the last report, if there was one, shows none of that, the warm-up included: a good moment for a
  /// copy to go back to.
  bool is_calm() const;
  /// Begins again, with no reports.
  void forget() {
    last_.reset();
    reports_.clear();
  }

  /// The reports that are remembered, as numbers; and back.
  std::vector<Real> save() const;
  void restore(const std::vector<Real>& numbers);

 private:
  Index warm_up_;
  Real largest_gap_;
  bool restarts_;
  std::optional<WatchedReport> last_;  // also within the warm-up
  std::deque<WatchedReport> reports_;  // after it
};

}  // namespace weir
