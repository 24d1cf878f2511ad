#include "methods/learn_energies/MeanMetrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weir {

namespace {

std::string prefix(Index r) {
  return fmt::format("repetition/{}/", r);
}

}  // namespace

void MeanMetrics::add(Index r, const Metrics& metrics) {
  if (count_ == 1) return output_.summarise(metrics);
  Metrics all;
  for (const auto& [name, value] : output_.summary()) {
    const auto same = [&name = name](const auto& metric) { return metric.first == name; };
    if (name.rfind("repetition/", 0) == 0 || name.rfind("seconds/", 0) == 0 ||
        std::any_of(metrics.begin(), metrics.end(), same))
      continue;
    if (const Real* number = std::get_if<Real>(&value)) all.emplace_back(name, *number);
    if (const Index* number = std::get_if<Index>(&value)) all.emplace_back(name, Real(*number));
  }
  all.insert(all.end(), metrics.begin(), metrics.end());
  for (const auto& [name, value] : all) output_.summarise(prefix(r) + name, value);
}

void MeanMetrics::finish() {
  if (count_ == 1) return;
  std::vector<Metrics> all;
  for (Index r = 0; r < count_; ++r) all.push_back(of(r));
  for (std::size_t m = 0; m < all.front().size(); ++m) {
    const std::string& name = all.front()[m].first;
    Real mean = 0, square = 0;
    for (const Metrics& metrics : all) mean += metrics.at(m).second / Real(count_);
    for (const Metrics& metrics : all)
      square += (metrics[m].second - mean) * (metrics[m].second - mean) / Real(count_ - 1);
    output_.summarise(name, mean);
    if (name.find('/') != name.npos) continue;
    output_.summarise(name + "_deviation", std::sqrt(square));
    output_.log(
        fmt::format("{}: {:.6g} +- {:.2g} over {} repetitions", name, mean, std::sqrt(square), count_));
  }
}

Metrics MeanMetrics::of(Index r) const {
  const std::string start = prefix(r);
  Metrics metrics;
  for (const auto& [name, value] : output_.summary())
    if (name.compare(0, start.size(), start) == 0)
      metrics.emplace_back(name.substr(start.size()), std::get<Real>(value));
  return metrics;
}

}  // namespace weir
