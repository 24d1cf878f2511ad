#include "weir/parallel/ActiveTiles.hpp"

#include "weir/base/Error.hpp"

namespace weir {

TileList::TileList(const Partition& partition)
    : tiles_(partition.local()),
      list_("Weir::TileList::list", tiles_.tiles),
      host_list_(Kokkos::create_mirror_view(list_)) {}

void TileList::select(const std::vector<Index>& global_tiles) {
  count_ = particles_ = 0;
  Index last = -1;
  for (const Index tile : global_tiles) {
    if (tile < 0) continue;
    WEIR_CHECK(tile > last, "tile {} comes after tile {}", tile, last);
    last = tile;
    const Index local = tile - tiles_.first_tile;
    if (local < 0 || local >= tiles_.tiles) continue;
    host_list_(count_++) = local;
    particles_ += tiles_[local].count;
  }
  Kokkos::deep_copy(list_, host_list_);
}

ActiveTiles TileList::active() const {
  // A rank without tiles has no list to point to, and all of nothing is active there.
  if (tiles_.tiles == 0) return ActiveTiles(tiles_);
  return {tiles_, VectorRef<const Index>(list_.data(), list_.extent(0)), count_, particles_};
}

}  // namespace weir
