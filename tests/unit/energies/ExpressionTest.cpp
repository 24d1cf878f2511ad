#include "weir/energies/Expression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "base/Lanes.hpp"
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

/// Along x0 at the origin.
Real slope_at_origin(const std::string& formula) {
  const Real origin[3] = {0, 0, 0};
  Real g[3] = {0, 0, 0};
  parse_expression(formula, 3, "").add_gradient(3, origin, 0.25, 1, g);
  return g[0];
}

// Where the arguments of min and max are equal: the number nearest to 0 between their slopes.
TEST(Expression, TiesOfMinAndMaxHaveTheSlopeNearestToZero) {
  for (const std::string name : {"max", "min"}) {
    EXPECT_EQ(slope_at_origin(name + "(x0, 0)"), 0);
    EXPECT_EQ(slope_at_origin(name + "(0, x0)"), 0);
    EXPECT_EQ(slope_at_origin(name + "(x0, -x0)"), 0);
    EXPECT_EQ(slope_at_origin(name + "(-x0, x0)"), 0);
    EXPECT_EQ(slope_at_origin(name + "(x0, x0)"), 1);
    EXPECT_EQ(slope_at_origin(name + "(x0, 3 * x0)"), 1);
    EXPECT_EQ(slope_at_origin(name + "(-3 * x0, -x0)"), -1);
    EXPECT_EQ(slope_at_origin(name + "(x0, 0) + x0"), 1);
  }
  EXPECT_EQ(slope_at_origin("max(x0, 1)"), 0);
  EXPECT_EQ(slope_at_origin("min(x0, 1)"), 1);
}

TEST(Expression, PowersAtZero) {
  EXPECT_EQ(slope_at_origin("x0^0.5"), 0);
  EXPECT_EQ(slope_at_origin("x0^1"), 1);
  EXPECT_EQ(slope_at_origin("x0^(4 * t)"), 1);
  EXPECT_EQ(slope_at_origin("x0^2 + x0^0 + x0^1.5"), 0);
  EXPECT_EQ(slope_at_origin("(x0 + 2)^-1"), -0.25);
  EXPECT_EQ(slope_at_origin("2^x0"), std::log(2.));
}

// What pair sums run: every operation, in all lanes.
TEST(Expression, PacksAreSingleNumbersSideBySide) {
  using N = HostLanes<Real>;
  for (const std::string formula :
       {"x0^2 * x1 - x2 / x0", "sin(x0 * x1) * cos(x2) + tan(x2)", "exp(-norm^2) + log(abs(x0) + 2)",
        "asin(x2 / 9) + acos(x2 / 9) * atan(x1)", "sinh(x0) + cosh(x1) * tanh(x2)", "sqrt(abs(x1)) + 2^x1",
        "atan2(x1, x0) + max(x0, x1) * min(x2, x1)", "norm^1.5 + abs(x0)^x2 + (x0 - 4)^-3 + x1^70",
        "exp(300 * x0) + sin(1e6 * x1) + log(1e-305 * (x0^2 + 1))"}) {
    const auto expression = parse_expression(formula, 3, "");
    Real points[3][lane_count<Real>], lanes[lane_count<Real>];
    N x[3], g[3];
    for (int c = 0; c < 3; ++c) {
      for (int lane = 0; lane < lane_count<Real>; ++lane)
        points[c][lane] = std::sin(1. + 5 * c + 2 * lane) * (1 + 0.2 * lane);
      x[c] = load_lanes(points[c]);
      g[c] = N(0.);
    }
    const N values = expression.value(3, x, 0);
    expression.add_gradient(3, x, 0, 2, g);
    for (int lane = 0; lane < lane_count<Real>; ++lane) {
      const Real point[3] = {points[0][lane], points[1][lane], points[2][lane]};
      Real slope[3] = {0, 0, 0};
      expression.add_gradient(3, point, 0, 2, slope);
      const Real value = expression.value(3, point, 0);
      store(values, lanes);
      EXPECT_NEAR(lanes[lane], value, 1e-12 * (1 + std::fabs(value))) << formula;
      for (int c = 0; c < 3; ++c) {
        store(g[c], lanes);
        EXPECT_NEAR(lanes[lane], slope[c], 1e-12 * (1 + std::fabs(slope[c]))) << formula << " " << c;
      }
    }
  }
}

/// Value and slopes at a point that is in one lane, `others` in the rest.
template <class T>
std::vector<T> in_lane(const Expression& expression, const std::vector<T>& point, int lane, T others) {
  HostLanes<T> x[3], g[3];
  T lanes[lane_count<T>];
  for (int c = 0; c < 3; ++c) {
    for (int other = 0; other < lane_count<T>; ++other) lanes[other] = other == lane ? point[c] : others;
    x[c] = load_lanes<T>(lanes);
    g[c] = HostLanes<T>(T(0));
  }
  std::vector<T> found;
  store(expression.value(3, x, 0), lanes);
  found.push_back(lanes[lane]);
  expression.add_gradient(3, x, 0, 1, g);
  for (int c = 0; c < 3; ++c) {
    store(g[c], lanes);
    found.push_back(lanes[lane]);
  }
  return found;
}

/// 600 and more leave the range of the fast exponentials, powers and sines, for one lane or for the others.
template <class T>
void expect_lanes_alike() {
  for (const std::string formula : {"sin(1e4 * x0) * cos(x2) + tan(x1)", "exp(-norm) + log(abs(x0)) * 2^-x1",
                                    "abs(x0)^1.3 + atan2(x1, x0)", "asin(x2 / 2000) + acos(x2 / 2000)",
                                    "sinh(x0 / 9) + cosh(x1 / 9) * tanh(x2)"}) {
    const auto expression = parse_expression(formula, 3, "");
    for (const std::vector<T>& point :
         std::vector<std::vector<T>>{{T(0.3), T(-1.7), T(2.2)}, {T(700), T(-1.5), T(0.1)}})
      for (const int lane : {0, lane_count<T> / 2, lane_count<T> - 1}) {
        const auto found = in_lane(expression, point, lane, T(0.7));
        EXPECT_EQ(found, in_lane(expression, point, (lane + 1) % lane_count<T>, T(600))) << formula;
        const double exact[3] = {double(point[0]), double(point[1]), double(point[2])};
        const double value = expression.value(3, exact, 0);
        // 1e4 x0 is 3000 and more, which single precision rounds by 1e-4
        EXPECT_NEAR(found[0], value, (sizeof(T) == 4 ? 1e-3 : 1e-11) * (1 + std::fabs(value))) << formula;
      }
  }
}
TEST(Expression, ALaneDoesNotDependOnItsNeighbours) {
  expect_lanes_alike<float>();
  expect_lanes_alike<double>();
}

// Blocks of components that are differentiated together.
TEST(Expression, GradientsInManyDimensions) {
  for (const int d : {4, 5, 6, 7, 9}) {
    const auto expression = parse_expression("norm^2 * x3", d, "");
    std::vector<Real> point(d), g(d, 1);
    Real square = 0;
    for (int c = 0; c < d; ++c) point[c] = 0.5 + c, square += point[c] * point[c];
    expression.add_gradient(d, point.data(), 0, 2, g.data());
    for (int c = 0; c < d; ++c)
      EXPECT_NEAR(g[c], 1 + 2 * (2 * point[c] * point[3] + (c == 3 ? square : 0)), 1e-11);
  }
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
  expect_error("x0 + 0x10 * x1", "at character 6: found \"0x10 * x1\"; allowed: decimal numbers");
  expect_error("2x0", "at character 1: found \"2x0\"; allowed: decimal numbers, and a \"*\" between factors");
  expect_error("1.2.3", "at character 1");
  expect_error("1e999 * x0", "allowed: numbers up to");
  expect_error(".", "a number");
  expect_error("inf * x0", "at character 1: found \"inf * x0\"; allowed: x0, x1, .., t, d, norm, pi, e and");
  expect_error("nan", "at character 1: found \"nan\"");
  expect_error("infinity", "at character 1");
  expect_error("", "found the end");
  expect_error(std::string(5000, '('), "nests too deeply");
}

TEST(Expression, TheReferenceListsAllWordsThatParse) {
  const std::string words = words_of_formulas();
  for (const std::string word : {"x0", "t", "d", "norm", "pi", "e"})
    EXPECT_NE(words.find(word), std::string::npos) << word;
  const auto listed = [&](const std::string& from, const std::string& to) {
    std::vector<std::string> names;
    std::istringstream text(words.substr(words.find(from) + from.size()));
    for (std::string name; text >> name;) {
      const bool last = to.empty() ? text.eof() : name.back() == to[0];
      if (last && !to.empty()) name.pop_back();
      names.push_back(name);
      if (last) break;
    }
    return names;
  };
  const auto of_one = listed("; functions ", ";"), of_two = listed("; of two arguments ", "");
  EXPECT_EQ(of_one.size(), 13u);
  EXPECT_EQ(of_two.size(), 4u);
  for (const auto& name : of_one) EXPECT_NO_THROW(parse_expression(name + "(x0)", 1, "")) << name;
  for (const auto& name : of_two) EXPECT_NO_THROW(parse_expression(name + "(x0, 1)", 1, "")) << name;
}

}  // namespace
}  // namespace weir
