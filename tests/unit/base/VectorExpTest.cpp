#include "weir/base/VectorExp.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace weir {
namespace {

TEST(VectorExp, IsTheExponential) {
  std::vector<double> x;
  for (double value = -708; value <= 700; value += 0.0371) x.push_back(value);
  for (double value = -1; value <= 1; value += 0.00113) x.push_back(value);
  std::vector<double> result(x.size());
  vector_exp(x.data(), result.data(), std::int64_t(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(result[i] / std::exp(x[i]), 1, 5e-16) << "at " << x[i];
}

TEST(VectorExp, OfZeroIsOneAndOfAlmostNothingIsTiny) {
  double x[] = {0, -709, -1e300, -std::numeric_limits<double>::infinity()};
  vector_exp(x, x, 4);
  EXPECT_EQ(x[0], 1);
  for (int i = 1; i < 4; ++i) {
    EXPECT_GT(x[i], 0);
    EXPECT_LT(x[i], 1e-307);
  }
}

}  // namespace
}  // namespace weir
