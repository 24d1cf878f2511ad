// Sums over tiles and ranks that do not depend on the order of the summands.
//
//     total[c] = sum over tiles t of all ranks of partials(c, t)
//
// The array's largest exponent e is agreed on; each summand is cut into three signed 34-bit pieces of fixed point
// below 2^e (by adding and subtracting powers of two), the pieces are added as 64-bit integers, which is
// associative, and the total is rounded once. What lies more than 102 bits below the largest summand is dropped.
// Exact for up to 2^28 tiles.
#pragma once

#include <string>

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

class ExactSum {
 public:
  /// For sums of at most `length` components; all memory is taken here.
  ExactSum(const Communicator& comm, Index length);

  /// Collective. `partials`: components x local tiles; every rank gets the totals (host memory, one per component).
  /// Throws RunError on all ranks, naming `what`, where a summand anywhere is not finite.
  void operator()(const Matrix<const Real>& partials, Real* totals, const std::string& what);
  /// The same for `count` partials of one component in host memory.
  Real operator()(const Real* partials, Index count, const std::string& what);

 private:
  Communicator comm_;
  Kokkos::View<std::int64_t**, Kokkos::LayoutLeft, MemorySpace> limbs_;  // component, limb
  Kokkos::View<std::int64_t**, Kokkos::LayoutLeft, Kokkos::HostSpace> host_limbs_;
};

}  // namespace weir
