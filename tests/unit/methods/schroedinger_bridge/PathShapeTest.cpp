// The shapes of paths against closed forms.
#include "methods/schroedinger_bridge/snapshots/PathShape.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace weir {
namespace {

Real at(const std::vector<Real>& weights, const std::vector<Real>& values) {
  return std::inner_product(weights.begin(), weights.end(), values.begin(), Real(0));
}

TEST(PathShape, StraightBetweenSnapshots) {
  const std::vector<Real> times{0, 1, 3}, values{2, 4, -2};
  EXPECT_DOUBLE_EQ(at(path_weights(times, 0.5, 0), values), 3);
  EXPECT_DOUBLE_EQ(at(path_weights(times, 1, 0), values), 4);
  EXPECT_DOUBLE_EQ(at(path_weights(times, 2, 0), values), 1);
  EXPECT_DOUBLE_EQ(at(path_weights(times, 3, 0), values), -2);
  EXPECT_EQ(path_weights(times, 2, 1), path_weights(times, 2, 0));  // three snapshots leave no bend
}

TEST(PathShape, TheSplinePassesTheSnapshotsAndIsNatural) {
  const std::vector<Real> times{0, 2, 3, 4, 6}, values{1, -1, 0.5, 2, 0};
  const auto spline = [&](Real t) { return at(path_weights(times, t, 1), values); };
  for (std::size_t k = 0; k < times.size(); ++k) EXPECT_NEAR(spline(times[k]), values[k], 1e-13);
  const Real h = 1e-4;
  const auto bend = [&](Real t) { return (spline(t + h) - 2 * spline(t) + spline(t - h)) / (h * h); };
  EXPECT_NEAR(bend(0 + h), 0, 1e-2);
  EXPECT_NEAR(bend(6 - h), 0, 1e-2);
  for (const Real t : {2., 3., 4.}) {  // first and second derivatives go on
    EXPECT_NEAR((spline(t + h) - spline(t)) / h, (spline(t) - spline(t - h)) / h, 1e-3);
    EXPECT_NEAR(bend(t + 2 * h), bend(t - 2 * h), 1e-2);
  }
}

// A cubic with no second derivative at the ends is its own natural spline.
TEST(PathShape, TheSplineOfANaturalCubicIsTheCubic) {
  const std::vector<Real> times{0, 1, 2, 3};
  const auto weights = path_weights(times, 1.3, 1);
  EXPECT_NEAR(at(weights, {1, 1, 1, 1}), 1, 1e-14);
  EXPECT_NEAR(at(weights, times), 1.3, 1e-14);
  // Through (0, 0, 1, 0): M_1 = -1.6 6/4.. solved by hand: 4 M_1 + M_2 = 6, M_1 + 4 M_2 = -12.
  const Real m1 = 36. / 15, m2 = -54. / 15, u = 0.3, v = 0.7;
  EXPECT_NEAR(at(weights, {0, 0, 1, 0}), u + ((v * v * v - v) * m1 + (u * u * u - u) * m2) / 6, 1e-13);
  const auto half = path_weights(times, 1.3, 0.5);
  EXPECT_NEAR(half[2], u + ((v * v * v - v) * m1 + (u * u * u - u) * m2) / 12, 1e-13);
}

}  // namespace
}  // namespace weir
