// exp, log, and sin and cos of a turn, for single numbers and for Packs of them.
//
// The C library's functions are calls, which keep a loop scalar unless -ffast-math is on; these are a range
// reduction and a polynomial, within 2 units in the last place, the same for one number and for a Pack, on host
// and device. Not-a-numbers stay what they are.
#pragma once

#include "weir/base/Pack.hpp"

namespace weir {

namespace detail {

template <class T>
struct Ieee;
template <>
struct Ieee<float> {
  using Int = std::int32_t;
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23
  static constexpr std::int32_t root_half_bits = 0x3f3504f3;  // of sqrt(1/2)
  static constexpr float least_exp = -87.0f, most_exp = 88.0f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
};
template <>
struct Ieee<double> {
  using Int = std::int64_t;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr std::int64_t root_half_bits = 0x3fe6a09e667f3bcd;
  static constexpr double least_exp = -708.0, most_exp = 709.0;
  static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
};

/// Horner's rule with compile-time coefficients, highest power first.
template <class N, class T, class... Coefficients>
KOKKOS_FORCEINLINE_FUNCTION N polynomial(N x, double highest, Coefficients... rest) {
  N p = N(T(highest));
  ((p = p * x + N(T(rest))), ...);
  return p;
}

}  // namespace detail

/// e^x; 0 below the range of normal numbers.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_exp(N x) {
  using T = typename NumberTraits<N>::Scalar;
  using Lanes = typename NumberTraits<N>::IntLanes;
  using F = detail::Ieee<T>;
  N y = select(less_than(x, N(F::least_exp)), N(F::least_exp), x);
  y = select(less_than(N(F::most_exp), y), N(F::most_exp), y);
  const N shifted = y * N(T(1.44269504088896340736)) + N(F::round_magic);  // low bits: round(x / ln 2)
  const N n = shifted - N(F::round_magic);
  const N r = (y - n * N(F::ln2_high)) - n * N(F::ln2_low);
  N p;
  if constexpr (sizeof(T) == 4)
    p = detail::polynomial<N, T>(r, 1 / 5040., 1 / 720., 1 / 120., 1 / 24., 1 / 6., 0.5, 1, 1);
  else
    p = detail::polynomial<N, T>(r, 1 / 6227020800., 1 / 479001600., 1 / 39916800., 1 / 3628800., 1 / 362880.,
                                 1 / 40320., 1 / 5040., 1 / 720., 1 / 120., 1 / 24., 1 / 6., 0.5, 1, 1);
  const Lanes exponent = detail::bit_cast<Lanes>(shifted) << F::mantissa_bits;
  const N scaled = detail::bit_cast<N>(Lanes(detail::bit_cast<Lanes>(p) + exponent));
  return select(less_than(x, N(F::least_exp)), N(T(0)), scaled);
}

/// Natural logarithm of a positive normal number.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_log(N x) {
  using T = typename NumberTraits<N>::Scalar;
  using Int = typename NumberTraits<N>::Int;
  using Lanes = typename NumberTraits<N>::IntLanes;
  using F = detail::Ieee<T>;
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1).
  const Int root_half = F::root_half_bits;
  const Lanes bits = detail::bit_cast<Lanes>(x) - root_half;
  const Lanes mantissa = (bits & ((Int(1) << F::mantissa_bits) - 1)) + root_half;
  const N k = to_number<N>(Lanes(bits >> F::mantissa_bits));
  const N m = detail::bit_cast<N>(mantissa);
  const N s = (m - N(T(1))) / (m + N(T(1))), z = s * s;
  N series;
  if constexpr (sizeof(T) == 4)
    series = detail::polynomial<N, T>(z, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3);
  else
    series = detail::polynomial<N, T>(z, 2. / 21, 2. / 19, 2. / 17, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3);
  const N log_m = N(T(2)) * s + s * z * series;
  return k * N(F::ln2_high) + (k * N(F::ln2_low) + log_m);
}

/// sin and cos of 2 pi u for u in [0, 1].
template <class T>
KOKKOS_FORCEINLINE_FUNCTION void fast_sincos_turns(T u, T& sine, T& cosine) {
  using F = detail::Ieee<T>;
  using Int = typename F::Int;
  const T shifted = 4 * u + F::round_magic;
  const T quarters = shifted - F::round_magic;
  const Int quadrant = detail::bit_cast<Int>(shifted);
  const T a = (u - T(0.25) * quarters) * T(6.28318530717958647692);
  const T z = a * a;
  T s, c;
  if constexpr (sizeof(T) == 4) {
    s = detail::polynomial<T, T>(z, 1 / 362880., -1 / 5040., 1 / 120., -1 / 6., 1) * a;
    c = detail::polynomial<T, T>(z, 1 / 40320., -1 / 720., 1 / 24., -0.5, 1);
  } else {
    s = detail::polynomial<T, T>(z, -1 / 1307674368000., 1 / 6227020800., -1 / 39916800., 1 / 362880., -1 / 5040., 1 / 120.,
                                 -1 / 6., 1) * a;
    c = detail::polynomial<T, T>(z, 1 / 20922789888000., -1 / 87178291200., 1 / 479001600., -1 / 3628800., 1 / 40320.,
                                 -1 / 720., 1 / 24., -0.5, 1);
  }
  const T first = (quadrant & 1) ? c : s, second = (quadrant & 1) ? s : c;
  sine = (quadrant & 2) ? -first : first;
  cosine = ((quadrant + 1) & 2) ? -second : second;
}

}  // namespace weir
