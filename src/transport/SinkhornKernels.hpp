// The pair kernels of Sinkhorn's iteration.
//
// Particles carry one component more than their position z, scaled so that the cost over epsilon is |z|^2 or
// |z|: f_i / epsilon at targets, -(g_j / epsilon + log b_j) at sources. The difference of these components is
// then log b_j + (f_i + g_j) / epsilon, and a term of the sum is exp(that - cost / epsilon): near the
// solution at most 1, whatever epsilon is.
#pragma once

#include "weir/base/VectorMath.hpp"

namespace weir::detail {

template <bool squared, class N, class Dimension>
KOKKOS_FORCEINLINE_FUNCTION N gibbs_term(Dimension d, const N* r, N& square) {
  square = squared_length(d - 1, r);
  if constexpr (squared)
    return fast_exp(r[d - 1] - square);
  else
    return fast_exp(r[d - 1] - square_root(square));
}

/// sums[0] += the term
template <bool squared>
struct GibbsSum {
  static constexpr bool in_packs = true;
  static constexpr int most_outputs = 1;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    N square;
    sums[0] += gibbs_term<squared>(d, r, square);
  }
};

/// sums[0] += term, sums[1] += term * cost / epsilon, sums[2] += term * |z|^2, sums[3 + c] += term * r_c
template <bool squared>
struct GibbsMoments {
  static constexpr bool in_packs = true;
  static constexpr int most_outputs = 128;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    N square;
    const N term = gibbs_term<squared>(d, r, square);
    sums[0] += term;
    sums[1] += term * (squared ? square : square_root(square));
    sums[2] += term * square;
    for (int c = 0; c < d - 1; ++c) sums[3 + c] += term * r[c];
  }
};

}  // namespace weir::detail
