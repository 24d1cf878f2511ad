// The functions of formulas and of named functionals, with their derivatives, for single numbers and for
// Packs of them.
//
// Single numbers take the C library's functions, Packs those of SafeMath.hpp. Where a derivative is one of a
// kink it is 0.
#pragma once

#include "weir/base/SafeMath.hpp"
#include "weir/base/Types.hpp"

namespace weir {
namespace formulas {

template <class N>
KOKKOS_FORCEINLINE_FUNCTION void sine_and_cosine(N a, N& sine, N& cosine) {
  if constexpr (is_pack<N>) {
    safe_sincos(a, sine, cosine);
  } else {
    sine = library::Sine()(a);
    cosine = library::Cosine()(a);
  }
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N sine(N a) {
  N sine, cosine;
  sine_and_cosine(a, sine, cosine);
  return sine;
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N cosine(N a) {
  N sine, cosine;
  sine_and_cosine(a, sine, cosine);
  return cosine;
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N tangent(N a) {
  if constexpr (is_pack<N>)
    return safe_tan(a);
  else
    return library::Tangent()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N arc_sine(N a) {
  if constexpr (is_pack<N>)
    return safe_asin(a);
  else
    return library::ArcSine()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N arc_cosine(N a) {
  if constexpr (is_pack<N>)
    return safe_acos(a);
  else
    return library::ArcCosine()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N arc_tangent(N a) {
  if constexpr (is_pack<N>)
    return safe_atan(a);
  else
    return library::ArcTangent()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N hyperbolic_sine(N a) {
  if constexpr (is_pack<N>)
    return safe_sinh(a);
  else
    return library::HyperbolicSine()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N hyperbolic_cosine(N a) {
  if constexpr (is_pack<N>)
    return safe_cosh(a);
  else
    return library::HyperbolicCosine()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N hyperbolic_tangent(N a) {
  if constexpr (is_pack<N>)
    return safe_tanh(a);
  else
    return library::HyperbolicTangent()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N exponential(N a) {
  if constexpr (is_pack<N>)
    return safe_exp(a);
  else
    return library::Exponential()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N logarithm(N a) {
  if constexpr (is_pack<N>)
    return safe_log(a);
  else
    return library::Logarithm()(a);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N general_power(N a, N b) {
  if constexpr (is_pack<N>)
    return safe_pow(a, b);
  else
    return library::Power()(a, b);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N angle(N a, N b) {
  if constexpr (is_pack<N>)
    return safe_atan2(a, b);
  else
    return library::Angle()(a, b);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N integer_power(N a, int exponent) {
  N result = number<N>(1);
  for (int rest = exponent < 0 ? -exponent : exponent; rest > 0; rest /= 2) {
    if (rest % 2 == 1) result = result * a;
    if (rest > 1) a = a * a;
  }
  return exponent < 0 ? number<N>(1) / result : result;
}

/// yes / a where a > 0, else 0.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N over_positive(N yes, N a) {
  const auto positive = less_than(number<N>(0), a);
  return select(positive, yes / select(positive, a, number<N>(1)), number<N>(0));
}
/// -1, 0 or 1.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N sign(N a) {
  return select(less_than(number<N>(0), a), number<N>(1),
                select(less_than(a, number<N>(0)), number<N>(-1), number<N>(0)));
}
/// The number between a and b that is nearest to 0.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N nearest_to_zero(N a, N b) {
  const N zero = number<N>(0);
  const N low = select(less_than(a, b), a, b), high = select(less_than(a, b), b, a);
  return select(less_than(zero, low), low, select(less_than(high, zero), high, zero));
}

}  // namespace formulas
}  // namespace weir
