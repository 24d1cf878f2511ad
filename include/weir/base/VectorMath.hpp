// Squared lengths, exp, log, sin, cos and atan2, for single numbers and for Packs of them.
//
// The C library's functions are calls, which keep a loop scalar unless -ffast-math is on; these are a range
// reduction and a polynomial, within 2 units in the last place, the same for one number and for a Pack, on
// host and device. Not-a-numbers stay what they are.
#pragma once

#include <type_traits>

#include "weir/base/Pack.hpp"

namespace weir {

namespace detail {

template <class T>
struct Ieee;
template <>
struct Ieee<float> {
  using Int = std::int32_t;
  static constexpr int mantissa_bits = 23, bias = 127;
  static constexpr std::int32_t sign_bit = INT32_MIN;
  static constexpr float round_magic = 12582912.0f;           // 1.5 * 2^23
  static constexpr std::int32_t root_half_bits = 0x3f3504f3;  // of sqrt(1/2)
  static constexpr float least_exp = -87.0f, most_exp = 88.0f, least_decay = -69.0f, zero_exp = -104.0f;
  static constexpr float half_pi_high = 1.5703125f, half_pi_middle = 4.83751296997e-4f,
                         half_pi_low = 7.54978995e-8f;
  static constexpr float most_angle = 1e4f, least_side = 1e-30f, most_side = 1e30f,
                         least_normal = 1.17549435e-38f, most = 3.40282347e38f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
};
template <>
struct Ieee<double> {
  using Int = std::int64_t;
  static constexpr int mantissa_bits = 52, bias = 1023;
  static constexpr std::int64_t sign_bit = INT64_MIN;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr std::int64_t root_half_bits = 0x3fe6a09e667f3bcd;
  static constexpr double least_exp = -708.0, most_exp = 709.0, least_decay = -667.0, zero_exp = -746.0;
  static constexpr double half_pi_high = 1.57079625129699707031, half_pi_middle = 7.54978941586159635335e-8,
                          half_pi_low = 5.39030285815811905290e-15;
  static constexpr double most_angle = 1e5, least_side = 1e-290, most_side = 1e290,
                          least_normal = 2.2250738585072014e-308, most = 1.7976931348623157e308;
  static constexpr double ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723212e-6;
};

/// Bits that leave at the top are dropped, which signed integers do by themselves only since C++20.
template <class Lanes>
KOKKOS_FORCEINLINE_FUNCTION Lanes shift_up(Lanes integers, int bits) {
  if constexpr (std::is_integral<Lanes>::value)
    return Lanes(std::make_unsigned_t<Lanes>(integers) << bits);
  else
    return integers << bits;
}

/// Horner's rule with compile-time coefficients, highest power first.
template <class N, class T, class... Coefficients>
KOKKOS_FORCEINLINE_FUNCTION N polynomial(N x, double highest, Coefficients... rest) {
  N p = N(T(highest));
  ((p = p * x + N(T(rest))), ...);
  return p;
}

}  // namespace detail

/// |r|^2 of d >= 1 components.
template <class N, class Dimension>
KOKKOS_FORCEINLINE_FUNCTION N squared_length(Dimension d, const N* r) {
  N sum = r[0] * r[0];
  for (int c = 1; c < d; ++c) sum = sum + r[c] * r[c];
  return sum;
}

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
  const Lanes exponent = detail::shift_up(detail::bit_cast<Lanes>(shifted), F::mantissa_bits);
  const N scaled = detail::bit_cast<N>(Lanes(detail::bit_cast<Lanes>(p) + exponent));
  return select(less_than(x, N(F::least_exp)), N(T(0)), scaled);
}

/// e^x for x <= 0, of kernels that fall off: 0 below 1e-30 in single and 1e-290 in double precision, so that
/// what is multiplied by it does not become a subnormal number, which processors are slow with.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_decay(N x) {
  using T = typename NumberTraits<N>::Scalar;
  return select(less_than(x, N(detail::Ieee<T>::least_decay)), N(T(0)), fast_exp(x));
}

/// e^x - 1 for x <= 80, exact to rounding near 0 too; -1 below the range of fast_exp.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_expm1(N x) {
  using T = typename NumberTraits<N>::Scalar;
  using Lanes = typename NumberTraits<N>::IntLanes;
  using F = detail::Ieee<T>;
  const N y = select(less_than(x, N(F::least_exp)), N(F::least_exp), x);
  const N shifted = y * N(T(1.44269504088896340736)) + N(F::round_magic);
  const N n = shifted - N(F::round_magic);
  const N r = (y - n * N(F::ln2_high)) - n * N(F::ln2_low);
  N p;  // (e^r - 1) / r
  if constexpr (sizeof(T) == 4)
    p = detail::polynomial<N, T>(r, 1 / 5040., 1 / 720., 1 / 120., 1 / 24., 1 / 6., 0.5, 1);
  else
    p = detail::polynomial<N, T>(r, 1 / 6227020800., 1 / 479001600., 1 / 39916800., 1 / 3628800., 1 / 362880.,
                                 1 / 40320., 1 / 5040., 1 / 720., 1 / 120., 1 / 24., 1 / 6., 0.5, 1);
  const Lanes exponent = detail::shift_up(detail::bit_cast<Lanes>(shifted), F::mantissa_bits);
  const N power = detail::bit_cast<N>(Lanes(detail::bit_cast<Lanes>(N(T(1))) + exponent));  // 2^n
  return (power - N(T(1))) + power * (r * p);
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
    series = detail::polynomial<N, T>(z, 2. / 21, 2. / 19, 2. / 17, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7,
                                      2. / 5, 2. / 3);
  const N log_m = N(T(2)) * s + s * z * series;
  return k * N(F::ln2_high) + (k * N(F::ln2_low) + log_m);
}

/// log(1 + e) for e in [0, 1], relative to its own size; `reciprocal` is 1 / (2 + e).
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_log1p_of_unit(N e, N reciprocal) {
  using T = typename NumberTraits<N>::Scalar;
  // 2 atanh(s), s = e / (2 + e) <= 1/3
  const N s = e * reciprocal, z = s * s;
  N series;
  if constexpr (sizeof(T) == 4)
    series = detail::polynomial<N, T>(z, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3);
  else
    series =
        detail::polynomial<N, T>(z, 2. / 33, 2. / 31, 2. / 29, 2. / 27, 2. / 25, 2. / 23, 2. / 21, 2. / 19,
                                 2. / 17, 2. / 15, 2. / 13, 2. / 11, 2. / 9, 2. / 7, 2. / 5, 2. / 3);
  return N(T(2)) * s + s * z * series;
}

namespace detail {

/// sin and cos of quarters * pi/2 + a for |a| <= pi/4 (a little more does no harm).
template <class N, class Lanes>
KOKKOS_FORCEINLINE_FUNCTION void sincos_of_quadrant(Lanes quadrant, N a, N& sine, N& cosine) {
  using T = typename NumberTraits<N>::Scalar;
  using Int = typename NumberTraits<N>::Int;
  const N z = a * a;
  N s, c;
  if constexpr (sizeof(T) == 4) {
    s = polynomial<N, T>(z, 1 / 362880., -1 / 5040., 1 / 120., -1 / 6., 1) * a;
    c = polynomial<N, T>(z, 1 / 40320., -1 / 720., 1 / 24., -0.5, 1);
  } else {
    s = polynomial<N, T>(z, -1 / 1307674368000., 1 / 6227020800., -1 / 39916800., 1 / 362880., -1 / 5040.,
                         1 / 120., -1 / 6., 1) *
        a;
    c = polynomial<N, T>(z, 1 / 20922789888000., -1 / 87178291200., 1 / 479001600., -1 / 3628800., 1 / 40320.,
                         -1 / 720., 1 / 24., -0.5, 1);
  }
  const auto odd = (quadrant & Int(1)) != Int(0);
  const N first = select(odd, c, s), second = select(odd, s, c);
  // Bit 1 of the quadrant, moved to where the sign is.
  constexpr int to_sign = 8 * int(sizeof(T)) - 2;
  const Lanes sine_sign = shift_up(Lanes(quadrant & Int(2)), to_sign);
  const Lanes cosine_sign = shift_up(Lanes((quadrant + Int(1)) & Int(2)), to_sign);
  sine = bit_cast<N>(Lanes(bit_cast<Lanes>(first) ^ sine_sign));
  cosine = bit_cast<N>(Lanes(bit_cast<Lanes>(second) ^ cosine_sign));
}

}  // namespace detail

/// sin and cos of 2 pi u for u in [0, 1].
template <class N>
KOKKOS_FORCEINLINE_FUNCTION void fast_sincos_turns(N u, N& sine, N& cosine) {
  using T = typename NumberTraits<N>::Scalar;
  using F = detail::Ieee<T>;
  const N shifted = N(T(4)) * u + N(F::round_magic);
  const N quarters = shifted - N(F::round_magic);
  const N a = (u - N(T(0.25)) * quarters) * N(T(6.28318530717958647692));
  detail::sincos_of_quadrant(detail::bit_cast<typename NumberTraits<N>::IntLanes>(shifted), a, sine, cosine);
}

/// sin and cos of x, in double within 2 units in the last place of the result or 1e-16 x for |x| < 1e5, in
/// single for |x| < 1e4.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION void fast_sincos(N x, N& sine, N& cosine) {
  using T = typename NumberTraits<N>::Scalar;
  using F = detail::Ieee<T>;
  const N shifted = x * N(T(0.63661977236758134308)) + N(F::round_magic);
  const N quarters = shifted - N(F::round_magic);
  // pi/2 in three parts, the first two short enough that their products with `quarters` are exact.
  const N a =
      ((x - quarters * N(F::half_pi_high)) - quarters * N(F::half_pi_middle)) - quarters * N(F::half_pi_low);
  detail::sincos_of_quadrant(detail::bit_cast<typename NumberTraits<N>::IntLanes>(shifted), a, sine, cosine);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_sin(N x) {
  N s, c;
  fast_sincos(x, s, c);
  return s;
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_cos(N x) {
  N s, c;
  fast_sincos(x, s, c);
  return c;
}

/// The angle of (x, y), in [-pi, pi] with the sign of y; the larger of |x| and |y| is between 1e-290 and
/// 1e290 (1e-30 and 1e30 in single precision).
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N fast_atan2(N y, N x) {
  using T = typename NumberTraits<N>::Scalar;
  using Int = typename NumberTraits<N>::Int;
  using Lanes = typename NumberTraits<N>::IntLanes;
  const N across = magnitude(x), up = magnitude(y);
  const auto steep = less_than(across, up);
  const N less = select(steep, across, up), more = select(steep, up, across);
  // With q = less / more, atan(q) = atan(t) + pi / 4 for t = (q - 1) / (q + 1), and |t| <= sqrt(2) - 1.
  const auto wide = less_than(N(T(0.41421356237309504880)) * more, less);
  const N t = select(wide, less - more, less) / select(wide, less + more, more), z = t * t;
  N series;  // (atan(t) / t - 1) / z by Chebyshev's polynomials
  if constexpr (sizeof(T) == 4)
    series = detail::polynomial<N, T>(z, -0.064517188693589581, 0.10743668324830098, -0.14263949753605724,
                                      0.19999540314957970, -0.33333331760434556);
  else
    series = detail::polynomial<N, T>(z, 0.016284375050043395, -0.034569315063306090, 0.045515447340221617,
                                      -0.052304436406869477, 0.058789275544738068, -0.066664247602005201,
                                      0.076922963680422971, -0.090909087532591129, 0.11111111105150588,
                                      -0.14285714285659778, 0.19999999999999804, -0.33333333333333333);
  N angle = t + t * z * series;
  angle = select(wide, angle + N(T(0.78539816339744830962)), angle);
  angle = select(steep, N(T(1.57079632679489661923)) - angle, angle);
  const auto left = detail::bit_cast<Lanes>(x) < Int(0);  // -0 is on the left too
  angle = select(left, N(T(3.14159265358979323846)) - angle, angle);
  const Lanes sign = detail::bit_cast<Lanes>(y) & Int(detail::Ieee<T>::sign_bit);
  return detail::bit_cast<N>(Lanes(detail::bit_cast<Lanes>(angle) | sign));
}

}  // namespace weir
