#include "weir/transport/Distances.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "transport/Clouds.hpp"
#include "weir/base/Error.hpp"
#include "weir/transport/Bures.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

template <class Function>
Real mean_over_pairs(Points x, Points y, Function&& function, bool skip_diagonal = false) {
  Real sum = 0;
  for (Index i = 0; i < x.count; ++i)
    for (Index j = 0; j < y.count; ++j)
      if (!(skip_diagonal && i == j))
        sum += function(std::sqrt(cost_between(x, i, y, j, TransportCost::squared_distance)));
  return sum / Real(x.count * (skip_diagonal ? y.count - 1 : y.count));
}

TEST(Wasserstein, OfATranslationIsItsLength) {
  for (const int order : {1, 2}) {
    const Cloud x = normal_cloud(211, 3, 1);
    EXPECT_NEAR(wasserstein(x, moved(x, {2, -3, 6}), order), 7, 1e-12);
    const Cloud line = normal_cloud(50, 1, 2);
    EXPECT_NEAR(wasserstein(line, moved(line, {-4}), order), 4, 1e-13);
  }
}

TEST(Wasserstein, InOneDimensionPairsSortedValues) {
  const Cloud x = uniform_cloud(101, 1, 3), y = normal_cloud(101, 1, 4);
  auto a = x.values, b = y.values;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  Real first = 0, second = 0;
  for (int i = 0; i < 101; ++i) {
    first += std::abs(a[i] - b[i]) / 101;
    second += (a[i] - b[i]) * (a[i] - b[i]) / 101;
  }
  EXPECT_NEAR(wasserstein(x, y, 1), first, 1e-14);
  EXPECT_NEAR(wasserstein(x, y, 2), std::sqrt(second), 1e-14);
}

TEST(Wasserstein, InOneDimensionAgreesWithThePlaneForUnequalSizes) {
  const Cloud x = uniform_cloud(35, 1, 5), y = normal_cloud(21, 1, 6);
  Cloud flat_x{{}, 2}, flat_y{{}, 2};
  for (const Real value : x.values) flat_x.values.insert(flat_x.values.end(), {value, 7});
  for (const Real value : y.values) flat_y.values.insert(flat_y.values.end(), {value, 7});
  for (const int order : {1, 2})
    EXPECT_NEAR(wasserstein(x, y, order), wasserstein(flat_x, flat_y, order), 1e-12);
}

TEST(Wasserstein, IsAMetric) {
  const Cloud x = uniform_cloud(40, 2, 7), y = normal_cloud(60, 2, 8), z = uniform_cloud(40, 2, 9, 3);
  for (const int order : {1, 2}) {
    EXPECT_EQ(wasserstein(x, x, order), 0);
    EXPECT_NEAR(wasserstein(x, y, order), wasserstein(y, x, order), 1e-12);
    EXPECT_LE(wasserstein(x, z, order), wasserstein(x, y, order) + wasserstein(y, z, order));
  }
  EXPECT_LE(wasserstein(x, y, 1), wasserstein(x, y, 2));
}

TEST(Wasserstein, RefusesOtherOrders) {
  const Cloud x = uniform_cloud(3, 2, 10);
  EXPECT_THROW(wasserstein(x, x, 3), InternalError);
}

TEST(EnergyDistance, IsWhatPlainLoopsSay) {
  const Cloud x = uniform_cloud(73, 3, 11), y = normal_cloud(131, 3, 12);
  const auto distance = [](Real r) { return r; };
  const Real across = mean_over_pairs(x, y, distance);
  EXPECT_NEAR(energy_distance(x, y),
              2 * across - mean_over_pairs(x, x, distance) - mean_over_pairs(y, y, distance), 1e-13);
  EXPECT_NEAR(energy_distance(x, y, Statistic::u),
              2 * across - mean_over_pairs(x, x, distance, true) - mean_over_pairs(y, y, distance, true),
              1e-13);
  EXPECT_NEAR(energy_distance(x, x), 0, 1e-14);
}

TEST(Mmd, IsWhatPlainLoopsSay) {
  const Cloud x = uniform_cloud(57, 2, 13), y = normal_cloud(90, 2, 14);
  const Real h = 0.8;
  const auto kernel = [&](Real r) { return std::exp(-r * r / (2 * h * h)); };
  const Real across = mean_over_pairs(x, y, kernel);
  EXPECT_NEAR(mmd_squared(x, y, h),
              mean_over_pairs(x, x, kernel) + mean_over_pairs(y, y, kernel) - 2 * across, 1e-14);
  EXPECT_NEAR(mmd_squared(x, y, h, Statistic::u),
              mean_over_pairs(x, x, kernel, true) + mean_over_pairs(y, y, kernel, true) - 2 * across, 1e-14);
  EXPECT_NEAR(maximum_mean_discrepancy(x, y), std::sqrt(mmd_squared(x, y, median_distance(x, y))), 1e-15);
  EXPECT_THROW(mmd_squared(x, y, 0), InternalError);
}

TEST(MedianDistance, OfThePooledPoints) {
  const Cloud x{{0, 1}, 1}, y{{10}, 1};  // distances 1, 9, 10
  EXPECT_EQ(median_distance(x, y), 9);
  const Cloud same{{2, 2, 2}, 1};
  EXPECT_EQ(median_distance(same, same), 1);
  EXPECT_EQ(median_distance(same, Cloud{{5}, 1}), 3);
  EXPECT_GT(median_distance(normal_cloud(3000, 2, 15), normal_cloud(2000, 2, 16)), 1);
}

TEST(Bures, IsTheClosedFormForCommutingCovariances) {
  const GaussianMoments a{{1, 2}, {4, 0, 0, 9}}, b{{1, -1}, {1, 0, 0, 25}};
  EXPECT_NEAR(bures_wasserstein_squared(a, b), 9 + 1 + 4, 1e-13);  // |dm|^2 + sum (s_a - s_b)^2
}

TEST(Bures, IsTheClosedFormInTwoDimensions) {
  // tr (A B)^1/2 = (tr A B + 2 sqrt(det A det B))^1/2 for 2 x 2 matrices
  const GaussianMoments a{{0, 0}, {2, 0.5, 0.5, 1}}, b{{3, 4}, {1, -0.3, -0.3, 3}};
  const Real trace_ab = 2 * 1 + 2 * 0.5 * -0.3 + 1 * 3, det_a = 2 - 0.25, det_b = 3 - 0.09;
  const Real expected = 25 + 3 + 4 - 2 * std::sqrt(trace_ab + 2 * std::sqrt(det_a * det_b));
  EXPECT_NEAR(bures_wasserstein_squared(a, b), expected, 1e-13);
  EXPECT_NEAR(bures_wasserstein_squared(b, a), expected, 1e-13);
  EXPECT_NEAR(bures_wasserstein_squared(a, a), 0, 1e-14);
}

TEST(Bures, AllowsSingularCovariances) {
  const GaussianMoments a{{0, 0}, {1, 0, 0, 0}}, b{{0, 0}, {0, 0, 0, 4}};
  EXPECT_NEAR(bures_wasserstein_squared(a, b), 5, 1e-14);
}

TEST(Bures, OfMomentsBoundsWassersteinFromBelow) {
  const Cloud x = normal_cloud(400, 2, 17), y = normal_cloud(400, 2, 18, 1, 2);
  const Real exact = wasserstein(x, y, 2),
             bound = std::sqrt(bures_wasserstein_squared(moments_of(x), moments_of(y)));
  EXPECT_LE(bound, exact);
  EXPECT_NEAR(bound, exact, 0.05 * exact);
}

TEST(Moments, OfFourPoints) {
  const Cloud x{{0, 0, 2, 0, 0, 4, 2, 4}, 2};
  const auto moments = moments_of(x);
  EXPECT_EQ(moments.mean, (std::vector<Real>{1, 2}));
  EXPECT_EQ(moments.covariance, (std::vector<Real>{1, 0, 0, 4}));
}

}  // namespace
}  // namespace weir
