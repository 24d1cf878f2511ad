// The functions of formulas, with their derivatives, for single numbers and for Packs of them.
//
// Single numbers take the C library's functions; Packs those of VectorMath.hpp where they hold, and the
// library's lane by lane elsewhere. Where a derivative is one of a kink it is 0.
#pragma once

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {
namespace formulas {

template <class N>
constexpr bool is_pack = sizeof(N) > sizeof(typename NumberTraits<N>::Scalar);

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N number(Real value) {
  return N(typename NumberTraits<N>::Scalar(value));
}

/// f in every lane.
template <class N, class F>
KOKKOS_FORCEINLINE_FUNCTION N lane_by_lane(F f, N a) {
  if constexpr (is_pack<N>) {
    for (int lane = 0; lane < pack_width<typename NumberTraits<N>::Scalar>; ++lane)
      a.native[lane] = f(a.native[lane]);
    return a;
  } else {
    return f(a);
  }
}
template <class N, class F>
KOKKOS_FORCEINLINE_FUNCTION N lane_by_lane(F f, N a, N b) {
  if constexpr (is_pack<N>) {
    for (int lane = 0; lane < pack_width<typename NumberTraits<N>::Scalar>; ++lane)
      a.native[lane] = f(a.native[lane], b.native[lane]);
    return a;
  } else {
    return f(a, b);
  }
}
/// Whether low < a < high in all lanes.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION bool within(N a, Real low, Real high) {
  if constexpr (is_pack<N>) {
    bool all = true;
    for (int lane = 0; lane < pack_width<typename NumberTraits<N>::Scalar>; ++lane)
      all = all && a.native[lane] > low && a.native[lane] < high;
    return all;
  } else {
    return a > low && a < high;
  }
}

struct Sine {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::sin(a); }
};
struct Cosine {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::cos(a); }
};
struct Tangent {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::tan(a); }
};
struct ArcSine {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::asin(a); }
};
struct ArcCosine {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::acos(a); }
};
struct ArcTangent {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::atan(a); }
};
struct HyperbolicSine {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::sinh(a); }
};
struct HyperbolicCosine {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::cosh(a); }
};
struct HyperbolicTangent {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::tanh(a); }
};
struct Exponential {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::exp(a); }
};
struct Logarithm {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a) const { return ::log(a); }
};
struct Power {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a, Real b) const { return ::pow(a, b); }
};
struct Angle {
  KOKKOS_INLINE_FUNCTION Real operator()(Real a, Real b) const { return ::atan2(a, b); }
};

template <class N>
KOKKOS_INLINE_FUNCTION void sine_and_cosine(N a, N& sine, N& cosine) {
  if constexpr (is_pack<N>)
    if (within(a, -1e5, 1e5)) return fast_sincos(a, sine, cosine);
  sine = lane_by_lane(Sine(), a);
  cosine = lane_by_lane(Cosine(), a);
}
template <class N>
KOKKOS_INLINE_FUNCTION N exponential(N a) {
  if constexpr (is_pack<N>)
    if (within(a, -700, 700)) return fast_exp(a);
  return lane_by_lane(Exponential(), a);
}
template <class N>
KOKKOS_INLINE_FUNCTION N logarithm(N a) {
  if constexpr (is_pack<N>)
    if (within(a, 1e-300, 1e300)) return fast_log(a);
  return lane_by_lane(Logarithm(), a);
}
template <class N>
KOKKOS_INLINE_FUNCTION N general_power(N a, N b) {
  if constexpr (is_pack<N>)
    if (within(a, 1e-300, 1e300)) {
      const N exponent = b * fast_log(a);
      if (within(exponent, -20, 20)) return fast_exp(exponent);  // of at least 14 digits
    }
  return lane_by_lane(Power(), a, b);
}
template <class N>
KOKKOS_INLINE_FUNCTION N integer_power(N a, int exponent) {
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
