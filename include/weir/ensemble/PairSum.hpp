// Sums over all pairs of a target and a source particle, wherever they live.
//
//     sums(k, i) = sum_j kernel_k(x_i - y_j, f_j)        for every target i and output k
//
// Every rank keeps its targets and sees all sources in global order: their owners broadcast blocks of tiles,
// the next one under way while this one is computed. A source tile's contribution is added up in the kernel's
// precision, tiles in double, so the result depends neither on ranks nor on blocks. Memory: O(local
// particles).
//
// A kernel is a small struct, callable on any number type (see Pack.hpp) and with a dimension that may be a
// compile-time constant:
//
//     struct Kernel {
//       static constexpr bool in_packs = true;   // false: called with single numbers only
//       static constexpr int most_outputs = ..;  // optional; by default 1 + dimension
//       template <class N, class Dimension>
//       KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N* f, N* sums) const;  // adds
//     };
#pragma once

#include <mpi.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "weir/base/Calls.hpp"
#include "weir/base/VectorMath.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

constexpr Index most_pair_components = 128;  ///< of a difference, and of a kernel's outputs

/// Blocks that the sources of a partition are broadcast in.
Index count_source_blocks(const Partition& sources);
/// Bytes that SourceBlocks takes for sources of `stride` numbers of `number_size` bytes each.
Index source_blocks_memory(const Partition& sources, Index stride, Index number_size);

/// Blocks of sources on their way round the ranks: the part of PairSum that does not depend on the kernel.
template <class T>
class SourceBlocks {
 public:
  /// `stride` numbers a source: its components, then its fields.
  SourceBlocks(const Communicator& comm, const Partition& sources, Index stride);

  struct Block {
    int owner;
    Index first_tile;  ///< local at the owner
    Index sources;
    Index first_source;  ///< local at the owner
  };
  Index count() const { return first_block_.back(); }
  Block operator[](Index b) const;

  /// Packs the block if it is this rank's and posts its broadcast. Buffers alternate.
  void post(Index b, const MatrixRef<const Real>& y, const MatrixRef<const Real>& fields);
  /// Lets a posted broadcast progress.
  void progress();
  /// Waits for the block last posted and returns its numbers, source by source.
  VectorRef<const T> arrive(Index b);

 private:
  Communicator comm_;
  Index stride_;
  Partition sources_;
  std::vector<Index> first_block_;  // of each rank, and their number
  Vector<T> buffers_[2];
  MPI_Request request_ = MPI_REQUEST_NULL;
};

template <class T>
class PairSum {
 public:
  /// Sources have `fields` numbers beside its `components`; targets and sources may be the same partition.
  PairSum(const Communicator& comm, const Partition& targets, const Partition& sources, Index components,
          Index fields = 0)
      : targets_(targets.local()),
        tile_(sources.tile_size()),
        components_(components),
        fields_(fields),
        blocks_(comm, sources, components + fields) {}

  /// Collective. x: components x local targets, y: components x local sources, f: fields x local sources (any
  /// empty view where there are none), sums: outputs x local targets, overwritten.
  template <class Kernel>
  void operator()(const std::string& label, const Kernel& kernel, const MatrixRef<const Real>& x,
                  const MatrixRef<const Real>& y, const MatrixRef<const Real>& f,
                  const MatrixRef<Real>& sums) {
    WEIR_CHECK(Index(sums.extent(0)) <= most_pair_components, "{} outputs, at most {}", sums.extent(0),
               most_pair_components);
    Kokkos::deep_copy(sums, 0);
    if (blocks_.count() > 0) blocks_.post(0, y, f);
    for (Index b = 0; b < blocks_.count(); ++b) {
      counters().pairs += blocks_[b].sources * targets_.local_particles();
      const VectorRef<const T> block = blocks_.arrive(b);
      if (b + 1 < blocks_.count()) blocks_.post(b + 1, y, f);
      switch (components_) {
        case 1:
          add(label, Constant<1>(), kernel, x, block, blocks_[b].sources, sums);
          break;
        case 2:
          add(label, Constant<2>(), kernel, x, block, blocks_[b].sources, sums);
          break;
        case 3:
          add(label, Constant<3>(), kernel, x, block, blocks_[b].sources, sums);
          break;
        default:
          add(label, int(components_), kernel, x, block, blocks_[b].sources, sums);
      }
    }
    Kokkos::fence();
  }

  // Kernels, which nvcc takes in public functions only.
  /// Adds one block of sources to all targets; between strips of target tiles the next block may progress.
  template <class Dimension, class Kernel>
  void add(const std::string& label, Dimension d, const Kernel& kernel, const MatrixRef<const Real>& x,
           const VectorRef<const T>& block, Index sources, const MatrixRef<Real>& sums) {
    using N = std::conditional_t<Kernel::in_packs, HostLanes<T>, T>;
    const LocalTiles tiles = targets_;
    const Index tile_size = tile_, stride = components_ + fields_;
    constexpr Index strip = kernels_on_host ? 8 : 1 << 30;
    for (Index first = 0; first < tiles.tiles; first += strip) {
      const Index last = std::min(first + strip, tiles.tiles);
      Kokkos::parallel_for(
          label, Range(first, last), KOKKOS_LAMBDA(Index local) {
            const Tile tile = tiles[local];
            for (Index begin = 0; begin < tile.count; begin += lanes<N>())
              add_to_lanes<N>(d, kernel, x, tile, begin, block, sources, tile_size, stride, sums);
          });
      blocks_.progress();
    }
  }

 private:
  template <class N>
  static KOKKOS_INLINE_FUNCTION constexpr int lanes() {
    return int(sizeof(N) / sizeof(T));
  }

  /// Targets [begin, begin + lanes) of a tile against all sources of a block, source tile by source tile.
  template <class N, class Dimension, class Kernel>
  static KOKKOS_INLINE_FUNCTION void add_to_lanes(Dimension d, const Kernel& kernel,
                                                  const MatrixRef<const Real>& x, const Tile& tile,
                                                  Index begin, const VectorRef<const T>& block, Index sources,
                                                  Index tile_size, Index stride,
                                                  const MatrixRef<Real>& sums) {
    constexpr int width = lanes<N>();
    constexpr bool fixed = !std::is_same<Dimension, int>::value;
    constexpr int most = fixed ? 4 : int(most_pair_components);
    constexpr int most_outputs = outputs_of<Kernel>(most);
    const int outputs = int(sums.extent(0));
    N target[most], r[most], field[most], sum[most_outputs];
    T scalars[width];
    const int here = int(begin + width < tile.count ? width : tile.count - begin);
    for (int c = 0; c < d; ++c) {
      for (int lane = 0; lane < width;
           ++lane)  // lanes beyond the tile repeat its last target and are dropped
        scalars[lane] = T(x(c, tile.first + begin + (lane < here ? lane : here - 1)));
      target[c] = load(scalars, N());
    }
    for (Index first = 0; first < sources; first += tile_size) {
      const Index last = first + tile_size < sources ? first + tile_size : sources;
      for (int k = 0; k < (most_outputs <= 4 ? most_outputs : outputs); ++k) sum[k] = N(T(0));
      for (Index j = first; j < last; ++j) {
        const T* source = &block(j * stride);
        for (int c = 0; c < d; ++c) r[c] = target[c] - N(source[c]);
        for (int k = d; k < int(stride); ++k) field[k - d] = N(source[k]);
        kernel(d, static_cast<const N*>(r), static_cast<const N*>(field), static_cast<N*>(sum));
      }
      for (int k = 0; k < outputs; ++k) {
        store(sum[k], scalars);
        for (int lane = 0; lane < here; ++lane) sums(k, tile.first + begin + lane) += Real(scalars[lane]);
      }
    }
  }
  template <class Kernel>
  static KOKKOS_INLINE_FUNCTION constexpr auto outputs_of(int) -> decltype(Kernel::most_outputs) {
    return Kernel::most_outputs;
  }
  template <class Kernel>
  static KOKKOS_INLINE_FUNCTION constexpr int outputs_of(long by_default) {
    return int(by_default);
  }

  LocalTiles targets_;
  Index tile_, components_, fields_;
  SourceBlocks<T> blocks_;
};

}  // namespace weir
