#include "weir/transport/Assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "transport/Clouds.hpp"
#include "weir/base/Error.hpp"
#include "weir/transport/NetworkSimplex.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

constexpr TransportCost both_costs[] = {TransportCost::squared_distance, TransportCost::distance};

Real cheapest_by_trying(Points x, Points y, TransportCost cost) {
  std::vector<Index> order(x.count);
  std::iota(order.begin(), order.end(), Index(0));
  Real cheapest = std::numeric_limits<Real>::infinity();
  do {
    Real sum = 0;
    for (Index i = 0; i < x.count; ++i) sum += cost_between(x, i, y, order[i], cost);
    cheapest = std::min(cheapest, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return cheapest / Real(x.count);
}

/// A permutation, its cost, potentials that prove it: by plain loops over all pairs.
void expect_optimal(Points x, Points y, const Assignment& solution, TransportCost cost,
                    Real tolerance = 1e-12) {
  ASSERT_EQ(Index(solution.y_of_x.size()), x.count);
  Real primal = 0, dual = 0, largest = 0, violation = 0;
  for (Index i = 0; i < x.count; ++i) {
    ASSERT_EQ(solution.x_of_y[solution.y_of_x[i]], i);
    primal += cost_between(x, i, y, solution.y_of_x[i], cost) / Real(x.count);
    dual += (solution.u[i] + solution.v[i]) / Real(x.count);
    for (Index j = 0; j < y.count; ++j) {
      const Real c = cost_between(x, i, y, j, cost);
      largest = std::max(largest, c);
      violation = std::max(violation, solution.u[i] + solution.v[j] - c);
    }
  }
  EXPECT_NEAR(solution.cost, primal, tolerance * primal);
  EXPECT_NEAR(dual, primal, tolerance * (primal + largest));
  EXPECT_LE(violation, tolerance * largest);
  EXPECT_LE(solution.certificate.violation, tolerance * largest);
  EXPECT_LE(std::abs(solution.certificate.gap), tolerance * (primal + 1e-3 * largest));
}

TEST(Assignment, FindsTheCheapestOfAllPermutations) {
  for (const auto cost : both_costs)
    for (Index n = 1; n <= 7; ++n)
      for (Index d = 1; d <= 3; ++d) {
        const Cloud x = uniform_cloud(n, d, 10 * n + d), y = uniform_cloud(n, d, 1000 + 10 * n + d);
        const auto solution = solve_assignment(x, y, cost);
        expect_optimal(x, y, solution, cost);
        EXPECT_NEAR(solution.cost, cheapest_by_trying(x, y, cost), 1e-13)
            << n << " points in " << d << " dimensions";
      }
}

TEST(Assignment, AgreesWithNetworkSimplex) {
  for (const auto cost : both_costs)
    for (const Index d : {2, 3, 7}) {
      const Cloud x = uniform_cloud(173, d, 1), y = normal_cloud(173, d, 2, 0.5, 0.3);
      const auto solution = solve_assignment(x, y, cost);
      expect_optimal(x, y, solution, cost);
      EXPECT_NEAR(solution.cost, solve_network_simplex(x, y, cost).cost, 1e-11 * solution.cost);
    }
}

TEST(Assignment, ProvesLargerProblemsOptimal) {
  for (const auto cost : both_costs)
    for (const Index n : {199, 200, 201, 777, 1000}) {
      const Cloud x = uniform_cloud(n, 2, 3), y = uniform_cloud(n, 2, 4);
      expect_optimal(x, y, solve_assignment(x, y, cost), cost);
    }
}

TEST(Assignment, OfDistantCloudsOfDifferentShape) {
  const Cloud x = normal_cloud(600, 3, 5), y = normal_cloud(600, 3, 6, 20, 0.1);
  for (const auto cost : both_costs) expect_optimal(x, y, solve_assignment(x, y, cost), cost);
}

TEST(Assignment, OfTranslatedPointsIsTheTranslation) {
  const Cloud x = uniform_cloud(700, 2, 7), y = moved(x, {3, 4});
  const auto solution = solve_assignment(x, y);
  for (Index i = 0; i < 700; ++i) EXPECT_EQ(solution.y_of_x[i], i);
  EXPECT_NEAR(solution.cost, 25, 1e-12);
}

TEST(Assignment, OfNearlyIdenticalPointsIsTheIdentity) {
  const Cloud x = uniform_cloud(900, 2, 8);
  Cloud y = x;
  std::uint64_t state = 9;
  for (Real& value : y.values) value += 1e-9 * uniform_number(state);
  const auto solution = solve_assignment(x, y);
  for (Index i = 0; i < 900; ++i) EXPECT_EQ(solution.y_of_x[i], i);
  EXPECT_LE(solution.certificate.gap, 1e-9 * solution.cost);
}

TEST(Assignment, OfPointsThatAreRepeated) {
  for (const auto cost : both_costs) {
    const Cloud x = lattice_cloud(500, 2, 10), y = lattice_cloud(500, 2, 11);
    expect_optimal(x, y, solve_assignment(x, y, cost), cost);
  }
  const Cloud same{std::vector<Real>(2 * 300, 1.5), 2};
  EXPECT_EQ(solve_assignment(same, same).cost, 0);
  EXPECT_NEAR(solve_assignment(same, moved(same, {0, 2})).cost, 4, 1e-12);
}

TEST(Assignment, OfCollinearPointsFollowsTheirOrder) {
  const Index n = 400;
  const Cloud s = uniform_cloud(n, 1, 12), t = uniform_cloud(n, 1, 13);
  Cloud x{{}, 2}, y{{}, 2};
  for (Index i = 0; i < n; ++i) {
    x.values.insert(x.values.end(), {s.values[i], 2 * s.values[i]});
    y.values.insert(y.values.end(), {t.values[i], 2 * t.values[i]});
  }
  const auto plane = solve_assignment(x, y), line = solve_assignment(s, t);
  expect_optimal(s, t, line, TransportCost::squared_distance);
  expect_optimal(x, y, plane, TransportCost::squared_distance);
  EXPECT_NEAR(plane.cost, 5 * line.cost, 1e-12 * plane.cost);
}

TEST(Assignment, HoldsAtAnyScale) {
  const Cloud x = uniform_cloud(300, 2, 14), y = uniform_cloud(300, 2, 15);
  const auto reference = solve_assignment(x, y);
  for (const int exponent : {-400, -50, 60, 450}) {
    Cloud a = x, b = y;
    for (Real& value : a.values) value = std::ldexp(value, exponent);
    for (Real& value : b.values) value = std::ldexp(value, exponent);
    const auto solution = solve_assignment(a, b);
    EXPECT_EQ(solution.y_of_x, reference.y_of_x) << "2^" << exponent;
    EXPECT_EQ(solution.cost, std::ldexp(reference.cost, 2 * exponent));
  }
}

TEST(Assignment, OfPointsSpreadOverManyScales) {
  Cloud x = normal_cloud(400, 2, 16, 0, 3), y = normal_cloud(400, 2, 17, 0, 3);
  for (Real& value : x.values) value = std::exp(value);
  for (Real& value : y.values) value = std::exp(value);
  for (const auto cost : both_costs) expect_optimal(x, y, solve_assignment(x, y, cost), cost);
}

TEST(Assignment, IsTheSameEveryTime) {
  const Cloud x = uniform_cloud(500, 2, 18), y = uniform_cloud(500, 2, 19);
  const auto once = solve_assignment(x, y), again = solve_assignment(x, y);
  EXPECT_EQ(once.y_of_x, again.y_of_x);
  EXPECT_EQ(once.u, again.u);
  EXPECT_EQ(once.v, again.v);
}

TEST(Assignment, RefusesWhatIsNoAssignmentProblem) {
  const Cloud x = uniform_cloud(4, 2, 20), y = uniform_cloud(5, 2, 21), z = uniform_cloud(4, 3, 22);
  EXPECT_THROW(solve_assignment(x, y), InternalError);
  EXPECT_THROW(solve_assignment(x, z), InternalError);
  EXPECT_THROW(solve_assignment(Points{nullptr, 0, 2}, Points{nullptr, 0, 2}), InternalError);
  Cloud bad = x;
  bad.values[5] = std::numeric_limits<Real>::infinity();
  try {
    solve_assignment(x, bad);
    FAIL() << "accepted an infinite coordinate";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(),
                 "transport between point clouds: component 1 of point 2 of the second cloud is inf");
  }
}

}  // namespace
}  // namespace weir
