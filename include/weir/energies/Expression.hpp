// A formula of a deck, f(x, t), as a small program that host and device evaluate, with its exact gradient.
//
// Formulas are written in x0, x1, .. (components), t (time), d (dimension), norm (|x|), pi, e, numbers,
// + - * / ^, parentheses and the functions abs, atan, atan2, cos, cosh, exp, log, max, min, pow, sin, sinh,
// sqrt, tan, tanh. As usual -x^2 = -(x^2) and 2^3^2 = 2^(3^2).
//
// Every instruction computes one number from earlier ones. The gradient comes from one sweep forward and one
// sweep back over the program (reverse-mode differentiation, Griewank and Walther 2008), whatever the
// dimension. Where a slope is not finite (sqrt at 0, norm at 0, 1/r at 0, log at 0) it counts as 0; at the
// kink of abs it is 0, at ties of min and max the mean of both sides.
#pragma once

#include <cmath>
#include <string>
#include <type_traits>

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {

enum class Operation : std::uint8_t {
  constant,
  component,
  time,
  norm,
  add,
  subtract,
  multiply,
  divide,
  negate,
  power,
  integer_power,  ///< a^n, n being the instruction's constant
  absolute,
  arc_tangent,
  arc_tangent_2,
  cosine,
  hyperbolic_cosine,
  exponential,
  logarithm,
  maximum,
  minimum,
  sine,
  hyperbolic_sine,
  square_root,
  tangent,
  hyperbolic_tangent
};

struct Instruction {
  Operation operation = Operation::constant;
  std::uint16_t a = 0, b = 0;  ///< numbers of earlier instructions; of a component: a is its index
  Real constant = 0;
};

/// A plain value that may be copied to a device. Kernels call it with any number type N (Pack.hpp).
class Expression {
 public:
  static constexpr int most_instructions = 256;
  static constexpr int least_dimension = 1;
  static constexpr bool in_packs = true;

  bool uses_time() const;
  int length() const { return length_; }

  /// f(x, t) for x of d components.
  template <class N>
  KOKKOS_FUNCTION N value(int d, const N* x, Real t = 0) const {
    N values[most_instructions];
    return evaluate(d, x, t, values);
  }

  /// g += factor grad f(x, t).
  template <class N>
  KOKKOS_FUNCTION void add_gradient(int d, const N* x, Real t, Real factor, N* g) const {
    N values[most_instructions], adjoints[most_instructions];
    evaluate(d, x, t, values);
    for (int k = 0; k + 1 < length_; ++k) adjoints[k] = number<N>(0);
    adjoints[length_ - 1] = number<N>(factor);
    for (int k = length_ - 1; k >= 0; --k) propagate(code_[k], k, d, x, values, adjoints, g);
  }
  template <class N>
  KOKKOS_FUNCTION void add_gradient(int d, const N* x, Real factor, N* g) const {
    add_gradient(d, x, 0, factor, g);
  }

 private:
  friend class ExpressionBuilder;

  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION static N number(Real value) {
    return N(typename NumberTraits<N>::Scalar(value));
  }
  /// A function of the C library, lane by lane.
  template <class N, class F>
  KOKKOS_FORCEINLINE_FUNCTION static N lanewise(N x, F f) {
    if constexpr (std::is_floating_point<N>::value) {
      return f(x);
    } else {
      for (int lane = 0; lane < pack_width<typename NumberTraits<N>::Scalar>; ++lane)
        x.native[lane] = f(x.native[lane]);
      return x;
    }
  }
  template <class N, class F>
  KOKKOS_FORCEINLINE_FUNCTION static N lanewise(N x, N y, F f) {
    if constexpr (std::is_floating_point<N>::value) {
      return f(x, y);
    } else {
      for (int lane = 0; lane < pack_width<typename NumberTraits<N>::Scalar>; ++lane)
        x.native[lane] = f(x.native[lane], y.native[lane]);
      return x;
    }
  }

  template <class N>
  KOKKOS_FUNCTION static N norm_of(int d, const N* x) {
    N sum = x[0] * x[0];
    for (int i = 1; i < d; ++i) sum = sum + x[i] * x[i];
    return weir::square_root(sum);
  }
  template <class N>
  KOKKOS_FUNCTION static N to_integer_power(N base, int exponent) {
    N result = number<N>(1);
    for (int n = exponent < 0 ? -exponent : exponent; n > 0; n /= 2) {
      if (n % 2 == 1) result = result * base;
      base = base * base;
    }
    return exponent < 0 ? number<N>(1) / result : result;
  }
  /// numerator / denominator, and 0 where that is not finite because the denominator is 0.
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION static N ratio_or_zero(N numerator, N denominator) {
    const N zero = number<N>(0);
    const auto nonzero = less_than(zero, magnitude(denominator));
    return select(nonzero, numerator, zero) / select(nonzero, denominator, number<N>(1));
  }

  /// The result of an operation on numbers alone.
  template <class N>
  KOKKOS_FUNCTION static N apply(const Instruction& instruction, N a, N b) {
    using T = typename NumberTraits<N>::Scalar;
    switch (instruction.operation) {
      case Operation::add:
        return a + b;
      case Operation::subtract:
        return a - b;
      case Operation::multiply:
        return a * b;
      case Operation::divide:
        return a / b;
      case Operation::negate:
        return -a;
      case Operation::power:
        return lanewise(a, b, [](T x, T y) { return T(pow(x, y)); });
      case Operation::integer_power:
        return to_integer_power(a, int(instruction.constant));
      case Operation::absolute:
        return magnitude(a);
      case Operation::arc_tangent:
        return lanewise(a, [](T x) { return T(atan(x)); });
      case Operation::arc_tangent_2:
        return lanewise(a, b, [](T y, T x) { return T(atan2(y, x)); });
      case Operation::cosine:
        return fast_cos(a);
      case Operation::hyperbolic_cosine:
        return lanewise(a, [](T x) { return T(cosh(x)); });
      case Operation::exponential:
        return fast_exp(a);
      case Operation::logarithm:
        return lanewise(a, [](T x) { return T(log(x)); });
      case Operation::maximum:
        return select(less_than(a, b), b, a);
      case Operation::minimum:
        return select(less_than(b, a), b, a);
      case Operation::sine:
        return fast_sin(a);
      case Operation::hyperbolic_sine:
        return lanewise(a, [](T x) { return T(sinh(x)); });
      case Operation::square_root:
        return weir::square_root(a);
      case Operation::tangent:
        return lanewise(a, [](T x) { return T(tan(x)); });
      case Operation::hyperbolic_tangent:
        return lanewise(a, [](T x) { return T(tanh(x)); });
      default:
        return number<N>(instruction.constant);
    }
  }

  /// The results of all instructions, and the last one.
  template <class N>
  KOKKOS_FUNCTION N evaluate(int d, const N* x, Real t, N* values) const {
    N result = number<N>(0);
    for (int k = 0; k < length_; ++k) {
      const Instruction& instruction = code_[k];
      switch (instruction.operation) {
        case Operation::constant:
          result = number<N>(instruction.constant);
          break;
        case Operation::component:
          result = x[instruction.a];
          break;
        case Operation::time:
          result = number<N>(t);
          break;
        case Operation::norm:
          result = norm_of(d, x);
          break;
        default:
          result = apply(instruction, values[instruction.a], values[instruction.b]);
      }
      values[k] = result;
    }
    return result;
  }

  /// Passes what f owes to the result of instruction k on to its operands, by their slopes.
  template <class N>
  KOKKOS_FUNCTION void propagate(const Instruction& instruction, int k, int d, const N* x, const N* values,
                                 N* adjoints, N* g) const {
    const N one = number<N>(1), zero = number<N>(0), half = number<N>(0.5);
    const N owed = adjoints[k], result = values[k];
    const int i = instruction.a, j = instruction.b;
    const auto to_a = [&](N slope) { adjoints[i] = adjoints[i] + owed * slope; };
    const auto to_b = [&](N slope) { adjoints[j] = adjoints[j] + owed * slope; };
    const auto a = [&] { return values[i]; };
    const auto b = [&] { return values[j]; };
    switch (instruction.operation) {
      case Operation::constant:
      case Operation::time:
        return;
      case Operation::component:
        g[i] = g[i] + owed;
        return;
      case Operation::norm:
        for (int c = 0; c < d; ++c) g[c] = g[c] + owed * ratio_or_zero(x[c], result);
        return;
      case Operation::add:
        return to_a(one), to_b(one);
      case Operation::subtract:
        return to_a(one), to_b(-one);
      case Operation::multiply:
        return to_a(b()), to_b(a());
      case Operation::divide:
        return to_a(ratio_or_zero(one, b())), to_b(-ratio_or_zero(result, b()));
      case Operation::negate:
        return to_a(-one);
      case Operation::power:
        to_a(power_slope(a(), b()));
        if (code_[j].operation != Operation::constant) to_b(result * logarithm_or_zero(a()));
        return;
      case Operation::integer_power:
        return to_a(number<N>(instruction.constant) *
                    integer_power_or_zero(a(), int(instruction.constant) - 1));
      case Operation::absolute:
        return to_a(select(less_than(zero, a()), one, select(less_than(a(), zero), -one, zero)));
      case Operation::arc_tangent:
        return to_a(one / (one + a() * a()));
      case Operation::arc_tangent_2: {
        const N square = a() * a() + b() * b();
        return to_a(ratio_or_zero(b(), square)), to_b(-ratio_or_zero(a(), square));
      }
      case Operation::cosine:
        return to_a(-fast_sin(a()));
      case Operation::hyperbolic_cosine:
        return to_a(apply({Operation::hyperbolic_sine}, a(), a()));
      case Operation::exponential:
        return to_a(result);
      case Operation::logarithm:
        return to_a(ratio_or_zero(one, a()));
      case Operation::maximum:
      case Operation::minimum: {
        const bool larger = instruction.operation == Operation::maximum;
        const N above = select(less_than(b(), a()), one, select(less_than(a(), b()), zero, half));
        return to_a(larger ? above : one - above), to_b(larger ? one - above : above);
      }
      case Operation::sine:
        return to_a(fast_cos(a()));
      case Operation::hyperbolic_sine:
        return to_a(apply({Operation::hyperbolic_cosine}, a(), a()));
      case Operation::square_root:
        return to_a(ratio_or_zero(half, result));
      case Operation::tangent:
        return to_a(one + result * result);
      case Operation::hyperbolic_tangent:
        return to_a(one - result * result);
    }
  }

  /// y x^(y - 1)
  template <class N>
  KOKKOS_FUNCTION static N power_slope(N x, N y) {
    using T = typename NumberTraits<N>::Scalar;
    return lanewise(x, y, [](T base, T exponent) {
      return base == 0 && exponent < 1 ? T(0) : exponent * T(pow(base, exponent - 1));
    });
  }
  template <class N>
  KOKKOS_FUNCTION static N logarithm_or_zero(N x) {
    using T = typename NumberTraits<N>::Scalar;
    return lanewise(x, [](T base) { return base > 0 ? T(log(base)) : T(0); });
  }
  template <class N>
  KOKKOS_FUNCTION static N integer_power_or_zero(N base, int exponent) {
    if (exponent >= 0) return to_integer_power(base, exponent);
    return ratio_or_zero(number<N>(1), to_integer_power(base, -exponent));
  }

  Instruction code_[most_instructions];
  int length_ = 0;
};

/// Reads a formula on points of `dimension` components. Throws InputError that says where it went wrong, what
/// was found there and what to write instead.
Expression parse_expression(const std::string& formula, Index dimension);

}  // namespace weir
