// Functions of any argument, for single numbers and for Packs of them.
//
// The functions of VectorMath.hpp where they hold, the C library's in the other lanes: a lane's result does
// not depend on its neighbours. Not-a-numbers and infinities go to the library.
#pragma once

#include "weir/base/VectorMath.hpp"

namespace weir {

/// The C library's functions, in double precision: its single ones are no faster where one lane needs them.
namespace library {

struct Sine {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::sin(a); }
};
struct Cosine {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::cos(a); }
};
struct Tangent {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::tan(a); }
};
struct ArcSine {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::asin(a); }
};
struct ArcCosine {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::acos(a); }
};
struct ArcTangent {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::atan(a); }
};
struct HyperbolicSine {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::sinh(a); }
};
struct HyperbolicCosine {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::cosh(a); }
};
struct HyperbolicTangent {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::tanh(a); }
};
struct Exponential {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::exp(a); }
};
struct Logarithm {
  KOKKOS_INLINE_FUNCTION double operator()(double a) const { return ::log(a); }
};
struct Power {
  KOKKOS_INLINE_FUNCTION double operator()(double a, double b) const { return ::pow(a, b); }
};
struct Angle {
  KOKKOS_INLINE_FUNCTION double operator()(double a, double b) const { return ::atan2(a, b); }
};

}  // namespace library

namespace detail {

/// Apart from the loops that hardly ever need it, so that these keep their registers.
template <class N, class Lanes, class F, class... Arguments>
[[gnu::noinline, gnu::cold]] void mend_lanes(const Lanes& holds, N& result, F exact,
                                             const Arguments&... arguments) {
  for (int lane = 0; lane < pack_width<typename NumberTraits<N>::Scalar>; ++lane)
    if (!holds[lane]) result.native[lane] = exact(arguments.native[lane]...);
}

/// Makes `result` exact(arguments ..) in the lanes where it does not hold.
template <class N, class Lanes, class F, class... Arguments>
KOKKOS_FORCEINLINE_FUNCTION void mend(Lanes holds, N& result, F exact, Arguments... arguments) {
  if constexpr (is_pack<N>) {
    N mended = result;  // a copy, as what has its address taken lives in memory
    mend_lanes(holds, mended, exact, arguments...);
    result = mended;
  } else {
    result = exact(arguments...);
  }
}

/// `fast` in the lanes where it holds, exact(arguments ..) in the others.
template <class N, class Lanes, class F, class... Arguments>
KOKKOS_FORCEINLINE_FUNCTION N where_it_holds(Lanes holds, N fast, F exact, Arguments... arguments) {
  if (!all_lanes(holds)) mend(holds, fast, exact, arguments...);
  return fast;
}

}  // namespace detail

template <class N>
KOKKOS_FORCEINLINE_FUNCTION void safe_sincos(N x, N& sine, N& cosine) {
  using F = detail::Ieee<typename NumberTraits<N>::Scalar>;
  const auto holds = less_than(magnitude(x), number<N>(F::most_angle));
  fast_sincos(select(holds, x, number<N>(0)), sine, cosine);
  if (!all_lanes(holds)) {
    detail::mend(holds, sine, library::Sine(), x);
    detail::mend(holds, cosine, library::Cosine(), x);
  }
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_sin(N x) {
  N sine, cosine;
  safe_sincos(x, sine, cosine);
  return sine;
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_cos(N x) {
  N sine, cosine;
  safe_sincos(x, sine, cosine);
  return cosine;
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_tan(N x) {
  using F = detail::Ieee<typename NumberTraits<N>::Scalar>;
  const auto holds = less_than(magnitude(x), number<N>(F::most_angle));
  N sine, cosine;
  fast_sincos(select(holds, x, number<N>(0)), sine, cosine);
  return detail::where_it_holds(holds, sine / cosine, library::Tangent(), x);
}

/// e^x; subnormal numbers and overflow are the library's.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_exp(N x) {
  using F = detail::Ieee<typename NumberTraits<N>::Scalar>;
  const auto normal = less_than(number<N>(F::least_exp), x), zero = less_than(x, number<N>(F::zero_exp));
  const auto holds = less_than(x, number<N>(F::most_exp)) & (normal | zero);
  return detail::where_it_holds(holds, fast_exp(x), library::Exponential(), x);
}

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_log(N x) {
  using F = detail::Ieee<typename NumberTraits<N>::Scalar>;
  const auto holds = less_than(number<N>(F::least_normal), x) & less_than(x, number<N>(F::most));
  return detail::where_it_holds(holds, fast_log(select(holds, x, number<N>(1))), library::Logarithm(), x);
}

/// atan2 of the C library, which has all its signs of 0 and infinity.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_atan2(N y, N x) {
  using F = detail::Ieee<typename NumberTraits<N>::Scalar>;
  const N across = magnitude(x), up = magnitude(y), more = select(less_than(across, up), up, across);
  const auto holds = less_than(number<N>(F::least_side), more) & less_than(more, number<N>(F::most_side));
  return detail::where_it_holds(holds,
                                fast_atan2(select(holds, y, number<N>(0)), select(holds, x, number<N>(1))),
                                library::Angle(), y, x);
}

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_atan(N x) {
  return safe_atan2(x, number<N>(1));
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_asin(N x) {
  const N one = number<N>(1);
  const auto beyond = less_than(one, magnitude(x));
  const N sine = select(beyond, one, x);
  const N angle = fast_atan2(sine, square_root((one - sine) * (one + sine)));
  return detail::where_it_holds(!beyond, angle, library::ArcSine(), x);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_acos(N x) {
  const N one = number<N>(1);
  const auto beyond = less_than(one, magnitude(x));
  const N cosine = select(beyond, one, x);
  const N angle = fast_atan2(square_root((one - cosine) * (one + cosine)), cosine);
  return detail::where_it_holds(!beyond, angle, library::ArcCosine(), x);
}

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_sinh(N x) {
  const N size = magnitude(x), half = number<N>(0.5);
  const auto holds = less_than(size, number<N>(80));
  const N e = fast_expm1(select(holds, size, number<N>(0)));
  const N sinh = half * (e + e / (e + number<N>(1)));
  return detail::where_it_holds(holds, select(less_than(x, number<N>(0)), -sinh, sinh),
                                library::HyperbolicSine(), x);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_cosh(N x) {
  const N size = magnitude(x);
  const auto holds = less_than(size, number<N>(80));
  const N e = fast_exp(size);
  return detail::where_it_holds(holds, number<N>(0.5) * (e + number<N>(1) / e), library::HyperbolicCosine(),
                                x);
}
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_tanh(N x) {
  const N size = magnitude(x), most = number<N>(22);  // from there on 1, rounded
  const N e = fast_expm1(number<N>(2) * select(less_than(most, size), most, size));
  const N tanh = e / (e + number<N>(2));
  return select(less_than(x, number<N>(0)), -tanh, tanh);
}

/// a^b, of at least 14 digits; single precision computes it in double, as b log(a) loses digits.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N safe_pow(N a, N b) {
  if constexpr (is_pack<N> && sizeof(typename NumberTraits<N>::Scalar) == 4) {
    constexpr int half = pack_width<double>;
    for (int first = 0; first < 2 * half; first += half) {
      Pack<double> base, exponent;
      for (int lane = 0; lane < half; ++lane) {
        base.native[lane] = a.native[first + lane];
        exponent.native[lane] = b.native[first + lane];
      }
      const auto power = safe_pow(base, exponent);
      for (int lane = 0; lane < half; ++lane) a.native[first + lane] = float(power.native[lane]);
    }
    return a;
  } else if constexpr (sizeof(N) == 4) {
    return N(safe_pow(double(a), double(b)));
  } else {
    const auto positive = less_than(number<N>(1e-300), a) & less_than(a, number<N>(1e300));
    const N exponent = b * fast_log(select(positive, a, number<N>(1)));
    const auto holds = positive & less_than(magnitude(exponent), number<N>(20));
    return detail::where_it_holds(holds, fast_exp(exponent), library::Power(), a, b);
  }
}

}  // namespace weir
