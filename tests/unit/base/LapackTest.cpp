#include "weir/base/Lapack.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace weir {
namespace {

TEST(Lapack, EigenvectorsDiagonalise) {
  const std::vector<Real> a{4, 1, 0.5, 1, 3, -0.25, 0.5, -0.25, 2};
  const auto eigen = symmetric_eigen(a, 3);
  for (int k = 0; k < 3; ++k)
    for (int i = 0; i < 3; ++i) {
      Real product = 0;
      for (int j = 0; j < 3; ++j) product += a[i * 3 + j] * eigen.vectors[k * 3 + j];
      EXPECT_NEAR(product, eigen.values[k] * eigen.vectors[k * 3 + i], 1e-13);
    }
  EXPECT_LE(eigen.values[0], eigen.values[1]);
}

TEST(Lapack, CholeskySolves) {
  const std::vector<Real> a{4, 1, 1, 3};
  const auto factor = cholesky(a, 2);
  ASSERT_EQ(factor.size(), 4u);
  EXPECT_NEAR(factor[0], 2, 1e-15);
  EXPECT_EQ(factor[1], 0);
  EXPECT_NEAR(factor[2], 0.5, 1e-15);
  std::vector<Real> b{9, 5};
  cholesky_solve(factor, 2, b.data(), 1);
  EXPECT_NEAR(b[0], 2, 1e-14);
  EXPECT_NEAR(b[1], 1, 1e-14);
  EXPECT_TRUE(cholesky({1, 2, 2, 1}, 2).empty());
}

TEST(Lapack, SingularValuesDescend) {
  const auto values = singular_values({0, 3, -4, 0}, 2);
  EXPECT_NEAR(values[0], 4, 1e-15);
  EXPECT_NEAR(values[1], 3, 1e-15);
}

TEST(Lapack, GramAddsTheLowerTriangle) {
  const std::vector<Real> a{1, 2, 3, 4};  // columns (1, 2) and (3, 4)
  std::vector<Real> c{1, 0, 0, 0};
  add_gram(2, 2, a.data(), c.data());
  EXPECT_EQ(c, (std::vector<Real>{11, 14, 0, 20}));
}

}  // namespace
}  // namespace weir
