#include "weir/energies/Radial.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace weir {
namespace {

template <class T>
class Radial : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(Radial, Precisions);

/// Value and slope are something up to a distance, and 0 beyond it, both at once: no force without an energy.
template <class T, class Profile>
void expect_end(const Profile& profile, double distance) {
  const T inside = T(0.999 * distance), outside = T(1.001 * distance);
  EXPECT_NE(profile.value(inside * inside), 0);
  EXPECT_NE(profile.slope(inside * inside), 0);
  EXPECT_EQ(profile.value(outside * outside), 0);
  EXPECT_EQ(profile.slope(outside * outside), 0);
}

TYPED_TEST(Radial, FastDecaysEndInValueAndSlopeAtOnce) {
  using T = TypeParam;
  const double exponent = sizeof(T) == 4 ? 69 : 667;
  expect_end<T>(GaussianProfile{2, 0.5}, 0.5 * std::sqrt(2 * exponent));
  expect_end<T>(MorseProfile{1, 0.5, 1, 2}, 2 * exponent);  // the longer of its two ranges
}

}  // namespace
}  // namespace weir
