#include "weir/energies/Expression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "weir/base/Error.hpp"

namespace weir {
namespace {

Real value_of(const std::string& formula, const std::vector<Real>& x = {0}, Real t = 0) {
  return parse_expression(formula, Index(x.size())).value(int(x.size()), x.data(), t);
}
std::vector<Real> gradient_of(const std::string& formula, const std::vector<Real>& x, Real t = 0) {
  std::vector<Real> g(x.size(), 0);
  parse_expression(formula, Index(x.size())).add_gradient(int(x.size()), x.data(), t, 1, g.data());
  return g;
}
std::string complaint_about(const std::string& formula, Index dimension = 3) {
  try {
    parse_expression(formula, dimension);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Expression, FollowsTheUsualPrecedence) {
  EXPECT_EQ(value_of("1 + 2 * 3"), 7);
  EXPECT_EQ(value_of("(1 + 2) * 3"), 9);
  EXPECT_EQ(value_of("2 - 3 - 4"), -5);
  EXPECT_EQ(value_of("24 / 4 / 3"), 2);
  EXPECT_EQ(value_of("2^3^2"), 512);
  EXPECT_EQ(value_of("-2^2"), -4);
  EXPECT_EQ(value_of("2^-1"), 0.5);
  EXPECT_EQ(value_of("2 * -3"), -6);
  EXPECT_EQ(value_of("--3"), 3);
  EXPECT_EQ(value_of("-x0^2", {3}), -9);
  EXPECT_EQ(value_of(" x0*x1 -\t+x2 ", {2, 3, 4}), 2);
}

TEST(Expression, ReadsNumbersAndNames) {
  EXPECT_EQ(value_of("1.5e2"), 150);
  EXPECT_EQ(value_of(".5 + 2."), 2.5);
  EXPECT_EQ(value_of("1e-3"), 1e-3);
  EXPECT_EQ(value_of("pi"), M_PI);
  EXPECT_EQ(value_of("e"), M_E);
  EXPECT_EQ(value_of("d", {0, 0, 0}), 3);
  EXPECT_EQ(value_of("t", {0}, 0.25), 0.25);
  EXPECT_EQ(value_of("norm", {3, 4}), 5);
  std::vector<Real> many(12, 0);
  many[11] = 8;
  EXPECT_EQ(value_of("x11", many), 8);
}

TEST(Expression, KnowsWhenItUsesTime) {
  EXPECT_TRUE(parse_expression("x0 * sin(t)", 1).uses_time());
  EXPECT_FALSE(parse_expression("x0 * sin(x0)", 1).uses_time());
}

TEST(Expression, SharesEqualPartsAndFoldsConstants) {
  EXPECT_EQ(parse_expression("2 * 3 + sin(1)", 1).length(), 1);
  EXPECT_EQ(parse_expression("(x0 + x1) * (x0 + x1)", 2).length(), 4);
}

struct Case {
  std::string formula;
  std::function<Real(const std::vector<Real>&, Real)> function;
};

TEST(Expression, AgreesWithTheSameFormulaInCppAndItsGradientWithDifferences) {
  using V = const std::vector<Real>&;
  const std::vector<Case> cases{
      {"0.5*(x0^2 + 4*x1^2) + x0*x1*x2",
       [](V x, Real) { return 0.5 * (x[0] * x[0] + 4 * x[1] * x[1]) + x[0] * x[1] * x[2]; }},
      {"sin(x0)*cos(x1) - tan(x2/3)",
       [](V x, Real) { return std::sin(x[0]) * std::cos(x[1]) - std::tan(x[2] / 3); }},
      {"exp(-norm^2/2)/(2*pi)",
       [](V x, Real) { return std::exp(-(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]) / 2) / (2 * M_PI); }},
      {"log(1 + x0^2) + sqrt(2 + x1)",
       [](V x, Real) { return std::log(1 + x[0] * x[0]) + std::sqrt(2 + x[1]); }},
      {"abs(x0 - 3) + abs(x1)", [](V x, Real) { return std::abs(x[0] - 3) + std::abs(x[1]); }},
      {"min(x0, x1, x2) * max(x0, 2*x1)",
       [](V x, Real) {
         return std::min({x[0], x[1], x[2]}) * std::max(x[0], 2 * x[1]);
       }},
      {"tanh(x0) + sinh(x1)*cosh(x2)",
       [](V x, Real) { return std::tanh(x[0]) + std::sinh(x[1]) * std::cosh(x[2]); }},
      {"atan(x0*x1) + atan2(x1, x2)",
       [](V x, Real) { return std::atan(x[0] * x[1]) + std::atan2(x[1], x[2]); }},
      {"pow(x0^2 + 1, x1) + 2^x2",
       [](V x, Real) { return std::pow(x[0] * x[0] + 1, x[1]) + std::pow(2, x[2]); }},
      {"x0^-3 + x1^5 + (x2^2)^0.7 + (x2^2)^0.5",
       [](V x, Real) {
         return std::pow(x[0], -3) + std::pow(x[1], 5) + std::pow(x[2] * x[2], 0.7) + std::abs(x[2]);
       }},
      {"e^(-t) * (x0 - t)^2 / (1 + norm)",
       [](V x, Real t) {
         return std::exp(-t) * (x[0] - t) * (x[0] - t) /
                (1 + std::sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]));
       }},
      {"-(x0 - x1)/(x2 - 4)", [](V x, Real) { return -(x[0] - x[1]) / (x[2] - 4); }}};
  for (const Case& one : cases)
    for (const std::vector<Real>& x :
         {std::vector<Real>{0.7, -1.2, 0.4}, {-1.3, 0.5, 1.1}, {2.1, 1.7, -0.6}}) {
      const Real t = 0.3, expected = one.function(x, t);
      EXPECT_NEAR(value_of(one.formula, x, t), expected, 4e-15 * (1 + std::abs(expected))) << one.formula;
      const auto gradient = gradient_of(one.formula, x, t);
      for (std::size_t i = 0; i < x.size(); ++i) {
        // Central differences of two steps, extrapolated: error O(h^4).
        const auto difference = [&](Real h) {
          auto right = x, left = x;
          right[i] += h;
          left[i] -= h;
          return (one.function(right, t) - one.function(left, t)) / (2 * h);
        };
        const Real slope = (4 * difference(1e-3) - difference(2e-3)) / 3;
        EXPECT_NEAR(gradient[i], slope, 1e-8 * (1 + std::abs(slope))) << one.formula << " component " << i;
      }
    }
}

TEST(Expression, GradientsAreExact) {
  // d/dx0 of exp(x0 x1) sin(x0): e^(x0 x1) (x1 sin x0 + cos x0)
  const std::vector<Real> x{0.37, -1.4};
  const auto g = gradient_of("exp(x0*x1)*sin(x0)", x);
  const Real factor = std::exp(x[0] * x[1]);
  EXPECT_NEAR(g[0], factor * (x[1] * std::sin(x[0]) + std::cos(x[0])), 1e-15);
  EXPECT_NEAR(g[1], factor * x[0] * std::sin(x[0]), 1e-15);
}

TEST(Expression, GradientsAddUpWithTheirFactor) {
  const Expression f = parse_expression("x0^2 + 3*x1", 2);
  const Real x[] = {2, 5};
  Real g[] = {10, 20};
  f.add_gradient(2, x, -0.5, g);
  EXPECT_EQ(g[0], 8);
  EXPECT_EQ(g[1], 18.5);
}

TEST(Expression, SlopesAtKinksAndSingularPointsAreFinite) {
  const std::vector<Real> origin{0, 0};
  for (const char* formula :
       {"norm", "abs(x0)", "sqrt(x0^2 + x1^2)", "max(x0, -x0)", "min(x1, -x1)", "1/norm", "log(norm)",
        "norm^1.5", "norm^0.5", "atan2(x0, x1)", "exp(-norm)", "1/(x0^2 + x1^2)"})
    for (const Real slope : gradient_of(formula, origin)) EXPECT_EQ(slope, 0) << formula;
}

TEST(Expression, OfPacksIsThatOfEachLane) {
  constexpr int width = pack_width<Real>;
  const Expression f = parse_expression(
      "sin(x0)*exp(-norm^2/8) + max(x0, x1) + log(2 + x1^2)^3 - pow(2 + x0, 1.3)/cosh(x1) + atan2(x0, x1 + "
      "7) + t",
      2);
  Pack<Real> x[2], g[2] = {Pack<Real>(1.), Pack<Real>(2.)};
  for (int lane = 0; lane < width; ++lane) {
    x[0].native[lane] = -1.5 + 0.4 * lane;
    x[1].native[lane] = 2 - 0.7 * lane;
  }
  const auto values = f.value(2, x, 0.5);
  f.add_gradient(2, x, 0.5, 3, g);
  for (int lane = 0; lane < width; ++lane) {
    const Real one[] = {x[0].native[lane], x[1].native[lane]};
    Real expected[] = {1, 2};
    f.add_gradient(2, one, 0.5, 3, expected);
    EXPECT_NEAR(values.native[lane], f.value(2, one, 0.5), 1e-14);
    for (int i = 0; i < 2; ++i) EXPECT_NEAR(g[i].native[lane], expected[i], 1e-13);
  }
}

TEST(Expression, RunsInAKernel) {
  const Expression f = parse_expression("norm^2/2 + t*x0", 3);
  const Index n = 100;
  Matrix<Real> x("x", 3, n), g("g", 3, n);
  Kokkos::deep_copy(x, 2);
  Kokkos::parallel_for(
      "Weir::Test::expression", Kokkos::RangePolicy<ExecutionSpace>(0, n),
      KOKKOS_LAMBDA(Index i) { f.add_gradient(3, &x(0, i), 5, 1, &g(0, i)); });
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), g);
  for (Index i = 0; i < n; ++i) {
    EXPECT_DOUBLE_EQ(host(0, i), 7);
    EXPECT_DOUBLE_EQ(host(2, i), 2);
  }
}

TEST(ExpressionErrors, SayWhereWhatAndWhatInstead) {
  EXPECT_EQ(complaint_about(""), "the formula is empty; write for example 0.5 * x0^2");
  EXPECT_EQ(complaint_about("1 + sinn(x0)"),
            "formula \"1 + sinn(x0)\", character 5: unknown name 'sinn'; did you mean \"sin\"?");
  EXPECT_EQ(complaint_about("x3^2"),
            "formula \"x3^2\", character 1: there is no x3; in 3 dimensions the components are x0 .. x2");
  EXPECT_EQ(complaint_about("x1", 1),
            "formula \"x1\", character 1: there is no x1; in one dimension the only component is x0");
  EXPECT_EQ(
      complaint_about("x^2"),
      "formula \"x^2\", character 1: found 'x'; in 3 dimensions the components are x0 .. x2, norm is |x|");
  EXPECT_EQ(
      complaint_about("2x0"),
      "formula \"2x0\", character 2: found 'x0' where an operator is expected; products are written with *");
  EXPECT_EQ(complaint_about("x0 (1)"),
            "formula \"x0 (1)\", character 1: x0 is not a function; for a product write x0 * (..)");
  EXPECT_EQ(complaint_about("(1) (2)"),
            "formula \"(1) (2)\", character 5: found '(' where an operator is expected; products are written "
            "with *");
  EXPECT_EQ(complaint_about("x0**2"),
            "formula \"x0**2\", character 3: found '**'; powers are written with ^");
  EXPECT_EQ(complaint_about("(x0 + 1"), "formula \"(x0 + 1\", character 1: this '(' is never closed");
  EXPECT_EQ(complaint_about("x0 + 1)"), "formula \"x0 + 1)\", character 7: this ')' closes nothing");
  EXPECT_EQ(complaint_about("x0 +"),
            "formula \"x0 +\", character 5: the formula ends where a number, a name or '(' is expected");
  EXPECT_EQ(complaint_about("3 * / 2"),
            "formula \"3 * / 2\", character 5: found '/' where a number, a name or '(' is expected");
  EXPECT_EQ(complaint_about("x0 $ 2"), "formula \"x0 $ 2\", character 4: '$' cannot stand in a formula");
  EXPECT_EQ(complaint_about("sin + 1"), "formula \"sin + 1\", character 1: sin is a function; write sin(..)");
  EXPECT_EQ(complaint_about("atan2(x0)"),
            "formula \"atan2(x0)\", character 1: atan2 takes 2 arguments, found 1");
  EXPECT_EQ(complaint_about("max(x0)"),
            "formula \"max(x0)\", character 1: max takes 2 or more arguments, found 1");
  EXPECT_EQ(complaint_about("cos(1, 2)"),
            "formula \"cos(1, 2)\", character 1: cos takes 1 argument, found 2");
  EXPECT_EQ(complaint_about("1, 2"),
            "formula \"1, 2\", character 2: found ',' outside of the arguments of a function");
  EXPECT_EQ(complaint_about("1e999"),
            "formula \"1e999\", character 1: this number does not fit into double precision");
  EXPECT_EQ(
      complaint_about("0x1"),
      "formula \"0x1\", character 2: found 'x1' where an operator is expected; products are written with *");
  EXPECT_EQ(complaint_about("1/0"), "formula \"1/0\" is inf everywhere");
  EXPECT_EQ(complaint_about("quux + 1"),
            "formula \"quux + 1\", character 1: unknown name 'quux'; known are x0, x1, .., t, d, norm, pi, "
            "e, abs, atan, "
            "atan2, cos, cosh, exp, log, max, min, pow, sin, sinh, sqrt, tan, tanh");
}

TEST(ExpressionErrors, OfFormulasTooLongOrTooDeep) {
  std::string sum = "0";
  for (int k = 1; k < 300; ++k) sum += " + sin(x0*" + std::to_string(k) + ")";
  EXPECT_EQ(complaint_about(sum),
            "the formula needs more than 256 operations; split it into several terms of a list");
  EXPECT_NE(complaint_about(std::string(5000, '(') + "1" + std::string(5000, ')')).find("nested"),
            std::string::npos);
}

}  // namespace
}  // namespace weir
