// exp, log, and sin and cos of a turn, written so that compilers turn a loop over them into vector code.
//
// The C library's functions are calls, which keep a loop scalar unless -ffast-math is on; these are a range
// reduction and a polynomial, within 2 units in the last place, the same on host and device, in a vector loop's
// body and in its tail. Not-a-numbers stay what they are.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <cstring>

namespace weir {

namespace detail {

template <class To, class From>
KOKKOS_FORCEINLINE_FUNCTION To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "bit_cast keeps the size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

template <class T>
struct Ieee;
template <>
struct Ieee<float> {
  using Int = std::int32_t;
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23
  static constexpr float least_exp = -87.0f, most_exp = 88.0f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
};
template <>
struct Ieee<double> {
  using Int = std::int64_t;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double least_exp = -708.0, most_exp = 709.0;
  static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
};

/// Horner's rule with compile-time coefficients, highest power first.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T horner(T, T last) {
  return last;
}
template <class T, class... Rest>
KOKKOS_FORCEINLINE_FUNCTION T horner(T x, T a, T b, Rest... rest) {
  return horner(x, a * x + b, rest...);
}

}  // namespace detail

/// e^x; 0 below the range of normal numbers.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T fast_exp(T x) {
  using F = detail::Ieee<T>;
  using Int = typename F::Int;
  T y = x < F::least_exp ? F::least_exp : x;
  y = y > F::most_exp ? F::most_exp : y;
  const T shifted = y * T(1.44269504088896340736) + F::round_magic;  // low bits: round(x / ln 2)
  const T n = shifted - F::round_magic;
  const T r = (y - n * F::ln2_high) - n * F::ln2_low;
  T p;
  if constexpr (sizeof(T) == 4)
    p = detail::horner<T>(r, 1 / T(5040), 1 / T(720), 1 / T(120), 1 / T(24), 1 / T(6), T(0.5), T(1), T(1));
  else
    p = detail::horner<T>(r, 1 / T(6227020800.), 1 / T(479001600), 1 / T(39916800), 1 / T(3628800), 1 / T(362880),
                          1 / T(40320), 1 / T(5040), 1 / T(720), 1 / T(120), 1 / T(24), 1 / T(6), T(0.5), T(1), T(1));
  const Int exponent = detail::bit_cast<Int>(shifted) << F::mantissa_bits;
  const T scaled = detail::bit_cast<T>(Int(detail::bit_cast<Int>(p) + exponent));
  return x < F::least_exp ? T(0) : scaled;
}

/// Natural logarithm of a positive normal number.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T fast_log(T x) {
  using F = detail::Ieee<T>;
  using Int = typename F::Int;
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1).
  const Int root_half = detail::bit_cast<Int>(T(0.70710678118654752440));
  const Int bits = detail::bit_cast<Int>(x) - root_half;
  const Int k = bits >> F::mantissa_bits;
  const Int mantissa = (bits & ((Int(1) << F::mantissa_bits) - 1)) + root_half;
  const T m = detail::bit_cast<T>(mantissa);
  const T s = (m - 1) / (m + 1), z = s * s;
  T series;
  if constexpr (sizeof(T) == 4)
    series = detail::horner<T>(z, T(2) / 11, T(2) / 9, T(2) / 7, T(2) / 5, T(2) / 3);
  else
    series = detail::horner<T>(z, T(2) / 21, T(2) / 19, T(2) / 17, T(2) / 15, T(2) / 13, T(2) / 11, T(2) / 9, T(2) / 7,
                               T(2) / 5, T(2) / 3);
  const T log_m = 2 * s + s * z * series;
  return T(k) * F::ln2_high + (T(k) * F::ln2_low + log_m);
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
    s = detail::horner<T>(z, 1 / T(362880), -1 / T(5040), 1 / T(120), -1 / T(6), T(1)) * a;
    c = detail::horner<T>(z, 1 / T(40320), -1 / T(720), 1 / T(24), T(-0.5), T(1));
  } else {
    s = detail::horner<T>(z, -1 / T(1307674368000.), 1 / T(6227020800.), -1 / T(39916800), 1 / T(362880),
                          -1 / T(5040), 1 / T(120), -1 / T(6), T(1)) * a;
    c = detail::horner<T>(z, 1 / T(20922789888000.), -1 / T(87178291200.), 1 / T(479001600), -1 / T(3628800),
                          1 / T(40320), -1 / T(720), 1 / T(24), T(-0.5), T(1));
  }
  const T first = (quadrant & 1) ? c : s, second = (quadrant & 1) ? s : c;
  sine = (quadrant & 2) ? -first : first;
  cosine = ((quadrant + 1) & 2) ? -second : second;
}

}  // namespace weir
