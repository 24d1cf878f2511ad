// How rows are cut into tiles and tiles are dealt to ranks.
//
//     tile t holds rows [t r, min((t + 1) r, rows)),   rank p owns tiles [p T / P, (p + 1) T / P)
//
// A row carries `replicas` particles (N latents of a datum), so a tile holds r * replicas particles; r is
// chosen so that this is about `tile`. What is summed over particles is summed inside a tile first, so that
// nothing depends on who owns it.
#pragma once

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

/// A run of particles that are treated together.
struct Tile {
  Index index;   ///< global number of the tile
  Index local;   ///< its number on this rank
  Index first;   ///< first particle, local
  Index global;  ///< first particle, global
  Index count;   ///< particles in it
};

/// This rank's tiles, small enough to be captured by a kernel.
struct LocalTiles {
  Index first_tile, tiles, tile_size, particles;  // the last two: of a full tile, of the whole index space
  KOKKOS_INLINE_FUNCTION Tile operator[](Index local) const {
    const Index index = first_tile + local;
    const Index begin = index * tile_size;
    const Index end = begin + tile_size < particles ? begin + tile_size : particles;
    return {index, local, local * tile_size, begin, end - begin};
  }
  Index local_particles() const {
    const Index begin = first_tile * tile_size, end = begin + tiles * tile_size;
    return tiles == 0 ? 0 : (end < particles ? end : particles) - begin;
  }
};

class Partition {
 public:
  Partition() = default;
  Partition(const Communicator& comm, Index rows, Index tile, Index replicas = 1);
  /// The part of one of `ranks` ranks that need not exist: estimates use the same code as runs.
  Partition(int rank, int ranks, Index rows, Index tile, Index replicas = 1);

  Index rows() const { return rows_; }
  Index replicas() const { return replicas_; }
  Index particles() const { return rows_ * replicas_; }
  Index tiles() const { return tiles_; }
  Index tile_rows() const { return tile_rows_; }
  Index tile_size() const { return tile_rows_ * replicas_; }

  Index first_tile(int rank) const { return rank * tiles_ / ranks_; }
  Index first_row(int rank) const;
  Index first_particle(int rank) const { return first_row(rank) * replicas_; }
  int owner_of_row(Index row) const;
  int ranks() const { return ranks_; }
  /// The rows alone, one particle each, cut as they are here: a row and its replicas have one owner.
  Partition of_rows() const;
  /// The largest local_particles() over all ranks.
  Index most_local_particles() const;

  Index local_tiles() const { return first_tile(rank_ + 1) - first_tile(rank_); }
  Index first_row() const { return first_row(rank_); }
  Index local_rows() const { return first_row(rank_ + 1) - first_row(rank_); }
  Index first_particle() const { return first_row() * replicas_; }
  Index local_particles() const { return local_rows() * replicas_; }

  LocalTiles local() const { return {first_tile(rank_), local_tiles(), tile_size(), particles()}; }

 private:
  Index rows_ = 0, replicas_ = 1, tile_rows_ = 1, tiles_ = 0;
  int rank_ = 0, ranks_ = 1;
};

/// Runs `body(Tile)` for this rank's tiles: one thread a tile. Asynchronous on devices.
template <class Body>
void for_each_tile(const char* label, const LocalTiles& tiles, Body body) {
  Kokkos::parallel_for(
      label, Range(0, tiles.tiles), KOKKOS_LAMBDA(Index local) { body(tiles[local]); });
}

}  // namespace weir
