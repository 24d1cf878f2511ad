#include "weir/transport/Plan.hpp"

namespace weir {

namespace {

/// `target` and `source` pick the two ends of an entry.
template <class Target, class Source>
BarycentricMap conditional_moments(const Plan& plan, Points sources, Index targets, Target target,
                                   Source source) {
  const Index d = sources.dimension;
  BarycentricMap map{d, std::vector<Real>(targets * d), std::vector<Real>(targets),
                     std::vector<Real>(targets)};
  for (const auto& entry : plan) map.mass[target(entry)] += entry.mass;
  const auto share = [&](const PlanEntry& entry) {
    const Real mass = map.mass[target(entry)];
    return mass > 0 ? entry.mass / mass : 0;
  };
  for (const auto& entry : plan)
    for (Index k = 0; k < d; ++k) map.mean[target(entry) * d + k] += share(entry) * sources[source(entry)][k];
  for (const auto& entry : plan)
    for (Index k = 0; k < d; ++k) {
      const Real deviation = sources[source(entry)][k] - map.mean[target(entry) * d + k];
      map.variance[target(entry)] += share(entry) * deviation * deviation;
    }
  return map;
}

}  // namespace

BarycentricMaps barycentric_maps(Points x, Points y, const Plan& plan) {
  const auto at_x = [](const PlanEntry& entry) { return entry.x; };
  const auto at_y = [](const PlanEntry& entry) { return entry.y; };
  return {conditional_moments(plan, x, y.count, at_y, at_x),
          conditional_moments(plan, y, x.count, at_x, at_y)};
}

}  // namespace weir
