#include "weir/base/Lapack.hpp"

#include <gtest/gtest.h>

<<<<<<< HEAD
#include <cmath>
=======
#include "weir/base/Error.hpp"
>>>>>>> transport

namespace weir {
namespace {

<<<<<<< HEAD
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

TEST(Lapack, GramAddsTheLowerTriangle) {
  const std::vector<Real> a{1, 2, 3, 4};  // columns (1, 2) and (3, 4)
  std::vector<Real> c{1, 0, 0, 0};
  add_gram(2, 2, a.data(), c.data());
  EXPECT_EQ(c, (std::vector<Real>{11, 14, 0, 20}));
=======
TEST(Lapack, CholeskySolves) {
  std::vector<Real> a{4, 2, 0, 5}, b{10, 16, 4, 7};  // A = [4 2; 2 5], two right-hand sides
  cholesky(2, a.data());
  EXPECT_DOUBLE_EQ(a[0], 2);
  EXPECT_DOUBLE_EQ(a[1], 1);
  EXPECT_DOUBLE_EQ(a[3], 2);
  cholesky_solve(2, a.data(), 2, b.data());
  EXPECT_DOUBLE_EQ(b[0], 1.125);
  EXPECT_DOUBLE_EQ(b[1], 2.75);
  EXPECT_DOUBLE_EQ(4 * b[2] + 2 * b[3], 4);
  EXPECT_DOUBLE_EQ(2 * b[2] + 5 * b[3], 7);
}

TEST(Lapack, CholeskyNamesThePivotThatFails) {
  std::vector<Real> a{1, 2, 2, 1};
  try {
    cholesky(2, a.data());
    FAIL() << "factorised an indefinite matrix";
  } catch (const RunError& error) {
    EXPECT_STREQ(error.what(),
                 "Cholesky factorisation: a matrix of 2 rows is not positive definite (pivot 2)");
  }
}

TEST(Lapack, EigenvectorsDiagonalise) {
  const std::vector<Real> a{2, 1, 0, 1, 3, 1, 0, 1, 4};
  std::vector<Real> q = a;
  const auto w = symmetric_eigen(3, q.data());
  EXPECT_LE(w[0], w[1]);
  EXPECT_LE(w[1], w[2]);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      Real sum = 0;
      for (int k = 0; k < 3; ++k) sum += q[i + 3 * k] * w[k] * q[j + 3 * k];
      EXPECT_NEAR(sum, a[i + 3 * j], 1e-14);
    }
}

TEST(Lapack, SingularValuesOfARectangle) {
  std::vector<Real> a{3, 0, 0, 0, 0, -4};  // 3 x 2
  const auto values = singular_values(3, 2, a.data());
  ASSERT_EQ(values.size(), 2u);
  EXPECT_NEAR(values[0], 4, 1e-15);
  EXPECT_NEAR(values[1], 3, 1e-15);
>>>>>>> transport
}

}  // namespace
}  // namespace weir
