#include "weir/ensemble/Parts.hpp"

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

namespace {

/// An ensemble of so many components, cut as `like`.
Ensemble cut_as(const Ensemble& like, Index components) {
  const Partition& partition = like.partition;
  return {like.comm, partition.rows(), components, partition.tile_size(), partition.replicas()};
}

auto rows_of(const Matrix<Real>& x, Index first, Index end) {
  return Kokkos::subview(x, Kokkos::pair<Index, Index>(first, end), Kokkos::ALL);
}

}  // namespace

Ensemble copy_of(const Ensemble& ensemble) {
  return components_of(ensemble, 0, ensemble.components());
}

Ensemble components_of(const Ensemble& ensemble, Index first, Index end) {
  Ensemble part = cut_as(ensemble, end - first);
  if (end > first) Kokkos::deep_copy(part.x, rows_of(ensemble.x, first, end));
  return part;
}

Ensemble side_by_side(const Ensemble& a, const Ensemble& b) {
  const Index d = a.components(), all = d + b.components();
  WEIR_CHECK(a.partition.local_particles() == b.partition.local_particles(), "{} beside {} particles",
             a.partition.local_particles(), b.partition.local_particles());
  Ensemble both = cut_as(a, all);
  Kokkos::deep_copy(rows_of(both.x, 0, d), a.x);
  if (all > d) Kokkos::deep_copy(rows_of(both.x, d, all), b.x);
  return both;
}

Real root_mean_square(const Ensemble& a, const Ensemble& b, Index first, Index end) {
  TileSum sum(a.comm, a.partition, 1);
  const auto x = a.x, y = b.x;
  const Real square = sum(
      "Weir::root_mean_square", "the difference of two ensembles",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = first; c < end; ++c) partial[0] += (x(c, i) - y(c, i)) * (x(c, i) - y(c, i));
      })[0];
  return std::sqrt(square / Real(a.particles() * (end - first)));
}

}  // namespace weir
