#include "weir/transport/Sinkhorn.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "transport/Clouds.hpp"
#include "weir/base/Error.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/Distances.hpp"
#include "weir/transport/Plan.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

const Communicator& alone() {
  static const Communicator comm(MPI_COMM_SELF);
  return comm;
}

Ensemble dealt(const Cloud& cloud, const Communicator& comm) {
  Ensemble ensemble(comm, Points(cloud).count, cloud.dimension, 8);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < cloud.dimension; ++c)
      ensemble.x(c, i) = Points(cloud)[ensemble.partition.first_particle() + i][c];
  return ensemble;
}

SinkhornResult solved(const Cloud& x, const Cloud& y, const SinkhornProblem& problem) {
  return sinkhorn(dealt(x, alone()), dealt(y, alone()), problem);
}

/// The plan in full, of uniform weights, and what follows from it.
std::vector<Real> plan_of(Points x, Points y, const SinkhornResult& result, const SinkhornProblem& problem) {
  std::vector<Real> plan;
  for (Index i = 0; i < x.count; ++i)
    for (Index j = 0; j < y.count; ++j)
      plan.push_back(
          std::exp((result.f(i) + result.g(j) - cost_between(x, i, y, j, problem.cost)) / problem.epsilon) /
          Real(x.count) / Real(y.count));
  return plan;
}

SinkhornProblem with_epsilon(Real epsilon, Real tolerance = 1e-10) {
  SinkhornProblem problem;
  problem.epsilon = epsilon;
  problem.tolerance = tolerance;
  return problem;
}

TEST(Sinkhorn, MeetsMarginalsAndReportsWhatItsPlanSays) {
  const Cloud x = uniform_cloud(37, 2, 1), y = normal_cloud(53, 2, 2, 0.5, 0.4);
  for (const auto cost : {TransportCost::squared_distance, TransportCost::distance}) {
    auto problem = with_epsilon(0.05);
    problem.cost = cost;
    const auto result = solved(x, y, problem);
    const auto plan = plan_of(x, y, result, problem);
    ASSERT_TRUE(result.converged);
    Real error = 0, transported = 0, entropy = 0;
    for (Index i = 0; i < 37; ++i) {
      Real sum = 0;
      for (Index j = 0; j < 53; ++j) {
        const Real mass = plan[i * 53 + j];
        sum += mass;
        transported += mass * cost_between(x, i, y, j, cost);
        entropy += mass * std::log(mass * 37 * 53);
      }
      error += std::abs(sum - 1. / 37);
    }
    for (Index j = 0; j < 53; ++j) {
      Real sum = 0;
      for (Index i = 0; i < 37; ++i) sum += plan[i * 53 + j];
      EXPECT_NEAR(sum, 1. / 53, 1e-14);
    }
    EXPECT_NEAR(result.marginal_error, error, 1e-13);
    EXPECT_NEAR(result.cost, transported, 1e-13);
    EXPECT_NEAR(result.objective, transported + problem.epsilon * entropy, 1e-10);
    EXPECT_NEAR(result.gap, std::abs(transported + problem.epsilon * entropy - result.objective), 1e-13);
  }
}

TEST(Sinkhorn, LeavesTheConditionalMomentsOfItsPlan) {
  const Cloud x = uniform_cloud(20, 3, 3), y = moved(uniform_cloud(31, 3, 4), {1, -2, 3});
  const auto problem = with_epsilon(0.1);
  const auto result = solved(x, y, problem);
  const auto plan = plan_of(x, y, result, problem);
  Plan entries;
  for (Index i = 0; i < 20; ++i)
    for (Index j = 0; j < 31; ++j) entries.push_back({i, j, plan[i * 31 + j]});
  const auto expected = barycentric_maps(x, y, entries);
  const auto expect_same = [](const ConditionalDisplacement& law, const BarycentricMap& map, Points at,
                              Real sign) {
    for (Index i = 0; i < at.count; ++i) {
      for (Index c = 0; c < 3; ++c)
        EXPECT_NEAR(law.displacement(c, i), sign * (map.mean[i * 3 + c] - at[i][c]), 1e-13);
      EXPECT_NEAR(law.mass(i), map.mass[i], 1e-14);
      EXPECT_NEAR(law.variance(i), map.variance[i], 1e-13);
    }
  };
  expect_same(result.at_x, expected.y_given_x, x, 1);
  expect_same(result.at_y, expected.x_given_y, y, -1);
}

TEST(SinkhornParallel, IsTheSameOnAnyNumberOfRanks) {
  const Cloud x = uniform_cloud(101, 2, 11), y = normal_cloud(87, 2, 12, 1, 0.5);
  for (const bool single : {false, true}) {
    auto problem = with_epsilon(0.02, 1e-4);
    problem.single = single;
    const auto expected = solved(x, y, problem);
    const Ensemble here = dealt(x, Communicator()), there = dealt(y, Communicator());
    const auto result = sinkhorn(here, there, problem);
    EXPECT_EQ(result.cost, expected.cost);
    EXPECT_EQ(result.objective, expected.objective);
    EXPECT_EQ(result.marginal_error, expected.marginal_error);
    EXPECT_EQ(result.iterations, expected.iterations);
    for (Index i = 0; i < here.partition.local_particles(); ++i) {
      const Index global = here.partition.first_particle() + i;
      EXPECT_EQ(result.f(i), expected.f(global));
      EXPECT_EQ(result.at_x.displacement(1, i), expected.at_x.displacement(1, global));
    }
  }
}

TEST(Sinkhorn, SinglePrecisionIsNearDouble) {
  const Cloud x = moved(uniform_cloud(150, 2, 13), {50, 0}), y = normal_cloud(170, 2, 14);
  auto problem = with_epsilon(0.05, 1e-4);
  const auto in_double = solved(x, y, problem);
  problem.single = true;
  const auto in_single = solved(x, y, problem);
  EXPECT_TRUE(in_single.converged);
  for (Index i = 0; i < 150; ++i)
    EXPECT_NEAR(in_single.at_x.displacement(0, i), in_double.at_x.displacement(0, i), 2e-3);
}

TEST(Sinkhorn, ApproachesTheAssignmentAsEpsilonFalls) {
  const Cloud x = uniform_cloud(60, 2, 5), y = uniform_cloud(60, 2, 6);
  const Real exact = solve_assignment(x, y).cost;
  Real previous = std::numeric_limits<Real>::infinity();
  for (const Real epsilon : {0.1, 0.01, 0.001}) {
    const auto result = solved(x, y, with_epsilon(epsilon, 1e-6));
    EXPECT_GE(result.cost, exact * (1 - 1e-5));
    EXPECT_LT(result.cost, previous);
    previous = result.cost;
  }
  EXPECT_NEAR(previous, exact, 0.03 * exact);
}

TEST(Sinkhorn, FindsAPlanWhereKernelsUnderflow) {
  // exp(-c / epsilon) is 0 in double precision for every pair, and for most after centring.
  const Cloud x = uniform_cloud(40, 2, 7, 20), y = moved(x, {1000, 0});
  const auto result = solved(x, y, with_epsilon(0.5, 1e-5));
  EXPECT_TRUE(result.converged) << result.marginal_error << " after " << result.iterations;
  Real mass = 0;
  for (Index j = 0; j < 40; ++j) mass += result.at_y.mass(j);
  EXPECT_NEAR(mass, 1, 1e-7);
  EXPECT_NEAR(result.cost, 1e6, 3);
}

/// Between N(0, a) and N(0.7, b), variances a = 1.3 and b = 0.6, with entropy weight 2 e, e = 0.4, D^2 = 4 a
/// b + e^2 (Janati et al., NeurIPS 2020): objective = 0.7^2 + a + b - D + e (1 - log 2e) + e log(D + e)
/// = 1.38557229. On points of equal distance, weighted by the density, the sums are spectrally accurate.
TEST(Sinkhorn, IsTheClosedFormBetweenGaussians) {
  const Index n = 400;
  Cloud x{std::vector<Real>(n), 1}, y{std::vector<Real>(n), 1};
  auto problem = with_epsilon(2 * 0.4, 1e-13);
  problem.x_weights = Vector<Real>("weights", n);
  for (Index i = 0; i < n; ++i) {
    const Real z = -8 + 16 * (Real(i) + 0.5) / Real(n);
    x.values[i] = std::sqrt(1.3) * z;
    y.values[i] = 0.7 + std::sqrt(0.6) * z;
    problem.x_weights(i) = std::exp(-z * z / 2);
  }
  problem.y_weights = problem.x_weights;
  const auto result = solved(x, y, problem);
  EXPECT_TRUE(result.converged);
  EXPECT_NEAR(result.objective, 1.38557229, 5e-9);
}

TEST(Sinkhorn, SaysWhenItDidNotConverge) {
  auto problem = with_epsilon(1e-4, 1e-12);
  problem.max_iterations = 3;
  const auto result = solved(uniform_cloud(50, 2, 8), uniform_cloud(50, 2, 9), problem);
  EXPECT_FALSE(result.converged);
  EXPECT_GT(result.marginal_error, 1e-12);
}

TEST(SinkhornParallel, TheMeanCostIsThatOfAllPairs) {
  const Cloud x = uniform_cloud(23, 3, 15), y = normal_cloud(31, 3, 16, 2);
  Real sum = 0;
  for (Index i = 0; i < 23; ++i)
    for (Index j = 0; j < 31; ++j) sum += cost_between(x, i, y, j, TransportCost::squared_distance);
  EXPECT_NEAR(mean_squared_distance(dealt(x, Communicator()), dealt(y, Communicator())), sum / 23 / 31,
              1e-12);
}

TEST(SinkhornParallel, EntropicDistancesAreNearTheExactOnes) {
  const Cloud x = uniform_cloud(300, 2, 17), y = moved(uniform_cloud(280, 2, 18), {2, 1});
  const Ensemble here = dealt(x, Communicator()), there = dealt(y, Communicator());
  for (const int order : {1, 2})
    for (const bool single : {false, true}) {
      const Real exact = wasserstein(x, y, order), found = entropic_wasserstein(here, there, order, single);
      EXPECT_NEAR(found, exact, 0.02 * exact) << order;
      EXPECT_GT(found, exact * 0.999);
    }
}

TEST(Sinkhorn, RefusesSenselessOptions) {
  const Cloud x = uniform_cloud(4, 2, 10);
  EXPECT_THROW(solved(x, x, with_epsilon(0)), InternalError);
  auto problem = with_epsilon(1);
  problem.x_weights = Vector<Real>("weights", 2);
  EXPECT_THROW(solved(x, x, problem), InternalError);
  problem.x_weights = Vector<Real>("weights", 4);
  EXPECT_THROW(solved(x, x, problem), InternalError);  // zeros
}

}  // namespace
}  // namespace weir
