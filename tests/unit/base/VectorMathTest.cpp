#include "weir/base/VectorMath.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace weir {
namespace {

template <class T>
class VectorMath : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(VectorMath, Precisions);

TYPED_TEST(VectorMath, ExpIsWithinTwoUlp) {
  using T = TypeParam;
  const T epsilon = std::numeric_limits<T>::epsilon();
  for (T x = -80; x < 80; x += T(0.037)) EXPECT_NEAR(fast_exp(x) / std::exp(double(x)), 1, 2.5 * epsilon) << x;
  EXPECT_EQ(fast_exp(T(-1e4)), 0);
  EXPECT_EQ(fast_exp(T(0)), 1);
  EXPECT_TRUE(std::isnan(fast_exp(std::numeric_limits<T>::quiet_NaN())));
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

}  // namespace
}  // namespace weir
