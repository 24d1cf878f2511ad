#include "weir/transport/NetworkSimplex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "transport/Clouds.hpp"
#include "weir/base/Error.hpp"
#include "weir/transport/Assignment.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

constexpr TransportCost both_costs[] = {TransportCost::squared_distance, TransportCost::distance};

Cloud repeated(const Cloud& cloud, Index times) {
  Cloud result{{}, cloud.dimension};
  for (Index i = 0; i < Points(cloud).count; ++i)
    for (Index t = 0; t < times; ++t)
      result.values.insert(result.values.end(), Points(cloud)[i], Points(cloud)[i] + cloud.dimension);
  return result;
}

void expect_optimal(Points x, Points y, const Transport& solution, TransportCost cost,
                    Real tolerance = 2e-12) {
  std::vector<Real> from(x.count), to(y.count);
  Real primal = 0, dual = 0, largest = 0, violation = 0;
  for (const auto& entry : solution.plan) {
    EXPECT_GT(entry.mass, 0);
    from[entry.x] += entry.mass;
    to[entry.y] += entry.mass;
    primal += entry.mass * cost_between(x, entry.x, y, entry.y, cost);
  }
  for (Index i = 0; i < x.count; ++i) EXPECT_NEAR(from[i] * Real(x.count), 1, 1e-12);
  for (Index j = 0; j < y.count; ++j) EXPECT_NEAR(to[j] * Real(y.count), 1, 1e-12);
  for (Index i = 0; i < x.count; ++i)
    for (Index j = 0; j < y.count; ++j) {
      const Real c = cost_between(x, i, y, j, cost);
      largest = std::max(largest, c);
      violation = std::max(violation, solution.u[i] + solution.v[j] - c);
    }
  for (const Real u : solution.u) dual += u / Real(x.count);
  for (const Real v : solution.v) dual += v / Real(y.count);
  EXPECT_LE(Index(solution.plan.size()), x.count + y.count - 1);
  EXPECT_NEAR(solution.cost, primal, 1e-13 * primal);
  EXPECT_NEAR(dual, primal, tolerance * primal + 1e-15 * largest);
  EXPECT_LE(violation, 1e-14 * largest);
  EXPECT_LE(solution.certificate.violation, 1e-14 * largest);
  EXPECT_LE(std::abs(solution.certificate.gap), tolerance * primal + 1e-15 * largest);
}

TEST(NetworkSimplex, EqualsTheAssignmentOfRepeatedPoints) {
  // n points to m: every x as m / g equal points, every y as n / g.
  for (const auto cost : both_costs)
    for (const auto& sizes : {std::pair<Index, Index>{2, 3}, {3, 2}, {4, 6}, {5, 5}, {17, 12}}) {
      const Index n = sizes.first, m = sizes.second, g = std::gcd(n, m);
      const Cloud x = uniform_cloud(n, 2, 1), y = uniform_cloud(m, 2, 2);
      const auto solution = solve_network_simplex(x, y, cost);
      expect_optimal(x, y, solution, cost);
      EXPECT_NEAR(solution.cost, solve_assignment(repeated(x, m / g), repeated(y, n / g), cost).cost, 1e-13);
    }
}

TEST(NetworkSimplex, ProvesOddSizesOptimal) {
  for (const auto cost : both_costs)
    for (const auto& sizes :
         {std::pair<Index, Index>{1, 1}, {1, 7}, {7, 1}, {311, 97}, {500, 501}, {900, 600}}) {
      const Cloud x = uniform_cloud(sizes.first, 2, 3), y = normal_cloud(sizes.second, 2, 4, 0.5, 0.2);
      expect_optimal(x, y, solve_network_simplex(x, y, cost), cost);
    }
}

TEST(NetworkSimplex, InHigherDimensions) {
  for (const Index d : {1, 3, 11}) {
    const Cloud x = uniform_cloud(210, d, 5), y = uniform_cloud(330, d, 6);
    expect_optimal(x, y, solve_network_simplex(x, y), TransportCost::squared_distance);
  }
}

TEST(NetworkSimplex, EndsOnRepeatedPoints) {
  for (const auto cost : both_costs) {
    const Cloud x = lattice_cloud(400, 2, 7), y = lattice_cloud(700, 2, 8);
    expect_optimal(x, y, solve_network_simplex(x, y, cost), cost);
  }
  const Cloud one{std::vector<Real>(2 * 40, 0.25), 2}, other{std::vector<Real>(2 * 60, 1.25), 2};
  EXPECT_NEAR(solve_network_simplex(one, other).cost, 2, 1e-13);
  EXPECT_EQ(solve_network_simplex(one, one).cost, 0);
}

TEST(NetworkSimplex, ResolvesSmallMovesOfLargeClouds) {
  const Cloud x = uniform_cloud(300, 2, 9);
  const Cloud y = moved(repeated(x, 2), {1e-7, 0});
  const auto solution = solve_network_simplex(x, y);
  EXPECT_NEAR(solution.cost, 1e-14, 1e-8 * 1e-14);
  EXPECT_LE(solution.certificate.gap, 1e-9 * solution.cost);
}

TEST(NetworkSimplex, HoldsAtAnyScale) {
  const Cloud x = uniform_cloud(60, 2, 10), y = uniform_cloud(80, 2, 11);
  const auto reference = solve_network_simplex(x, y);
  for (const int exponent : {-400, 450}) {
    Cloud a = x, b = y;
    for (Real& value : a.values) value = std::ldexp(value, exponent);
    for (Real& value : b.values) value = std::ldexp(value, exponent);
    EXPECT_EQ(solve_network_simplex(a, b).cost, std::ldexp(reference.cost, 2 * exponent));
  }
}

TEST(NetworkSimplex, IsTheSameEveryTime) {
  const Cloud x = uniform_cloud(250, 2, 12), y = uniform_cloud(240, 2, 13);
  const auto once = solve_network_simplex(x, y), again = solve_network_simplex(x, y);
  EXPECT_EQ(once.v, again.v);
  ASSERT_EQ(once.plan.size(), again.plan.size());
  for (std::size_t a = 0; a < once.plan.size(); ++a) {
    EXPECT_EQ(once.plan[a].y, again.plan[a].y);
    EXPECT_EQ(once.plan[a].mass, again.plan[a].mass);
  }
}

TEST(BarycentricMap, OfAHandMadePlan) {
  // x = 0, 2, 4 (one component); y_0 takes all of x_0 and half of x_1, y_1 the rest.
  const Cloud x{{0, 2, 4}, 1}, y{{10, 20}, 1};
  const Plan plan{{0, 0, 1. / 3}, {1, 0, 1. / 6}, {1, 1, 1. / 6}, {2, 1, 1. / 3}};
  const auto maps = barycentric_maps(x, y, plan);
  EXPECT_NEAR(maps.x_given_y.mass[0], 0.5, 1e-15);
  EXPECT_NEAR(maps.x_given_y.mean[0], 2. / 3, 1e-15);
  EXPECT_NEAR(maps.x_given_y.mean[1], 10. / 3, 1e-15);
  EXPECT_NEAR(maps.x_given_y.variance[0], 8. / 9, 1e-15);
  EXPECT_NEAR(maps.y_given_x.mass[1], 1. / 3, 1e-15);
  EXPECT_NEAR(maps.y_given_x.mean[1], 15, 1e-14);
  EXPECT_NEAR(maps.y_given_x.variance[1], 25, 1e-13);
  EXPECT_NEAR(maps.y_given_x.variance[0], 0, 1e-15);
}

TEST(BarycentricMap, OfAnAssignmentIsTheAssignment) {
  const Cloud x = uniform_cloud(50, 3, 14), y = uniform_cloud(50, 3, 15);
  const auto solution = solve_assignment(x, y);
  const auto maps = barycentric_maps(x, y, solution.plan());
  for (Index j = 0; j < 50; ++j) {
    EXPECT_EQ(maps.x_given_y.variance[j], 0);
    for (Index k = 0; k < 3; ++k) EXPECT_EQ(maps.x_given_y.mean[3 * j + k], Points(x)[solution.x_of_y[j]][k]);
  }
}

}  // namespace
}  // namespace weir
