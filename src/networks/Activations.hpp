// The activations phi of networks, with first and second derivative in one go.
//
//     softplus  log(1 + e^z)                 silu  z S(z), S(z) = 1 / (1 + e^-z)
//     gelu      z S(2k (z + a z^3)), k = sqrt(2 / pi), a = 0.044715 (the tanh form)
//     tanh                                   relu  max(z, 0); its derivative at 0 is 0
#pragma once

#include "weir/base/VectorMath.hpp"
#include "weir/networks/NetworkOptions.hpp"

namespace weir {
namespace activations {

template <class N>
struct Jet {
  N value, slope, curvature;
};

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N number(double a) {
  return N(typename NumberTraits<N>::Scalar(a));
}

/// S(z) and S(-z) = 1 - S(z), each to its own size, and e = e^-|z|.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION void logistic(N z, N& here, N& there) {
  const N zero = number<N>(0), e = fast_exp(-magnitude(z)), larger = number<N>(1) / (number<N>(1) + e),
          smaller = e * larger;
  here = select(less_than(z, zero), smaller, larger);
  there = select(less_than(z, zero), larger, smaller);
}

struct Softplus {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION Jet<N> jet(N z) {
    const N zero = number<N>(0), one = number<N>(1), two = number<N>(2);
    const N e = fast_exp(-magnitude(z));
    const N both = one / ((one + e) * (two + e));  // one division for 1 / (1 + e) and 1 / (2 + e)
    const N larger = both * (two + e), smaller = e * larger;
    const auto negative = less_than(z, zero);
    const N tail = fast_log1p_of_unit(e, both * (one + e));
    return {select(negative, tail, z + tail), select(negative, smaller, larger), larger * smaller};
  }
};

struct Silu {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION Jet<N> jet(N z) {
    N s, t;
    logistic(z, s, t);
    const N st = s * t;
    return {z * s, s + z * st, st * (number<N>(2) + z * (t - s))};
  }
};

struct Gelu {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION Jet<N> jet(N z) {
    constexpr double k2 = 1.59576912160573071176, a = 0.044715;  // 2 sqrt(2 / pi)
    // Beyond 20 the logistic function has long been 0 or 1, and powers of z must not overflow.
    const N most = number<N>(20), least = number<N>(-20);
    const N below = select(less_than(most, z), most, z), y = select(less_than(below, least), least, below);
    const N square = y * y;
    const N w = y * (number<N>(k2) + number<N>(k2 * a) * square);
    const N dw = number<N>(k2) + number<N>(3 * k2 * a) * square, ddw = number<N>(6 * k2 * a) * y;
    N s, t;
    logistic(w, s, t);
    const N st = s * t, ds = st * dw, dds = (t - s) * ds * dw + st * ddw;
    return {z * s, s + z * ds, number<N>(2) * ds + z * dds};
  }
};

struct Tanh {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION Jet<N> jet(N z) {
    const N zero = number<N>(0), two = number<N>(2), most = number<N>(40);
    const N twice = two * magnitude(z);
    const N e = fast_expm1(select(less_than(most, twice), most, twice));  // at 20, tanh is 1
    const N reciprocal = number<N>(1) / (e + two), size = e * reciprocal;
    const N value = select(less_than(z, zero), -size, size);
    const N slope = number<N>(4) * (e + number<N>(1)) * (reciprocal * reciprocal);
    return {value, slope, -two * value * slope};
  }
};

struct Relu {
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION Jet<N> jet(N z) {
    const N zero = number<N>(0);
    const auto on = less_than(zero, z);
    return {select(on, z, zero), select(on, number<N>(1), zero), zero};
  }
};

/// Calls `visit` with the functor of that activation.
template <class Visit>
void with(Activation activation, Visit visit) {
  switch (activation) {
    case Activation::softplus:
      return visit(Softplus());
    case Activation::silu:
      return visit(Silu());
    case Activation::gelu:
      return visit(Gelu());
    case Activation::tanh:
      return visit(Tanh());
    case Activation::relu:
      return visit(Relu());
  }
}

}  // namespace activations
}  // namespace weir
