#include "weir/flows/Batches.hpp"

#include <algorithm>
#include <map>

#include "weir/base/Error.hpp"
#include "weir/parallel/Shuffle.hpp"

namespace weir {

Batches::Batches(std::vector<Index> group_tiles, Index strata, Index seed)
    : group_tiles_(std::move(group_tiles)), first_round_{0}, strata_(strata), seed_(seed) {
  WEIR_CHECK(strata > 0, "{} strata", strata);
  for (Index tiles : group_tiles_) {
    WEIR_CHECK(tiles > 0, "a group of {} tiles", tiles);
    first_round_.push_back(first_round_.back() + (tiles + strata - 1) / strata);
  }
}

void Batches::draw(Index iteration, Batch& batch) const {
  const Index epoch = iteration / per_epoch(), groups = Index(group_tiles_.size());
  const Index round = groups == 1
                          ? iteration % per_epoch()
                          : Shuffle(per_epoch(), seed_, Stream::batch_order, epoch)(iteration % per_epoch());
  batch.group =
      Index(std::upper_bound(first_round_.begin(), first_round_.end(), round) - first_round_.begin()) - 1;
  const Index place = round - first_round_[batch.group];
  batch.tiles.resize(strata_);
  for (Index b = 0; b < strata_; ++b) {
    const Index first = first_tile(batch.group, b), size = first_tile(batch.group, b + 1) - first;
    const Index tick = (epoch * groups + batch.group) * strata_ + b;
    batch.tiles[b] = place < size ? first + Shuffle(size, seed_, Stream::batch_tiles, tick)(place) : -1;
  }
}

std::vector<Index> Batches::tiles_of_batches() const {
  std::vector<Index> tiles;
  for (Index g = 0; g < Index(group_tiles_.size()); ++g)
    for (Index round = 0; round < rounds(g); ++round) {
      tiles.push_back(0);
      for (Index b = 0; b < strata_; ++b) tiles.back() += first_tile(g, b + 1) - first_tile(g, b) > round;
    }
  return tiles;
}

Real Batches::busiest_tiles(int ranks) const {
  constexpr Index draws = 64;
  Batch batch;
  std::map<Index, Index> of_rank;
  Real sum = 0;
  for (Index iteration = 0; iteration < draws; ++iteration) {
    draw(iteration, batch);
    of_rank.clear();
    Index most = 0;
    for (const Index tile : batch.tiles)
      if (tile >= 0)
        most = std::max(most, ++of_rank[Index(Real(tile) / Real(group_tiles_[batch.group]) * ranks)]);
    sum += Real(most) / draws;
  }
  return sum;
}

Index Batches::Batch::particles_in(const Partition& partition) const {
  Index count = 0;
  const Index size = partition.tile_size();
  for (const Index tile : tiles)
    if (tile >= 0) count += std::min(size, partition.particles() - tile * size);
  return count;
}

}  // namespace weir
