// The tiles of a rank that take part in a step: all of them, or some.
#pragma once

#include <vector>

#include "weir/parallel/Partition.hpp"

namespace weir {

/// Small enough to be captured by a kernel. The list, where there is one, lives in a TileList.
struct ActiveTiles {
  LocalTiles all;
  VectorRef<const Index> list;  ///< local numbers, ascending; null: all tiles
  Index count = 0;              ///< tiles
  Index particles = 0;          ///< in them

  ActiveTiles(const LocalTiles& tiles) : all(tiles), count(tiles.tiles), particles(tiles.local_particles()) {}
  ActiveTiles(const LocalTiles& tiles, const VectorRef<const Index>& numbers, Index active, Index held)
      : all(tiles), list(numbers), count(active), particles(held) {}

  KOKKOS_INLINE_FUNCTION bool is_whole() const { return list.data() == nullptr; }
  /// The k-th active tile.
  KOKKOS_INLINE_FUNCTION Tile operator[](Index k) const { return all[is_whole() ? k : list(k)]; }
};

/// Owns a list of active tiles of a partition; allocates nothing after construction.
class TileList {
 public:
  explicit TileList(const Partition& partition);

  /// Makes those of the global tiles active that this rank owns; they come in ascending order, negative
  /// numbers are skipped. Not collective.
  void select(const std::vector<Index>& global_tiles);
  ActiveTiles active() const;

 private:
  LocalTiles tiles_;
  Vector<Index> list_;
  HostMirrorOf<Vector<Index>> host_list_;
  Index count_ = 0, particles_ = 0;
};

/// Runs `body(Tile, k)` for the active tiles, k = 0, 1, ..: one thread a tile. Asynchronous on devices.
template <class Body>
void for_each_active_tile(const char* label, const ActiveTiles& tiles, Body body) {
  Kokkos::parallel_for(
      label, Range(0, tiles.count), KOKKOS_LAMBDA(Index k) { body(tiles[k], k); });
}

}  // namespace weir
