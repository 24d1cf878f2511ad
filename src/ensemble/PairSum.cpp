#include "weir/ensemble/PairSum.hpp"

#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {
constexpr Index block_tiles = 16;  // about a thousand sources: their numbers stay in the first cache

Index blocks_of(const Partition& sources, int rank) {
  return (sources.first_tile(rank + 1) - sources.first_tile(rank) + block_tiles - 1) / block_tiles;
}
}  // namespace

Index count_source_blocks(const Partition& sources) {
  Index blocks = 0;
  for (int rank = 0; rank < sources.ranks(); ++rank) blocks += blocks_of(sources, rank);
  return blocks;
}

Index source_blocks_memory(const Partition& sources, Index stride, Index number_size) {
  return 2 * block_tiles * sources.tile_size() * stride * number_size +
         (sources.ranks() + 1) * Index(sizeof(Index));
}

template <class T>
SourceBlocks<T>::SourceBlocks(const Communicator& comm, const Partition& sources, Index stride)
    : comm_(comm), stride_(stride), sources_(sources), first_block_{0} {
  WEIR_CHECK(stride <= most_pair_components, "{} numbers a source, at most {}", stride, most_pair_components);
  for (int rank = 0; rank < comm.size(); ++rank)
    first_block_.push_back(first_block_.back() + blocks_of(sources, rank));
  for (auto& buffer : buffers_)
    buffer =
        Vector<T>("Weir::PairSum::block", std::max(Index(1), block_tiles * sources.tile_size() * stride));
}

template <class T>
typename SourceBlocks<T>::Block SourceBlocks<T>::operator[](Index b) const {
  const auto next = std::upper_bound(first_block_.begin(), first_block_.end(), b);
  const int owner = int(next - first_block_.begin()) - 1;
  const Index tile = (b - first_block_[std::size_t(owner)]) * block_tiles,
              first = tile * sources_.tile_size();
  const Index there = sources_.first_particle(owner + 1) - sources_.first_particle(owner);
  return {owner, tile, std::min(block_tiles * sources_.tile_size(), there - first), first};
}

template <class T>
void SourceBlocks<T>::post(Index b, const MatrixRef<const Real>& y, const MatrixRef<const Real>& fields) {
  const Block block = (*this)[b];
  const auto buffer = buffers_[b % 2];
  const Index stride = stride_, first = block.first_source;
  if (block.owner == comm_.rank()) {
    const Index components = Index(y.extent(0));
    Kokkos::parallel_for(
        "Weir::PairSum::pack", Range(0, block.sources), KOKKOS_LAMBDA(Index j) {
          for (Index c = 0; c < components; ++c) buffer(j * stride + c) = T(y(c, first + j));
          for (Index k = components; k < stride; ++k)
            buffer(j * stride + k) = T(fields(k - components, first + j));
        });
  }
  Kokkos::fence();  // the buffer is packed, and nobody reads the block that it held before
  ++counters().calls;
  if (block.owner == comm_.rank()) counters().bytes += block.sources * stride * Index(sizeof(T));
  if (comm_.size() > 1)
    WEIR_MPI(MPI_Ibcast(buffer.data(), int(block.sources * stride), sizeof(T) == 4 ? MPI_FLOAT : MPI_DOUBLE,
                        block.owner, comm_.mpi(), &request_));
}

template <class T>
void SourceBlocks<T>::progress() {
  int done = 0;
  if (request_ != MPI_REQUEST_NULL) WEIR_MPI(MPI_Test(&request_, &done, MPI_STATUS_IGNORE));
}

template <class T>
VectorRef<const T> SourceBlocks<T>::arrive(Index b) {
  WEIR_MPI(MPI_Wait(&request_, MPI_STATUS_IGNORE));
  return buffers_[b % 2];
}

template class SourceBlocks<float>;
template class SourceBlocks<double>;

}  // namespace weir
