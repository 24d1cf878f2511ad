#include "weir/parallel/Partition.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

Partition::Partition(const Communicator& comm, Index rows, Index tile, Index replicas)
    : Partition(comm.rank(), comm.size(), rows, tile, replicas) {}

Partition::Partition(int rank, int ranks, Index rows, Index tile, Index replicas)
    : rows_(rows),
      replicas_(replicas),
      tile_rows_(std::max(Index(1), tile / replicas)),
      tiles_((rows + tile_rows_ - 1) / tile_rows_),
      rank_(rank),
      ranks_(ranks) {
  WEIR_CHECK(rows >= 0 && tile > 0 && replicas > 0, "rows {}, tile {}, replicas {}", rows, tile, replicas);
}

Index Partition::first_row(int rank) const {
  return std::min(first_tile(rank) * tile_rows_, rows_);
}

Partition Partition::of_rows() const {
  Partition alone = *this;
  alone.replicas_ = 1;
  return alone;
}

Index Partition::most_local_particles() const {
  Index most = 0;
  for (int rank = 0; rank < ranks_; ++rank)
    most = std::max(most, first_particle(rank + 1) - first_particle(rank));
  return most;
}

int Partition::owner_of_row(Index row) const {
  WEIR_CHECK(row >= 0 && row < rows_, "row {} of {}", row, rows_);
  const Index tile = row / tile_rows_;
  // Inverse of first_tile up to rounding; at most one rank off.
  int rank = int(((tile + 1) * ranks_ - 1) / tiles_);
  while (first_tile(rank) > tile) --rank;
  while (first_tile(rank + 1) <= tile) ++rank;
  return rank;
}

}  // namespace weir
