#include "weir/base/SafeMath.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/Lanes.hpp"
#include "weir/base/Libraries.hpp"

namespace weir {
namespace {

template <class T>
class SafeMath : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(SafeMath, Precisions);

/// Numbers of both signs from the least subnormal one to the largest, denser around 1, and infinity where
/// asked for.
template <class T>
std::vector<T> numbers(bool infinite = true) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> all{0, Limits::denorm_min(), Limits::min(), Limits::min() / 8, Limits::max()};
  if (infinite) all.push_back(Limits::infinity());
  for (T x = T(1e-35); x < T(1e35); x *= T(1.37)) all.push_back(x);
  for (T x = T(0.001); x < T(130); x += T(0.0371)) all.push_back(x);
  for (T x = T(130); x < T(3e5); x *= T(1.0037)) all.push_back(x);
  for (std::size_t k = all.size(); k-- > 0;) all.push_back(-all[k]);
  return all;
}

/// Expects f of single numbers, and of Packs in whatever lanes and company, to be `exact` within `ulps` units
/// in the last place of the result, or nearer to it than a thousandth of what rounding x makes of it, and the
/// same in any lane.
template <class T, class F, class Exact>
void expect_function(const char* name, const std::vector<T>& points, F f, Exact exact, double ulps,
                     double by_rounding = 0) {
  constexpr int width = lane_count<T>;
  const auto near = [&](T found, T x) {
    const double expected = exact(double(x));
    if (std::fabs(expected) > double(std::numeric_limits<T>::max()))
      return std::isinf(found) && (found > 0) == (expected > 0);
    const double least = double(std::numeric_limits<T>::denorm_min());
    return std::fabs(double(found) - expected) <=
           double(std::numeric_limits<T>::epsilon()) *
                   (ulps * std::fabs(expected) + 1e-3 * by_rounding * std::min(std::fabs(double(x)), 1e5)) +
               least;
  };
  T lanes[width], results[width], shifted[width];
  for (std::size_t k = 0; k < points.size(); ++k) {
    EXPECT_TRUE(near(T(f(points[k])), points[k]))
        << name << "(" << points[k] << ") = " << f(points[k]) << ", not " << exact(points[k]);
    for (int lane = 0; lane < width; ++lane) lanes[lane] = points[(k + 37 * lane) % points.size()];
    store(f(load_lanes<T>(lanes)), results);
    EXPECT_TRUE(near(results[0], points[k]))
        << name << "(" << points[k] << ") = " << results[0] << " in a Pack, not " << exact(points[k]);
    const int lane = int(k) % width;  // the same number among others
    for (int other = 0; other < width; ++other) lanes[other] = T(0.5);
    lanes[lane] = points[k];
    store(f(load_lanes<T>(lanes)), shifted);
    EXPECT_EQ(results[0], shifted[lane]) << name << "(" << points[k] << ") depends on the other lanes";
  }
}

#define WEIR_FUNCTION(f) [](auto x) { return f(x); }

TYPED_TEST(SafeMath, SineAndCosineOfAnyFiniteNumber) {
  using T = TypeParam;
  auto points = numbers<T>(false);
  const double ulps = sizeof(T) == 4 ? 4 : 3;
  expect_function<T>("tan", points, WEIR_FUNCTION(safe_tan), WEIR_FUNCTION(std::tan), 2 * ulps);
  // Where a sine is nearly 0 the digits of pi that are left decide.
  for (int k = 1; k < 6000; k += 7) points.push_back(T(k * 1.57079632679489661923));
  expect_function<T>("sin", points, WEIR_FUNCTION(safe_sin), WEIR_FUNCTION(std::sin), ulps, 1);
  expect_function<T>("cos", points, WEIR_FUNCTION(safe_cos), WEIR_FUNCTION(std::cos), ulps, 1);
}

TYPED_TEST(SafeMath, ExponentialsAndLogarithms) {
  using T = TypeParam;
  auto points = numbers<T>();
  for (T x = T(-760); x < T(720); x += T(0.17)) points.push_back(x);
  expect_function<T>("exp", points, WEIR_FUNCTION(safe_exp), WEIR_FUNCTION(std::exp), 2.5);
  expect_function<T>("sinh", points, WEIR_FUNCTION(safe_sinh), WEIR_FUNCTION(std::sinh), 5);
  expect_function<T>("cosh", points, WEIR_FUNCTION(safe_cosh), WEIR_FUNCTION(std::cosh), 5);
  expect_function<T>("tanh", points, WEIR_FUNCTION(safe_tanh), WEIR_FUNCTION(std::tanh), 5);
  for (T& x : points) x = std::fabs(x);
  expect_function<T>("log", points, WEIR_FUNCTION(safe_log), WEIR_FUNCTION(std::log), 3);
}

TYPED_TEST(SafeMath, InverseFunctionsOfAngles) {
  using T = TypeParam;
  expect_function<T>("atan", numbers<T>(), WEIR_FUNCTION(safe_atan), WEIR_FUNCTION(std::atan), 3);
  std::vector<T> points{-1, 0, 1};
  for (T x = T(-0.9999); x < 1; x += T(0.00123)) points.push_back(x);
  for (T x = T(1e-30); x < T(0.9); x *= T(1.7)) points.push_back(x);
  expect_function<T>("asin", points, WEIR_FUNCTION(safe_asin), WEIR_FUNCTION(std::asin), 5);
  expect_function<T>("acos", points, WEIR_FUNCTION(safe_acos), WEIR_FUNCTION(std::acos), 5);
}

TYPED_TEST(SafeMath, AnglesHaveAllSignsOfZeroAndInfinity) {
  using T = TypeParam;
  const T infinity = std::numeric_limits<T>::infinity();
  std::vector<T> sides{0, -T(0), infinity, -infinity};
  for (T x = T(1e-37); x < T(1e37); x *= T(3.1)) sides.insert(sides.end(), {x, -x, T(1.7) * x});
  for (const T x : sides)
    expect_function<T>(
        "atan2", sides,
        [x](auto y) {
          using N = decltype(y);
          return safe_atan2(y, N(x));
        },
        [x](double y) { return std::atan2(y, double(x)); }, 3);
  EXPECT_TRUE(std::signbit(safe_atan2(-T(0), T(1))));
}

TYPED_TEST(SafeMath, Powers) {
  using T = TypeParam;
  std::vector<T> bases{0, std::numeric_limits<T>::infinity(), std::numeric_limits<T>::denorm_min()};
  for (T a = T(1e-30); a < T(1e30); a *= T(1.31)) bases.push_back(a);
  for (const T b : {T(0), T(0.2), T(-1.5), T(7.3), T(30)})
    expect_function<T>(
        "pow", bases,
        [b](auto a) {
          using N = decltype(a);
          return safe_pow(a, N(b));
        },
        [b](double a) { return std::pow(a, double(b)); }, sizeof(T) == 4 ? 1 : 30);
  EXPECT_EQ(safe_pow(T(-2), T(3)), -8);
}

TYPED_TEST(SafeMath, NotANumberStaysOne) {
  using T = TypeParam;
  trap_invalid_operations(false);
  T lanes[lane_count<T>];
  for (int lane = 0; lane < lane_count<T>; ++lane) lanes[lane] = 1;
  constexpr int last = lane_count<T> - 1;
  lanes[last] = std::numeric_limits<T>::quiet_NaN();
  const auto expect_nan = [&](const char* name, auto f) {
    T results[lane_count<T>];
    store(f(load_lanes<T>(lanes)), results);
    EXPECT_TRUE(std::isnan(results[last])) << name;
    EXPECT_TRUE(std::isnan(T(f(lanes[last])))) << name;
    if (last > 0) {
      EXPECT_FALSE(std::isnan(results[0])) << name;
    }
  };
  expect_nan("sin", WEIR_FUNCTION(safe_sin));
  expect_nan("tan", WEIR_FUNCTION(safe_tan));
  expect_nan("exp", WEIR_FUNCTION(safe_exp));
  expect_nan("log", WEIR_FUNCTION(safe_log));
  expect_nan("atan", WEIR_FUNCTION(safe_atan));
  expect_nan("asin", WEIR_FUNCTION(safe_asin));
  expect_nan("sinh", WEIR_FUNCTION(safe_sinh));
  expect_nan("cosh", WEIR_FUNCTION(safe_cosh));
  expect_nan("tanh", WEIR_FUNCTION(safe_tanh));
  lanes[3] = std::numeric_limits<T>::infinity();
  expect_nan("sin of infinity", WEIR_FUNCTION(safe_sin));
  lanes[3] = 2;
  expect_nan("asin of 2", WEIR_FUNCTION(safe_asin));
  lanes[3] = -1;
  expect_nan("log of -1", WEIR_FUNCTION(safe_log));
  trap_invalid_operations();
}

}  // namespace
}  // namespace weir
