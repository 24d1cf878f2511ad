#include "weir/transport/Assignment.hpp"

#include <algorithm>
#include <numeric>

#include "transport/Certify.hpp"
#include "transport/CoarseStart.hpp"
#include "transport/PointChecks.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using namespace detail;

/// The permutation and the potentials v; u_i = c_ij - v_j at the pairs assigned.
struct Solution {
  std::vector<Index> y_of_x;
  std::vector<Real> v;
};

template <class Cost>
Solution solve_in_general(const Problem<Cost>& problem) {
  const auto solver = solve(problem);
  Solution solution;
  solution.y_of_x.assign(solver.y_of_x().begin(), solver.y_of_x().end());
  solution.v.assign(solver.v().begin(), solver.v().begin() + problem.x.count);
  return solution;
}

std::vector<Index> sorted_order(Points points) {
  std::vector<Index> order(points.count);
  std::iota(order.begin(), order.end(), Index(0));
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    return points.values[a] < points.values[b] || (points.values[a] == points.values[b] && a < b);
  });
  return order;
}

/// In one dimension the cost is a convex function of x - y, so the k-th smallest x goes to the k-th smallest
/// y, and
///     v_(k+1) = v_(k) + c(x_(k), y_(k+1)) - c(x_(k), y_(k))
/// makes neighbouring constraints hold, hence all of them.
template <class Cost>
Solution solve_by_sorting(const Problem<Cost>& problem) {
  const auto from = sorted_order(problem.x), to = sorted_order(problem.y);
  Solution solution{std::vector<Index>(from.size()), std::vector<Real>(from.size())};
  Real v = 0;
  for (std::size_t k = 0; k < from.size(); ++k) {
    solution.y_of_x[from[k]] = to[k];
    solution.v[to[k]] = v;
    if (k + 1 == from.size()) break;
    const Real* x = problem.x[from[k]];
    v += problem.to_y.cost(x, to[k + 1]) - problem.to_y.cost(x, to[k]);
  }
  return solution;
}

template <class Cost>
Assignment solve_for(Points x, Points y) {
  const int exponent = binary_exponent(x, y);
  const Problem<Cost> problem(scaled(x, exponent), scaled(y, exponent), x.dimension);
  Solution solution = x.dimension == 1 ? solve_by_sorting(problem) : solve_in_general(problem);

  Assignment result;
  result.y_of_x = std::move(solution.y_of_x);
  result.x_of_y.resize(x.count);
  result.u.resize(x.count);
  result.v.resize(x.count);
  for (Index i = 0; i < x.count; ++i) {
    const Index j = result.y_of_x[i];
    result.x_of_y[j] = i;
    result.u[i] = Cost::scaled(problem.to_y.cost(problem.x[i], j) - solution.v[j], exponent);
    result.v[j] = Cost::scaled(solution.v[j], exponent);
  }
  const Plan plan = result.plan();
  result.cost = cost_of_plan<Cost>(x, y, plan);
  result.certificate = certify<Cost>(x, y, plan, result.u, result.v);
  return result;
}

}  // namespace

Plan Assignment::plan() const {
  Plan plan(y_of_x.size());
  for (std::size_t i = 0; i < plan.size(); ++i) plan[i] = {Index(i), y_of_x[i], 1 / Real(plan.size())};
  return plan;
}

Assignment solve_assignment(Points x, Points y, TransportCost cost) {
  check_points(x, y);
  WEIR_CHECK(x.count == y.count, "{} points to {}", x.count, y.count);
  return cost == TransportCost::distance ? solve_for<Distance>(x, y) : solve_for<SquaredDistance>(x, y);
}

}  // namespace weir
