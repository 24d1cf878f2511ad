#include "weir/transport/Sinkhorn.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "transport/Clouds.hpp"
#include "weir/base/Error.hpp"
#include "weir/transport/Assignment.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

/// The plan in full, and what follows from it.
std::vector<Real> plan_of(Points x, Points y, const SinkhornResult& result, const SinkhornOptions& options) {
  std::vector<Real> plan;
  for (Index i = 0; i < x.count; ++i)
    for (Index j = 0; j < y.count; ++j) {
      const Real a = options.x_weights.empty() ? 1 / Real(x.count) : options.x_weights[i];
      const Real b = options.y_weights.empty() ? 1 / Real(y.count) : options.y_weights[j];
      plan.push_back(
          a * b *
          std::exp((result.f[i] + result.g[j] - cost_between(x, i, y, j, options.cost)) / options.epsilon));
    }
  return plan;
}

SinkhornOptions with_epsilon(Real epsilon, Real tolerance = 1e-10) {
  SinkhornOptions options;
  options.epsilon = epsilon;
  options.tolerance = tolerance;
  return options;
}

TEST(Sinkhorn, MeetsMarginalsAndReportsWhatItsPlanSays) {
  const Cloud x = uniform_cloud(37, 2, 1), y = normal_cloud(53, 2, 2, 0.5, 0.4);
  for (const auto cost : {TransportCost::squared_distance, TransportCost::distance}) {
    auto options = with_epsilon(0.05);
    options.cost = cost;
    const auto result = sinkhorn(x, y, options);
    const auto plan = plan_of(x, y, result, options);
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
    EXPECT_NEAR(result.objective, transported + options.epsilon * entropy, 1e-10);
  }
}

TEST(Sinkhorn, MapsAreTheConditionalMomentsOfItsPlan) {
  const Cloud x = uniform_cloud(20, 3, 3), y = uniform_cloud(31, 3, 4);
  const auto options = with_epsilon(0.1);
  const auto result = sinkhorn(x, y, options);
  const auto plan = plan_of(x, y, result, options);
  Plan entries;
  for (Index i = 0; i < 20; ++i)
    for (Index j = 0; j < 31; ++j) entries.push_back({i, j, plan[i * 31 + j]});
  const auto expected = barycentric_maps(x, y, entries);
  const auto expect_same = [](const BarycentricMap& a, const BarycentricMap& b) {
    for (std::size_t k = 0; k < b.mean.size(); ++k) EXPECT_NEAR(a.mean[k], b.mean[k], 1e-13);
    for (std::size_t k = 0; k < b.mass.size(); ++k) {
      EXPECT_NEAR(a.mass[k], b.mass[k], 1e-14);
      EXPECT_NEAR(a.variance[k], b.variance[k], 1e-13);
    }
  };
  expect_same(result.maps.x_given_y, expected.x_given_y);
  expect_same(result.maps.y_given_x, expected.y_given_x);
}

TEST(Sinkhorn, ApproachesTheAssignmentAsEpsilonFalls) {
  const Cloud x = uniform_cloud(60, 2, 5), y = uniform_cloud(60, 2, 6);
  const Real exact = solve_assignment(x, y).cost;
  Real previous = std::numeric_limits<Real>::infinity();
  for (const Real epsilon : {0.1, 0.01, 0.001}) {
    const auto result = sinkhorn(x, y, with_epsilon(epsilon, 1e-6));
    EXPECT_GE(result.cost, exact * (1 - 1e-5));
    EXPECT_LT(result.cost, previous);
    previous = result.cost;
  }
  EXPECT_NEAR(previous, exact, 0.03 * exact);
}

TEST(Sinkhorn, FindsAPlanWhereKernelsUnderflow) {
  // exp(-c / epsilon) is 0 in double precision for every pair.
  const Cloud x = uniform_cloud(40, 2, 7), y = moved(x, {100, 0});
  const auto result = sinkhorn(x, y, with_epsilon(0.5, 1e-8));
  EXPECT_TRUE(result.converged);
  EXPECT_NEAR(std::accumulate(result.maps.x_given_y.mass.begin(), result.maps.x_given_y.mass.end(), 0.), 1,
              1e-7);
  EXPECT_NEAR(result.cost, 10000, 3);
}

/// Between N(0, a) and N(0.7, b), variances a = 1.3 and b = 0.6, with entropy weight 2 e, e = 0.4, D^2 = 4 a
/// b + e^2 (Janati et al., NeurIPS 2020): objective = 0.7^2 + a + b - D + e (1 - log 2e) + e log(D + e)
/// = 1.38557229. On points of equal distance, weighted by the density, the sums are spectrally accurate.
TEST(Sinkhorn, IsTheClosedFormBetweenGaussians) {
  const Index n = 400;
  Cloud x{std::vector<Real>(n), 1}, y{std::vector<Real>(n), 1};
  auto options = with_epsilon(2 * 0.4, 1e-13);
  for (Index i = 0; i < n; ++i) {
    const Real z = -8 + 16 * (Real(i) + 0.5) / Real(n);
    x.values[i] = std::sqrt(1.3) * z;
    y.values[i] = 0.7 + std::sqrt(0.6) * z;
    options.x_weights.push_back(std::exp(-z * z / 2));
  }
  const Real sum = std::accumulate(options.x_weights.begin(), options.x_weights.end(), 0.);
  for (Real& weight : options.x_weights) weight /= sum;
  options.y_weights = options.x_weights;
  const auto result = sinkhorn(x, y, options);
  EXPECT_TRUE(result.converged);
  EXPECT_NEAR(result.objective, 1.38557229, 5e-9);
}

TEST(Sinkhorn, SaysWhenItDidNotConverge) {
  auto options = with_epsilon(1e-4, 1e-12);
  options.max_iterations = 3;
  const auto result = sinkhorn(uniform_cloud(50, 2, 8), uniform_cloud(50, 2, 9), options);
  EXPECT_FALSE(result.converged);
  EXPECT_GT(result.marginal_error, 1e-12);
}

TEST(Sinkhorn, RefusesSenselessOptions) {
  const Cloud x = uniform_cloud(4, 2, 10);
  EXPECT_THROW(sinkhorn(x, x, with_epsilon(0)), InternalError);
  auto options = with_epsilon(1);
  options.x_weights = {0.5, 0.5};
  EXPECT_THROW(sinkhorn(x, x, options), InternalError);
  options.x_weights = {0.5, 0.5, 0.5, 0.5};
  EXPECT_THROW(sinkhorn(x, x, options), InternalError);
}

}  // namespace
}  // namespace weir
