#include "transport/CoarseStart.hpp"

#include <algorithm>
#include <cmath>

namespace weir::detail {

namespace {

constexpr Index coarsening = 4;
constexpr Index smallest_refined = 200;  // below, a coarse problem does not pay

/// `number` of the points, one of each run of consecutive ones, at a place that varies so as not to fall in
/// with a pattern.
std::vector<Real> some_of(Points points, Index number, std::uint32_t salt) {
  std::vector<Real> some;
  some.reserve(std::size_t(number * points.dimension));
  for (Index k = 0; k < number; ++k) {
    const Index first = k * points.count / number, last = (k + 1) * points.count / number;
    const Index hash = Index(((std::uint32_t(k) + salt) * 2654435761u) >> 16);
    const Real* point = points[first + hash % (last - first)];
    some.insert(some.end(), point, point + points.dimension);
  }
  return some;
}

template <class Cost>
bool nearly_identical(const Problem<Cost>& problem) {
  const Index longest = std::max(problem.to_x.padded(), problem.to_y.padded());
  const std::vector<Real> zero(longest, 0);
  std::vector<Real> keys(longest), minima(longest);
  const auto nearest = [&](const CostRows<Cost>& cloud, const Real* point) {
    cloud.find_keys(point, zero.data(), keys.data(), minima.data());
    return Index(std::min_element(keys.begin(), keys.begin() + cloud.count()) - keys.begin());
  };
  const Index stride = std::max<Index>(1, problem.x.count / 100);
  Index mutual = 0, sampled = 0;
  for (Index i = 0; i < problem.x.count; i += stride, ++sampled)
    mutual += nearest(problem.to_x, problem.y[nearest(problem.to_y, problem.x[i])]) == i;
  return 10 * mutual >= 7 * sampled;
}

}  // namespace

std::vector<Real> scaled(Points points, int exponent) {
  std::vector<Real> values(points.values, points.values + points.count * points.dimension);
  for (Real& value : values) value = std::ldexp(value, -exponent);
  return values;
}

template <class Cost>
AssignmentSolver<Cost> solve(const Problem<Cost>& problem) {
  AssignmentSolver<Cost> solver(problem.x, problem.to_y, starting_potentials(problem));
  solver.solve();
  return solver;
}

template <class Cost>
std::vector<Real> starting_potentials(const Problem<Cost>& problem) {
  auto v = problem.to_y.weights(0);
  const Index size = std::min(problem.x.count, problem.y.count);
  if (size < smallest_refined || nearly_identical(problem)) return v;
  const Problem<Cost> coarse(some_of(problem.x, size / coarsening, 0),
                             some_of(problem.y, size / coarsening, 1), problem.x.dimension);
  const auto solution = solve(coarse);
  auto u = coarse.to_x.weights(0);
  for (Index i = 0; i < coarse.x.count; ++i) u[i] = solution.u(i);
  for (Index j = 0; j < problem.y.count; ++j) v[j] = coarse.to_x.smallest_key(problem.y[j], u.data());
  return v;
}

template AssignmentSolver<SquaredDistance> solve(const Problem<SquaredDistance>&);
template AssignmentSolver<Distance> solve(const Problem<Distance>&);
template std::vector<Real> starting_potentials(const Problem<SquaredDistance>&);
template std::vector<Real> starting_potentials(const Problem<Distance>&);

}  // namespace weir::detail
