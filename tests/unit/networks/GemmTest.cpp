#include "weir/networks/Gemm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

template <class T>
Matrix<T> numbers(Index rows, Index columns, Index which) {
  Matrix<T> matrix("numbers", rows, columns);
  const Random random(5, Stream::split);
  for (Index j = 0; j < columns; ++j)
    for (Index i = 0; i < rows; ++i) matrix(i, j) = T(random.normal(i, which, j));
  return matrix;
}

template <class T>
void expect_product(Index m, Index n, Index k, Op op_a, Op op_b, T alpha, T beta) {
  const Matrix<T> a = op_a == Op::none ? numbers<T>(m, k, 0) : numbers<T>(k, m, 0);
  const Matrix<T> b = op_b == Op::none ? numbers<T>(k, n, 1) : numbers<T>(n, k, 1);
  const Matrix<T> c = numbers<T>(m, n, 2), before = numbers<T>(m, n, 2);
  if (beta == 0) Kokkos::deep_copy(c, T(1e30));
  gemm(op_a, op_b, alpha, MatrixRef<const T>(a), MatrixRef<const T>(b), beta, MatrixRef<T>(c));
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < m; ++i) {
      double sum = 0, size = 1;
      for (Index l = 0; l < k; ++l) {
        const double term =
            double(op_a == Op::none ? a(i, l) : a(l, i)) * double(op_b == Op::none ? b(l, j) : b(j, l));
        sum += term;
        size += std::fabs(term);
      }
      const double expected = alpha * sum + (beta == 0 ? 0 : beta * before(i, j));
      const double unit = std::is_same<T, float>::value ? 1.2e-7 : 2.3e-16;
      ASSERT_NEAR(c(i, j), expected, 16 * unit * size)
          << m << " x " << n << " x " << k << ", entry " << i << ", " << j;
    }
}

template <class T>
void expect_products() {
  for (const Index m : {1, 2, 5, 7, 16, 17, 33, 64, 65, 130})
    for (const Index n : {1, 3, 6, 11, 24, 64})
      for (const Index k : {1, 8, 17, 64, 128, 130, 300})
        for (const Op op_a : {Op::none, Op::transpose})
          for (const Op op_b : {Op::none, Op::transpose}) {
            expect_product<T>(m, n, k, op_a, op_b, 1, 0);
            expect_product<T>(m, n, k, op_a, op_b, T(-0.5), T(2));
          }
}

TEST(Gemm, IsAPlainTripleLoop) {
  expect_products<float>();
  expect_products<double>();
}

TEST(Gemm, NothingToAddUpLeavesBetaC) {
  const Matrix<double> c = numbers<double>(3, 2, 0), before = numbers<double>(3, 2, 0);
  gemm(Op::none, Op::none, 3, 2, 0, 1., nullptr, 3, nullptr, 1, 0.5, c.data(), 3);
  for (Index j = 0; j < 2; ++j)
    for (Index i = 0; i < 3; ++i) EXPECT_EQ(c(i, j), 0.5 * before(i, j));
}

TEST(Gemm, AColumnDoesNotDependOnTheOthers) {
  if (!gemm_columns_are_independent()) GTEST_SKIP() << "this build multiplies by a BLAS";
  const Matrix<float> a = numbers<float>(37, 50, 0), b = numbers<float>(50, 64, 1);
  const Matrix<float> together("together", 37, 64), alone("alone", 37, 1);
  gemm(Op::none, Op::none, 1.f, MatrixRef<const float>(a), MatrixRef<const float>(b), 0.f,
       MatrixRef<float>(together));
  for (Index j = 0; j < 64; ++j) {
    gemm(Op::none, Op::none, 37, 1, 50, 1.f, a.data(), 37, &b(0, j), 50, 0.f, alone.data(), 37);
    for (Index i = 0; i < 37; ++i) ASSERT_EQ(together(i, j), alone(i, 0));
  }
}

TEST(Gemm, ShapesThatDoNotFitAreRefused) {
  const Matrix<float> a = numbers<float>(3, 4, 0), b = numbers<float>(5, 2, 1), c = numbers<float>(3, 2, 2);
  EXPECT_THROW(gemm(Op::none, Op::none, 1.f, MatrixRef<const float>(a), MatrixRef<const float>(b), 0.f,
                    MatrixRef<float>(c)),
               InternalError);
}

}  // namespace
}  // namespace weir
