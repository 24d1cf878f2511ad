#include "weir/energies/Expression.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "weir/base/Error.hpp"

namespace weir {
namespace {

const Real x[3] = {0.7, -1.3, 0.4};

Real value(const std::string& formula, Real t = 0.25) {
  return parse_expression(formula, 3, "formula").value(3, x, t);
}

TEST(Expression, Values) {
  EXPECT_DOUBLE_EQ(value("1 + 2 * 3"), 7);
  EXPECT_DOUBLE_EQ(value("(1 + 2) * 3 - 4 / 8"), 8.5);
  EXPECT_DOUBLE_EQ(value("-2^2"), -4);
  EXPECT_DOUBLE_EQ(value("2^3^2"), 512);
  EXPECT_DOUBLE_EQ(value("2^-1"), 0.5);
  EXPECT_DOUBLE_EQ(value("1e-3 * x0 + .5"), 1e-3 * 0.7 + 0.5);
  EXPECT_DOUBLE_EQ(value("(x1)^2 + x1^3"), 1.69 - 2.197);
  EXPECT_DOUBLE_EQ(value("sin(2 * pi * t) + d + e"), 1 + 3 + std::exp(1.));
  EXPECT_DOUBLE_EQ(value("norm"), std::sqrt(0.49 + 1.69 + 0.16));
  EXPECT_DOUBLE_EQ(value("max(x0, x1) - min(x0, x1) + abs(x1) + atan2(x0, x1) + pow(x0, 1.5)"),
                   2.0 + 1.3 + std::atan2(0.7, -1.3) + std::pow(0.7, 1.5));
  EXPECT_DOUBLE_EQ(parse_expression("x^2", 1, "").value(1, x, 0), 0.49);
}

TEST(Expression, GradientsAreThoseOfCentralDifferences) {
  for (const std::string formula :
       {"x0^2 * x1 - x2 / x0", "sin(x0 * x1) * cos(x2) + tan(x2)", "exp(-norm^2) + log(x0 + 2) * sqrt(x0)",
        "asin(x2) + acos(x2) * atan(x1)", "sinh(x0) + cosh(x1) * tanh(x2)", "x0^x2 + 2^x1 + pow(x1, 3)",
        "atan2(x1, x0) + max(x0, x1) * min(x2, x1) + abs(x1)", "t * x0 - -x1"}) {
    const auto expression = parse_expression(formula, 3, "");
    Real g[3] = {0, 0, 0};
    expression.add_gradient(3, x, 0.3, 2, g);
    for (int c = 0; c < 3; ++c) {
      Real up[3] = {x[0], x[1], x[2]}, down[3] = {x[0], x[1], x[2]};
      up[c] += 1e-6, down[c] -= 1e-6;
      EXPECT_NEAR(g[c], 2 * (expression.value(3, up, 0.3) - expression.value(3, down, 0.3)) / 2e-6, 1e-7)
          << formula << " " << c;
    }
  }
}

TEST(Expression, KinksHaveTheSubgradientZero) {
  const Real origin[3] = {0, 0, 0};
  Real g[3] = {0, 0, 0};
  parse_expression("abs(x0) + norm + sqrt(x1)", 3, "").add_gradient(3, origin, 0, 1, g);
  for (Real slope : g) EXPECT_EQ(slope, 0);
}

void expect_error(const std::string& formula, const std::string& message) {
  try {
    parse_expression(formula, 3, "simulate.energy.potential.expression.formula");
    FAIL() << formula;
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
  }
}

TEST(Expression, ErrorsSayWhereAndWhat) {
  expect_error("x0 +", "at character 5: found the end");
  expect_error("x0 $ 2", "at character 4: found \"$ 2\"; allowed: an operator or the end");
  expect_error("sin x0", "found \"x0\"; allowed: \"(\"");
  expect_error("(x0", "allowed: \")\"");
  expect_error("min(x0)", "allowed: \",\"");
  expect_error("x3^2", "x0 to x2, since the ensemble has 3 dimensions");
  expect_error("sine(x0)", "did you mean");
  expect_error("", "found the end");
  expect_error(std::string(5000, '('), "nests too deeply");
}

}  // namespace
}  // namespace weir
