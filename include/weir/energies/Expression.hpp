// A function of x and t given as a formula, with exact gradients.
//
// Formulas: numbers, x0, x1, .. (x in one dimension), t, d (the dimension), norm (|x|), pi, e; + - * / ^
// (right to left, before the minus sign: -x0^2 is -(x0^2)), parentheses; sin cos tan asin acos atan sinh cosh
// tanh exp log sqrt abs; min max atan2 pow of two arguments. At kinks the gradient is the subgradient 0.
//
// A formula becomes a flat program for a stack machine; gradients come from running it on dual numbers, once
// per component. Programs run on hosts and devices.
#pragma once

#include <string>

#include "weir/base/Types.hpp"

namespace weir {

class Expression {
 public:
  static constexpr int most_depth = 64;

  enum class Operation : int {
    constant,
    component,
    time,
    norm,  // push
    add,
    subtract,
    multiply,
    divide,
    power,
    minimum,
    maximum,
    atan2,
    negate,
    sin,
    cos,
    tan,
    asin,
    acos,
    atan,
    sinh,
    cosh,
    tanh,
    exp,
    log,
    sqrt,
    abs
  };
  struct Instruction {
    Operation operation;
    int component;
    Real constant;
  };

  bool depends_on_time() const { return depends_on_time_; }
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* x, Real t) const {
    return evaluate(d, x, t, -1).value;
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* x, Real t, Real factor, Real* g) const {
    for (int c = 0; c < d; ++c) g[c] += factor * evaluate(d, x, t, c).slope;
  }

 private:
  friend Expression parse_expression(const std::string& formula, Index dimension, const std::string& where);

  struct Dual {
    Real value, slope;
  };
  KOKKOS_INLINE_FUNCTION Dual evaluate(int d, const Real* x, Real t, int direction) const;
  static KOKKOS_INLINE_FUNCTION Dual binary(Operation operation, Dual a, Dual b);
  static KOKKOS_INLINE_FUNCTION Dual unary(Operation operation, Dual a);

  Kokkos::View<Instruction*, MemorySpace> program_;
  bool depends_on_time_ = false;
};

/// Throws InputError (key `where`) that says at which character what was found, and what is allowed.
Expression parse_expression(const std::string& formula, Index dimension, const std::string& where);

// ------------------------------------------------------------------------------------------------------------------

/// Value, and slope along component `direction` (none for -1).
KOKKOS_INLINE_FUNCTION Expression::Dual Expression::evaluate(int d, const Real* x, Real t,
                                                             int direction) const {
  Dual stack[most_depth];
  int top = -1;
  for (std::size_t i = 0; i < program_.extent(0); ++i) {
    const Instruction instruction = program_(i);
    switch (instruction.operation) {
      case Operation::constant:
        stack[++top] = {instruction.constant, 0};
        break;
      case Operation::component:
        stack[++top] = {x[instruction.component], Real(instruction.component == direction)};
        break;
      case Operation::time:
        stack[++top] = {t, 0};
        break;
      case Operation::norm: {
        Real square = 0;
        for (int c = 0; c < d; ++c) square += x[c] * x[c];
        const Real r = ::sqrt(square);
        stack[++top] = {r, direction >= 0 && r > 0 ? x[direction] / r : 0};
        break;
      }
      default:
        if (instruction.operation < Operation::negate) {
          --top;
          stack[top] = binary(instruction.operation, stack[top], stack[top + 1]);
        } else {
          stack[top] = unary(instruction.operation, stack[top]);
        }
    }
  }
  return stack[0];
}

KOKKOS_INLINE_FUNCTION Expression::Dual Expression::binary(Operation operation, Dual a, Dual b) {
  switch (operation) {
    case Operation::add:
      return {a.value + b.value, a.slope + b.slope};
    case Operation::subtract:
      return {a.value - b.value, a.slope - b.slope};
    case Operation::multiply:
      return {a.value * b.value, a.slope * b.value + a.value * b.slope};
    case Operation::divide:
      return {a.value / b.value, (a.slope - a.value / b.value * b.slope) / b.value};
    case Operation::minimum:
      return b.value < a.value ? b : a;
    case Operation::maximum:
      return a.value < b.value ? b : a;
    case Operation::atan2: {
      const Real square = a.value * a.value + b.value * b.value;
      return {::atan2(a.value, b.value), square > 0 ? (a.slope * b.value - a.value * b.slope) / square : 0};
    }
    default: {  // power; a constant exponent takes negative bases
      const Real p = ::pow(a.value, b.value);
      Real slope = a.slope != 0 && b.value != 0 ? b.value * ::pow(a.value, b.value - 1) * a.slope : 0;
      if (b.slope != 0 && a.value > 0) slope += p * ::log(a.value) * b.slope;
      return {p, slope};
    }
  }
}

KOKKOS_INLINE_FUNCTION Expression::Dual Expression::unary(Operation operation, Dual a) {
  const Real v = a.value, s = a.slope;
  switch (operation) {
    case Operation::negate:
      return {-v, -s};
    case Operation::sin:
      return {::sin(v), ::cos(v) * s};
    case Operation::cos:
      return {::cos(v), -::sin(v) * s};
    case Operation::tan:
      return {::tan(v), s / (::cos(v) * ::cos(v))};
    case Operation::asin:
      return {::asin(v), s / ::sqrt(1 - v * v)};
    case Operation::acos:
      return {::acos(v), -s / ::sqrt(1 - v * v)};
    case Operation::atan:
      return {::atan(v), s / (1 + v * v)};
    case Operation::sinh:
      return {::sinh(v), ::cosh(v) * s};
    case Operation::cosh:
      return {::cosh(v), ::sinh(v) * s};
    case Operation::tanh:
      return {::tanh(v), (1 - ::tanh(v) * ::tanh(v)) * s};
    case Operation::exp:
      return {::exp(v), ::exp(v) * s};
    case Operation::log:
      return {::log(v), s / v};
    case Operation::sqrt:
      return {::sqrt(v), v > 0 ? s / (2 * ::sqrt(v)) : 0};
    default:
      return {::fabs(v), v > 0 ? s : (v < 0 ? -s : 0)};  // abs
  }
}

}  // namespace weir
