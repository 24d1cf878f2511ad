#include "methods/schroedinger_bridge/snapshots/PathShape.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

/// Second derivatives of the natural spline through `values`, by elimination.
std::vector<Real> second_derivatives(const std::vector<Real>& times, const std::vector<Real>& values) {
  const std::size_t n = times.size();
  std::vector<Real> m(n, 0), above(n, 0);
  for (std::size_t k = 1; k + 1 < n; ++k) {
    const Real left = times[k] - times[k - 1], right = times[k + 1] - times[k];
    const Real bend = 6 * ((values[k + 1] - values[k]) / right - (values[k] - values[k - 1]) / left);
    const Real pivot = 2 * (left + right) - left * above[k - 1];
    above[k] = right / pivot;
    m[k] = (bend - left * m[k - 1]) / pivot;
  }
  for (std::size_t k = n - 1; k-- > 1;) m[k] -= above[k] * m[k + 1];
  return m;
}

}  // namespace

Index interval_of(const std::vector<Real>& times, Real t) {
  WEIR_CHECK(times.size() > 1 && t >= times.front() && t <= times.back(), "time {}", t);
  const auto after = std::upper_bound(times.begin(), times.end() - 1, t);
  return std::max(Index(after - times.begin()) - 1, Index(0));
}

std::vector<Real> path_weights(const std::vector<Real>& times, Real t, Real beta) {
  const std::size_t k = std::size_t(interval_of(times, t)), n = times.size();
  const Real h = times[k + 1] - times[k], u = (t - times[k]) / h;
  std::vector<Real> weights(n, 0);
  weights[k] = 1 - u;
  weights[k + 1] = u;
  if (beta == 0 || n < least_of_spline) return weights;
  // The spline is linear in the places: what each unit place leaves of its bend.
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<Real> unit(n, 0);
    unit[j] = 1;
    const auto m = second_derivatives(times, unit);
    const Real v = 1 - u;
    weights[j] += beta * h * h / 6 * ((v * v * v - v) * m[k] + (u * u * u - u) * m[k + 1]);
  }
  return weights;
}

}  // namespace weir
