#include "weir/base/VectorMath.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/Lanes.hpp"
#include "weir/base/Libraries.hpp"

namespace weir {
namespace {

template <class T>
class VectorMath : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(VectorMath, Precisions);

TYPED_TEST(VectorMath, ExpIsWithinTwoUlp) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T x = -80; x < 80; x += T(0.037))
    EXPECT_NEAR(fast_exp(x) / std::exp(double(x)), 1, 2.5 * epsilon) << x;
  EXPECT_EQ(fast_exp(T(-1e4)), 0);
  EXPECT_EQ(fast_exp(T(0)), 1);
  trap_invalid_operations(
      false);  // comparing a not-a-number is one, where the compiler leaves it to run time
  EXPECT_TRUE(std::isnan(fast_exp(std::numeric_limits<T>::quiet_NaN())));
  trap_invalid_operations();
}

TYPED_TEST(VectorMath, DecayEndsBeforeSubnormalNumbers) {
  using T = TypeParam;
  const T last = sizeof(T) == 4 ? T(-68.9) : T(-666.9), beyond = last - T(0.2);
  EXPECT_EQ(fast_decay(T(0)), 1);
  EXPECT_EQ(fast_decay(last), fast_exp(last));
  EXPECT_GT(fast_decay(last) * fast_decay(last / 20), std::numeric_limits<T>::min());
  EXPECT_EQ(fast_decay(beyond), 0);
  T lanes[lane_count<T>];
  for (int lane = 0; lane < lane_count<T>; ++lane) lanes[lane] = lane % 2 == 0 ? last : beyond;
  store(fast_decay(load_lanes<T>(lanes)), lanes);
  for (int lane = 0; lane < lane_count<T>; ++lane)
    EXPECT_NEAR(lanes[lane], lane % 2 == 0 ? fast_exp(last) : 0,
                4 * std::numeric_limits<T>::epsilon() * fast_exp(last));
  trap_invalid_operations(false);
  EXPECT_TRUE(std::isnan(fast_decay(std::numeric_limits<T>::quiet_NaN())));
  trap_invalid_operations();
}

TYPED_TEST(VectorMath, Expm1IsPreciseNearZeroToo) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T x = T(1e-12); x < 80; x *= T(1.03))
    for (const T signed_x : {x, -x})
      EXPECT_NEAR(fast_expm1(signed_x) / std::expm1(double(signed_x)), 1, 3 * epsilon) << signed_x;
  EXPECT_EQ(fast_expm1(T(0)), 0);
  EXPECT_EQ(fast_expm1(T(-1e4)), -1);
}

TYPED_TEST(VectorMath, Log1pOfTheUnitIntervalIsRelativelyPrecise) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T e = T(1e-30); e <= 1; e *= T(1.07))
    EXPECT_NEAR(fast_log1p_of_unit(e, 1 / (2 + e)) / std::log1p(double(e)), 1, 3 * epsilon) << e;
  EXPECT_EQ(fast_log1p_of_unit(T(0), T(0.5)), 0);
}

TYPED_TEST(VectorMath, LogIsWithinTwoUlp) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T x = T(1e-12); x < T(1e12); x *= T(1.01)) {
    const double exact = std::log(double(x));
    EXPECT_NEAR(fast_log(x), exact, 2 * epsilon * std::max(std::fabs(exact), 0.05)) << x;
  }
}

TYPED_TEST(VectorMath, SineAndCosineOfATurn) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T u = 0; u <= 1; u += T(0.00123)) {
    T sine, cosine;
    fast_sincos_turns(u, sine, cosine);
    const double angle = 2 * 3.14159265358979323846 * double(u);
    EXPECT_NEAR(sine, std::sin(angle), 3 * epsilon) << u;
    EXPECT_NEAR(cosine, std::cos(angle), 3 * epsilon) << u;
  }
}

TYPED_TEST(VectorMath, SineAndCosineOfAnything) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T x = -300; x < 300; x += T(0.173)) {
    T sine, cosine;
    fast_sincos(x, sine, cosine);
    EXPECT_NEAR(sine, std::sin(double(x)), 4 * epsilon * (1 + std::fabs(x) / 100)) << x;
    EXPECT_NEAR(cosine, std::cos(double(x)), 4 * epsilon * (1 + std::fabs(x) / 100)) << x;
  }
}

// Compilers may contract the one to fused multiply-adds and fold the other: the last bits may differ.
TYPED_TEST(VectorMath, PacksAreSingleNumbersSideBySide) {
  using T = TypeParam;
  constexpr int width = lane_count<T>;
  T x[width], packed[width];
  for (int lane = 0; lane < width; ++lane) x[lane] = T(0.3) + T(lane) * T(0.77);
  const auto expect_same = [&](auto of_number, HostLanes<T> of_pack, const char* name) {
    store(of_pack, packed);
    for (int lane = 0; lane < width; ++lane)
      EXPECT_NEAR(packed[lane], of_number(x[lane]),
                  4 * std::numeric_limits<T>::epsilon() * std::fabs(of_number(x[lane])))
          << name << " " << x[lane];
  };
  const auto all = load_lanes<T>(x);
  expect_same([](T a) { return fast_exp(-a); }, fast_exp(-all), "exp");
  expect_same([](T a) { return fast_expm1(-a); }, fast_expm1(-all), "expm1");
  expect_same([](T a) { return fast_log(a); }, fast_log(all), "log");
  expect_same([](T a) { return fast_sin(a); }, fast_sin(all), "sin");
  expect_same([](T a) { return fast_cos(a); }, fast_cos(all), "cos");
  expect_same([](T a) { return square_root(a); }, square_root(all), "square_root");
  expect_same([](T a) { return select(less_than(a, T(2)), a, -a); },
              select(less_than(all, HostLanes<T>(T(2))), all, -all), "select");
}

}  // namespace
}  // namespace weir
