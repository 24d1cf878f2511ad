// A function of x and t given as a formula, with exact gradients.
//
// Formulas: numbers (decimal), the names and functions that `words_of_formulas` lists; + - * / ^ (right to
// left, before the minus sign: -x0^2 is -(x0^2)) and parentheses.
//
// At kinks the gradient is the subgradient nearest to 0: 0 for abs, sqrt, norm and fractional powers at 0;
// where the arguments of min or max are equal, the number nearest to 0 between their two slopes, component by
// component, so max(x0, 0), max(0, x0) and max(x0, -x0) have slope 0 at x0 = 0, and max(x0, x0) slope 1.
//
// A formula becomes a flat program for a stack machine; gradients come from running it on dual numbers with a
// few components at a time. Programs run on hosts and devices, on single numbers and on Packs.
#pragma once

#include <string>

#include "weir/base/Types.hpp"
#include "weir/energies/FormulaMath.hpp"

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
    integer_power,  // the exponent stands for the component
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

  /// What an operation makes of constants; b is not used by those of one argument.
  static Real apply(const Instruction& instruction, Real a, Real b) {
    Dual<Real, 0> first{a, {0}};
    const Dual<Real, 0> second{b, {0}};
    if (instruction.operation < Operation::negate)
      binary<0>(instruction.operation, first, second);
    else
      unary<0>(instruction, first);
    return first.value;
  }

  bool depends_on_time() const { return depends_on_time_; }
  template <class N>
  KOKKOS_INLINE_FUNCTION N value(int d, const N* x, Real t) const {
    return evaluate<0>(d, x, t, 0).value;
  }
  template <class N>
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const N* x, Real t, Real factor, N* g) const {
    int c = 0;
    for (; c + 3 < d; c += 4) add_slopes<4>(d, x, t, factor, c, g);
    if (d - c == 3) add_slopes<3>(d, x, t, factor, c, g);
    if (d - c == 2) add_slopes<2>(d, x, t, factor, c, g);
    if (d - c == 1) add_slopes<1>(d, x, t, factor, c, g);
  }

 private:
  friend Expression parse_expression(const std::string& formula, Index dimension, const std::string& where);

  /// A value and its slopes along D components in a row.
  template <class N, int D>
  struct Dual {
    N value;
    N slope[D > 0 ? D : 1];
    KOKKOS_FORCEINLINE_FUNCTION void set(N constant) {
      value = constant;
      for (int k = 0; k < D; ++k) slope[k] = number<N>(0);
    }
    /// Becomes f(this) with that value and derivative.
    KOKKOS_FORCEINLINE_FUNCTION void follow(N f, N derivative) {
      value = f;
      for (int k = 0; k < D; ++k) slope[k] = derivative * slope[k];
    }
    /// Becomes f(this, other) with that value and derivatives.
    KOKKOS_FORCEINLINE_FUNCTION void follow(N f, N by_this, const Dual& other, N by_other) {
      value = f;
      for (int k = 0; k < D; ++k) slope[k] = by_this * slope[k] + by_other * other.slope[k];
    }
  };
  template <int D, class N>
  KOKKOS_INLINE_FUNCTION void add_slopes(int d, const N* x, Real t, Real factor, int first, N* g) const {
    const auto dual = evaluate<D>(d, x, t, first);
    for (int k = 0; k < D; ++k) g[first + k] = g[first + k] + number<N>(factor) * dual.slope[k];
  }
  template <int D, class N>
  KOKKOS_INLINE_FUNCTION Dual<N, D> evaluate(int d, const N* x, Real t, int first) const;
  template <int D, class N>
  static KOKKOS_INLINE_FUNCTION void push(const Instruction& instruction, int d, const N* x, Real t,
                                          int first, Dual<N, D>& top);
  template <int D, class N>
  static KOKKOS_INLINE_FUNCTION void binary(Operation operation, Dual<N, D>& a, const Dual<N, D>& b);
  template <int D, class N>
  static KOKKOS_INLINE_FUNCTION void extremum(bool maximum, Dual<N, D>& a, const Dual<N, D>& b);
  template <int D, class N>
  static KOKKOS_INLINE_FUNCTION void unary(const Instruction& instruction, Dual<N, D>& a);

  Kokkos::View<Instruction*, MemorySpace> program_;
  bool depends_on_time_ = false;
};

/// Throws InputError (key `where`) that says at which character what was found, and what is allowed.
Expression parse_expression(const std::string& formula, Index dimension, const std::string& where);

/// The names and functions that formulas know, as the parser has them, for the reference.
std::string words_of_formulas();

// ------------------------------------------------------------------------------------------------------------------

/// Value, and slopes along components [first, first + D).
template <int D, class N>
KOKKOS_INLINE_FUNCTION Expression::Dual<N, D> Expression::evaluate(int d, const N* x, Real t,
                                                                   int first) const {
  Dual<N, D> stack[most_depth];
  stack[0].set(number<N>(0));
  int top = -1;
  for (std::size_t i = 0; i < program_.extent(0); ++i) {
    const Instruction& instruction = program_(i);
    if (instruction.operation < Operation::add) {
      push<D>(instruction, d, x, t, first, stack[++top]);
    } else if (instruction.operation < Operation::negate) {
      --top;
      binary<D>(instruction.operation, stack[top], stack[top + 1]);
    } else {
      unary<D>(instruction, stack[top]);
    }
  }
  return stack[0];
}

template <int D, class N>
KOKKOS_INLINE_FUNCTION void Expression::push(const Instruction& instruction, int d, const N* x, Real t,
                                             int first, Dual<N, D>& top) {
  switch (instruction.operation) {
    case Operation::constant:
      return top.set(number<N>(instruction.constant));
    case Operation::component:
      top.set(x[instruction.component]);
      for (int k = 0; k < D; ++k)
        if (first + k == instruction.component) top.slope[k] = number<N>(1);
      return;
    case Operation::time:
      return top.set(number<N>(t));
    default: {  // norm
      N square = number<N>(0);
      for (int c = 0; c < d; ++c) square = square + x[c] * x[c];
      top.value = square_root(square);
      for (int k = 0; k < D; ++k) top.slope[k] = formulas::over_positive(x[first + k], top.value);
    }
  }
}

template <int D, class N>
KOKKOS_INLINE_FUNCTION void Expression::binary(Operation operation, Dual<N, D>& a, const Dual<N, D>& b) {
  const N one = number<N>(1), zero = number<N>(0);
  switch (operation) {
    case Operation::add:
      return a.follow(a.value + b.value, one, b, one);
    case Operation::subtract:
      return a.follow(a.value - b.value, one, b, -one);
    case Operation::multiply:
      return a.follow(a.value * b.value, b.value, b, a.value);
    case Operation::divide: {
      const N ratio = a.value / b.value;
      return a.follow(ratio, one / b.value, b, -ratio / b.value);
    }
    case Operation::minimum:
    case Operation::maximum:
      return extremum<D>(operation == Operation::maximum, a, b);
    case Operation::atan2: {
      const N square = a.value * a.value + b.value * b.value;
      const N angle = formulas::angle(a.value, b.value);
      return a.follow(angle, formulas::over_positive(b.value, square), b,
                      formulas::over_positive(-a.value, square));
    }
    default: {  // power; negative bases and 0 have no slope along the exponent
      const N p = formulas::general_power(a.value, b.value);
      if constexpr (D == 0) return a.follow(p, one, b, one);
      const auto positive = less_than(zero, a.value), negative = less_than(a.value, zero);
      const N base = select(positive, a.value, select(negative, a.value, one));
      const N logarithm = formulas::logarithm(select(positive, a.value, one));
      // b a^(b-1); at a = 0 this is 0 for b > 1, 1 for b = 1, and a kink below.
      const N slope = b.value * p / base;
      const N at_zero = select(less_than(b.value, one), zero, select(less_than(one, b.value), zero, one));
      return a.follow(p, select(positive, slope, select(negative, slope, at_zero)), b,
                      select(positive, p * logarithm, zero));
    }
  }
}

template <int D, class N>
KOKKOS_INLINE_FUNCTION void Expression::extremum(bool maximum, Dual<N, D>& a, const Dual<N, D>& b) {
  const auto a_is_less = less_than(a.value, b.value), b_is_less = less_than(b.value, a.value);
  const auto take_a = maximum ? b_is_less : a_is_less, take_b = maximum ? a_is_less : b_is_less;
  a.value = select(take_b, b.value, a.value);
  for (int k = 0; k < D; ++k)
    a.slope[k] = select(take_a, a.slope[k],
                        select(take_b, b.slope[k], formulas::nearest_to_zero(a.slope[k], b.slope[k])));
}

template <int D, class N>
KOKKOS_INLINE_FUNCTION void Expression::unary(const Instruction& instruction, Dual<N, D>& a) {
  const N v = a.value, one = number<N>(1);
  switch (instruction.operation) {
    case Operation::negate:
      return a.follow(-v, -one);
    case Operation::integer_power: {
      const int n = instruction.component;
      if (n == 0) return a.set(one);
      if (n > 0) {
        const N less = formulas::integer_power(v, n - 1);
        return a.follow(less * v, number<N>(n) * less);
      }
      const N p = formulas::integer_power(v, n);
      return a.follow(p, number<N>(n) * p / v);
    }
    case Operation::sin:
    case Operation::cos: {
      N sine, cosine;
      formulas::sine_and_cosine(v, sine, cosine);
      return instruction.operation == Operation::sin ? a.follow(sine, cosine) : a.follow(cosine, -sine);
    }
    case Operation::tan: {
      const N tangent = formulas::tangent(v);
      return a.follow(tangent, one + tangent * tangent);
    }
    case Operation::asin:
      return a.follow(formulas::arc_sine(v), one / square_root(one - v * v));
    case Operation::acos:
      return a.follow(formulas::arc_cosine(v), -one / square_root(one - v * v));
    case Operation::atan:
      return a.follow(formulas::arc_tangent(v), one / (one + v * v));
    case Operation::sinh:
      return a.follow(formulas::hyperbolic_sine(v), formulas::hyperbolic_cosine(v));
    case Operation::cosh:
      return a.follow(formulas::hyperbolic_cosine(v), formulas::hyperbolic_sine(v));
    case Operation::tanh: {
      const N tangent = formulas::hyperbolic_tangent(v);
      return a.follow(tangent, one - tangent * tangent);
    }
    case Operation::exp: {
      const N e = formulas::exponential(v);
      return a.follow(e, e);
    }
    case Operation::log:
      return a.follow(formulas::logarithm(v), one / v);
    case Operation::sqrt: {
      const N root = square_root(v);
      return a.follow(root, formulas::over_positive(number<N>(0.5), root));
    }
    default:
      return a.follow(magnitude(v), formulas::sign(v));  // abs
  }
}

}  // namespace weir
