#include "weir/base/Lapack.hpp"

#include <gtest/gtest.h>

#include "weir/base/Error.hpp"

namespace weir {
namespace {

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
}

}  // namespace
}  // namespace weir
