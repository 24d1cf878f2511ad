// Gaussian kernels of bandwidth e for pair sums: K(r) = (2 pi e^2)^(-d/2) exp(-|r|^2 / (2 e^2)).
#pragma once

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {

/// sums[0] += K(r) / K(0), sums[1 + c] += (grad K)_c / K(0); fields are not looked at.
struct GaussianDensity {
  static constexpr bool in_packs = true;
  Real inverse_square;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    const N s = squared_length(d, r);
    const N k = fast_decay(N(T(-0.5 * inverse_square)) * s);
    const N slope = N(T(-inverse_square)) * k;
    sums[0] += k;
    for (int c = 0; c < d; ++c) sums[1 + c] += slope * r[c];
  }
};

/// sums[c] += f[0] (grad K)_c / K(0)
struct WeightedGaussianSlope {
  static constexpr bool in_packs = true;
  Real inverse_square;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N* f, N* sums) const {
    using T = typename NumberTraits<N>::Scalar;
    const N s = squared_length(d, r);
    const N slope = f[0] * N(T(-inverse_square)) * fast_decay(N(T(-0.5 * inverse_square)) * s);
    for (int c = 0; c < d; ++c) sums[c] += slope * r[c];
  }
};

/// K(0).
Real gaussian_kernel_peak(Index dimension, Real bandwidth);

/// Silverman's rule for N points in d dimensions: (4 / ((d + 2) N))^(1 / (d + 4)) times the root of the mean
/// variance.
Real silverman_bandwidth(Index particles, Index dimension, Real mean_variance);

}  // namespace weir
