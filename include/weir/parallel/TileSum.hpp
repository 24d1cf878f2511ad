// Sums over particles: every tile adds up its own in order, tiles are added exactly.
//
//     totals[c] = sum over tiles of partial_c(tile)
#pragma once

#include <string>
#include <vector>

#include "weir/parallel/ActiveTiles.hpp"
#include "weir/parallel/ExactSum.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// Workspace and totals of `length` sums over the particles of a partition; allocates nothing after
/// construction.
class TileSum {
 public:
  TileSum(const Communicator& comm, const Partition& partition, Index length)
      : tiles_(partition.local()),
        sum_(comm, length),
        partials_("Weir::TileSum::partials", length, tiles_.tiles),
        totals_(length) {}

  /// Collective. `body(tile, partial)` adds what the tile's particles contribute to partial[0 .. length),
  /// which starts at zero. Throws RunError, naming `what`, where a contribution is not finite.
  template <class Body>
  const std::vector<Real>& operator()(const char* label, const std::string& what, Body body) {
    return (*this)(label, what, ActiveTiles(tiles_), body);
  }
  /// The same over some tiles only.
  template <class Body>
  const std::vector<Real>& operator()(const char* label, const std::string& what, const ActiveTiles& active,
                                      Body body) {
    const auto partials = partials_;
    const Index length = Index(partials.extent(0));
    for_each_active_tile(
        label, active, KOKKOS_LAMBDA(const Tile& tile, Index k) {
          Real* partial = &partials(0, k);
          for (Index c = 0; c < length; ++c) partial[c] = 0;
          body(tile, partial);
        });
    sum_(MatrixRef<const Real>(partials.data(), std::size_t(length), std::size_t(active.count)),
         totals_.data(), what);
    return totals_;
  }

 private:
  LocalTiles tiles_;
  ExactSum sum_;
  Matrix<Real> partials_;
  std::vector<Real> totals_;
};

}  // namespace weir
