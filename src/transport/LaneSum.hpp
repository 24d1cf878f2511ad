// Sums that vectorise and do not depend on how.
#pragma once

#include "weir/base/Types.hpp"

namespace weir::detail {

/// Eight interleaved partial sums, added in a fixed order at the end.
inline Real lane_sum(const Real* values, Index count) {
  constexpr Index lanes = 8;
  Real sums[lanes] = {};
  Index i = 0;
  for (; i + lanes <= count; i += lanes)
#pragma omp simd
    for (Index l = 0; l < lanes; ++l) sums[l] += values[i + l];
  for (; i < count; ++i) sums[0] += values[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace weir::detail
