#include "methods/latent_ebm/training/TrainingWatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weir {

namespace {
constexpr std::size_t remembered = 10, in_a_row = 5;
constexpr Real standard_errors = 4, largest_norm = 80, least_acceptance = 0.01;
}  // namespace

std::optional<std::string> TrainingWatch::judge(Index step, const WatchedReport& report) {
  last_ = report;
  if (step <= warm_up_) return {};
  reports_.push_back(report);
  if (reports_.size() > remembered) reports_.pop_front();
  const auto last_are = [&](auto&& bad) {
    return reports_.size() >= in_a_row &&
           std::all_of(reports_.end() - std::ptrdiff_t(in_a_row), reports_.end(), bad);
  };
  if (last_are([](const WatchedReport& r) { return !(r.gradient_norm <= largest_norm); }))
    return fmt::format(
        "the gradient's norm was above {:g} in {} reports in a row: a smaller "
        "rate of `train.parameters.rule`, or some `train.data_noise`, may help",
        largest_norm, in_a_row);
  if (reports_.size() == remembered) {
    Real mean = 0, square = 0;
    for (const auto& r : reports_) mean += r.gap / Real(remembered);
    for (const auto& r : reports_) square += (r.gap - mean) * (r.gap - mean);
    const Real error = std::sqrt(square / Real(remembered * (remembered - 1)));
    if (!(std::abs(mean) <= largest_gap_) && !(std::abs(mean) <= standard_errors * error))
      return fmt::format(
          "the mean gap E+ - E- of the last {} reports is {:.3g}: the pool does not follow the energy; "
          "more `train.negatives.substeps`, a smaller rate of `train.parameters.rule`, or some "
          "`train.data_noise` may help",
          remembered, mean);
  }
  const auto by_factor = [](const WatchedReport& a, const WatchedReport& b) {
    return a.step_factor < b.step_factor;
  };
  if (restarts_ && last_are([](const WatchedReport& r) { return r.restart_acceptance < least_acceptance; })) {
    const auto [low, high] = std::minmax_element(reports_.begin(), reports_.end(), by_factor);
    if (high->step_factor > 2 * low->step_factor)
      return fmt::format(
          "less than {:g} of the restarts are accepted, and the pool's step wanders: a larger "
          "`train.negatives.restart.metropolised.bandwidth`, or more `train.negatives.particles`, may help",
          least_acceptance);
  }
  return {};
}

bool TrainingWatch::is_calm() const {
  if (!last_) return true;
  return last_->gradient_norm <= largest_norm && std::abs(last_->gap) <= 2 * largest_gap_;
}

std::vector<Real> TrainingWatch::save() const {
  std::vector<Real> numbers;
  const auto add = [&](const WatchedReport& r) {
    for (const Real number : {r.gap, r.gradient_norm, r.restart_acceptance, r.step_factor})
      numbers.push_back(number);
  };
  if (last_) add(*last_);
  for (const auto& report : reports_) add(report);
  return numbers;
}

void TrainingWatch::restore(const std::vector<Real>& numbers) {
  forget();
  for (std::size_t i = 0; i + 4 <= numbers.size(); i += 4) {
    const WatchedReport report{numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]};
    if (i == 0)
      last_ = report;
    else
      reports_.push_back(report);
  }
}

}  // namespace weir
