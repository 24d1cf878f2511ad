// Parameter gradients of tiles and their exact sum over all ranks.
//
//     total = sum over tiles t of all ranks of partial(t)
//
// One column a tile, written by Mlp::vjp or Mlp::mixed in the network's precision; how tiles are spread over
// ranks does not show in the total.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/parallel/ExactSum.hpp"

namespace weir {

/// Pieces in which gradients of that precision are summed exactly.
constexpr int gradient_limbs(bool single) {
  return single ? 2 : 3;
}

template <class T>
class TileGradient {
 public:
  /// For at most `most_tiles` tiles of this rank at once (0 is allowed); all memory is taken here.
  TileGradient(const Communicator& comm, Index parameters, Index most_tiles)
      : TileGradient(parameters, most_tiles, ExactSum(comm, parameters, limbs)) {}
  /// Each rank gets the totals of its own particles of `owners`.
  TileGradient(const Communicator& comm, Index parameters, Index most_tiles, const Partition& owners)
      : TileGradient(parameters, most_tiles, ExactSum(comm, parameters, limbs, owners)) {}

  Index parameters() const { return Index(partials_.extent(0)); }
  Index most_tiles() const { return most_tiles_; }

  /// Not collective: where the gradient of this rank's tile number `slot` goes. It holds what was there
  /// before.
  VectorRef<T> operator[](Index slot) const {
    WEIR_CHECK(slot >= 0 && slot < most_tiles_, "tile {} of {}", slot, most_tiles_);
    return VectorRef<T>(partials_.data() + slot * parameters(), std::size_t(parameters()));
  }

  /// Collective: every rank gets `sign` (1 or -1) times the sum of everybody's first `tiles` partials (each
  /// rank its own number of them), or its own part of that, from its first parameter on, in host memory.
  /// Throws RunError on all ranks, naming `what`, where one was not finite.
  void sum(Index tiles, Real* totals, const std::string& what, Real sign = 1) {
    WEIR_CHECK(tiles >= 0 && tiles <= most_tiles_, "{} tiles of {}", tiles, most_tiles_);
    sum_(MatrixRef<const T>(partials_.data(), std::size_t(parameters()), std::size_t(tiles)), totals, what,
         sign);
  }

  /// Collective: runs `body(slot, partial)` for each of `tiles` tiles in turn, then sums.
  template <class Body>
  void operator()(Index tiles, Real* totals, const std::string& what, Body body) {
    for (Index slot = 0; slot < tiles; ++slot) body(slot, (*this)[slot]);
    sum(tiles, totals, what);
  }

 private:
  static constexpr int limbs = gradient_limbs(sizeof(T) == sizeof(float));
  TileGradient(Index parameters, Index most_tiles, ExactSum sum)
      : sum_(std::move(sum)),
        partials_("Weir::TileGradient::partials", parameters, std::max(most_tiles, Index(1))),
        most_tiles_(most_tiles) {}

  ExactSum sum_;
  Matrix<T> partials_;
  Index most_tiles_;
};

}  // namespace weir
