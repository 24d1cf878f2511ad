// Mini-batches of whole tiles, the same on any number of ranks.
//
//     batch n of an epoch = one tile from each of B strata of consecutive tiles
//
// Every stratum runs through a fresh permutation of its tiles each epoch, so every tile comes once an epoch,
// and batches are spread evenly over ranks. Where tiles are in groups (populations that must not be mixed), a
// batch is of one group, and the order of batches is permuted.
#pragma once

#include <vector>

#include "weir/base/Types.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// Strata of a batch of about so many particles: whole tiles, one at least.
constexpr Index strata_of(Index batch, Index tile) {
  return batch + tile / 2 < tile ? 1 : (batch + tile / 2) / tile;
}

class Batches {
 public:
  /// group_tiles[g]: number of tiles of group g; `strata` tiles a batch (fewer where a group has not as
  /// many).
  Batches(std::vector<Index> group_tiles, Index strata, Index seed);

  Index per_epoch() const { return first_round_.back(); }
  Index strata() const { return strata_; }
  /// How many tiles the batches of an epoch have.
  std::vector<Index> tiles_of_batches() const;
  /// Batches in an epoch of the group.
  Index rounds(Index group) const { return first_round_[group + 1] - first_round_[group]; }

  struct Batch {
    Index group;
    std::vector<Index> tiles;  ///< of the group, one per stratum, ascending; -1: the stratum is through

    /// Counts those of all ranks, where tiles are those of this partition.
    Index particles_in(const Partition& partition) const;
  };
  /// The batch of iteration number `iteration`, a pure function of it; `batch` is overwritten.
  void draw(Index iteration, Batch& batch) const;
  /// Mean over some batches of the most tiles of a batch that one of so many ranks has, were each group's
  /// tiles dealt evenly and in order.
  Real busiest_tiles(int ranks) const;

 private:
  Index first_tile(Index group, Index stratum) const { return stratum * group_tiles_[group] / strata_; }

  std::vector<Index> group_tiles_, first_round_;
  Index strata_, seed_;
};

}  // namespace weir
