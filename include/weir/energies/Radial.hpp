// Radial energies f(|r|): profiles written for any number type (Pack.hpp), as functions of the squared
// distance.
//
// A profile gives `value(s)` and `slope(s)` with s = |r|^2 and slope(s) = f'(|r|) / |r|, so that grad f =
// slope(s) r. Where f has a kink at the origin the slope there is 0.
#pragma once

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {

/// a exp(-s / (2 w^2)): attracts for a < 0, repels for a > 0.
struct GaussianProfile {
  Real amplitude = -1, width = 1;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    return N(T(amplitude)) * fast_decay(N(T(-0.5 / (width * width))) * s);
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N slope(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    return N(T(-amplitude / (width * width))) * fast_decay(N(T(-0.5 / (width * width))) * s);
  }
};

/// h (s / w^2 - 1)^2: wells at distance w, a barrier of height h between them.
struct DoubleWellProfile {
  Real height = 1, width = 1;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    const N p = N(T(1 / (width * width))) * s - N(T(1));
    return N(T(height)) * p * p;
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N slope(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    const N p = N(T(1 / (width * width))) * s - N(T(1));
    return N(T(4 * height / (width * width))) * p;
  }
};

/// C_r exp(-r / l_r) - C_a exp(-r / l_a)  (D'Orsogna et al. 2006).
struct MorseProfile {
  Real repulsion = 1, repulsion_length = 0.5, attraction = 1, attraction_length = 1;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    const N r = square_root(s);
    return N(T(repulsion)) * fast_decay(N(T(-1 / repulsion_length)) * r) -
           N(T(attraction)) * fast_decay(N(T(-1 / attraction_length)) * r);
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N slope(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    const auto apart = less_than(N(T(0)), s);
    const N r = square_root(select(apart, s, N(T(1))));
    const N over_r = (N(T(attraction / attraction_length)) * fast_decay(N(T(-1 / attraction_length)) * r) -
                      N(T(repulsion / repulsion_length)) * fast_decay(N(T(-1 / repulsion_length)) * r)) /
                     r;
    return select(apart, over_r, N(T(0)));
  }
};

/// k (r^a / a - r^b / b), exponent 0 meaning log r: attracts over long ranges for a > b (Kolokolnikov et al.
/// 2011).
struct PowerLawProfile {
  Real strength = 1, attraction = 2, repulsion = 1;
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N value(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    const auto apart = less_than(N(T(0)), s);
    const N log_r = N(T(0.5)) * fast_log(select(apart, s, N(T(1))));
    const N v = N(T(strength)) * (power(log_r, attraction) - power(log_r, repulsion));
    return select(apart, v, N(T(0)));
  }
  template <class N>
  KOKKOS_FORCEINLINE_FUNCTION N slope(N s) const {
    using T = typename NumberTraits<N>::Scalar;
    const auto apart = less_than(N(T(0)), s);
    const N log_r = N(T(0.5)) * fast_log(select(apart, s, N(T(1))));
    const N over_r =
        N(T(strength)) * (fast_exp(N(T(attraction - 2)) * log_r) - fast_exp(N(T(repulsion - 2)) * log_r));
    return select(apart, over_r, N(T(0)));
  }

 private:
  template <class N>
  static KOKKOS_FORCEINLINE_FUNCTION N power(N log_r, Real exponent) {
    using T = typename NumberTraits<N>::Scalar;
    return exponent == 0 ? log_r : fast_exp(N(T(exponent)) * log_r) * N(T(1 / exponent));
  }
};

/// Pair kernel: sums[0] += f(|r|).
template <class Profile>
struct RadialValue {
  static constexpr bool in_packs = true;
  Profile profile;
  template <class N, class Dimension>
  KOKKOS_FORCEINLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    sums[0] += profile.value(squared_length(d, r));
  }
};

/// Pair kernel: sums[c] += d f / d r_c.
template <class Profile>
struct RadialGradient {
  static constexpr bool in_packs = true;
  Profile profile;
  template <class N, class Dimension>
  KOKKOS_FORCEINLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    const N slope = profile.slope(squared_length(d, r));
    for (int c = 0; c < d; ++c) sums[c] += slope * r[c];
  }
};

/// The same profile about a centre, as a function of a point.
template <class Profile>
struct RadialAt {
  Profile profile;
  Vector<Real> centre;
  KOKKOS_INLINE_FUNCTION Real square(int d, const Real* x) const {
    Real s = 0;
    for (int c = 0; c < d; ++c) s += (x[c] - centre(c)) * (x[c] - centre(c));
    return s;
  }
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* x) const { return profile.value(square(d, x)); }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* x, Real factor, Real* g) const {
    const Real slope = factor * profile.slope(square(d, x));
    for (int c = 0; c < d; ++c) g[c] += slope * (x[c] - centre(c));
  }
};

}  // namespace weir
