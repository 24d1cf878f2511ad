// The particles of a trajectory at one of its times.
#pragma once

#include "weir/base/Types.hpp"

namespace weir {

/// The points of a knot, in place: rows d knot .. of x.
inline MatrixRef<Real> knot_of(const MatrixRef<Real>& x, Index knot, Index d) {
  return Kokkos::subview(x, Kokkos::pair<Index, Index>(d * knot, d * (knot + 1)), Kokkos::ALL);
}

/// points(c, i) = x(d knot + c, i): a trajectory's columns hold its points knot after knot.
inline void copy_knot(const MatrixRef<const Real>& x, Index knot, const Matrix<Real>& points) {
  const Index d = Index(points.extent(0));
  Kokkos::parallel_for(
      "Weir::copy_knot", Range(0, Index(points.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) points(c, i) = x(d * knot + c, i);
      });
  Kokkos::fence();
}

}  // namespace weir
