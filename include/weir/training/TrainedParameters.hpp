// What a training learns: networks and scalars in one block of a flow.
//
//     theta = [network 0 | network 1 | .. | scalar 0 | scalar 1 | ..]
//
// The block is double and dealt to ranks in chunks; kernels see all of it on every rank in precision T, after
// a gather (in which networks alone travel in that precision). Each tile leaves its own gradient, and these
// are summed exactly, so that nothing depends on ranks. In an iteration:
//
//     parameters.gather(x, block);                    once after each change of the block
//     for every tile: parameters.gradient(slot, n)    written by Mlp::vjp or Mlp::mixed
//     parameters.sum_gradients(tiles, "what it is", v[block]);     v = -gradient
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/flows/State.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/networks/NetworkFile.hpp"
#include "weir/networks/TileGradient.hpp"
#include "weir/parallel/Gather.hpp"

namespace weir {

/// Where the gradient of a scalar comes from: a share of every tile, like that of networks, or the method, as
/// a whole.
enum class ScalarGradient { of_tiles, of_whole };

template <class T>
class TrainedParameters {
 public:
  /// `seed` draws the networks' first weights.
  TrainedParameters(const Communicator& comm, Index seed) : comm_(comm), seed_(seed) {}

  // First everything is declared: networks, then scalars of tiles, then scalars of the whole.
  /// Returns the number of the network. `key` tells its first weights from those of other networks of the
  /// run.
  Index add_network(const MlpShape& shape, Index key);
  /// The same of `count` parameters of a map that is no Mlp: initialise() leaves them at 0, and stored() has
  /// nothing of them.
  Index add_parameters(Index count);
  /// Returns the number of the scalar.
  Index add_scalar(Real start, ScalarGradient gradient);
  Index count() const { return network_first_.back() + Index(scalar_starts_.size()); }
  Index networks() const { return Index(shapes_.size()); }
  Block block(const std::string& name, const RuleOptions& rule) const {
    return parameter_block(comm_, name, count(), rule);
  }

  /// Then memory is allocated, for at most so many tiles of this rank at once.
  void allocate(Index most_tiles);
  /// Not collective: this rank's part of the block at the start.
  void initialise(const MatrixRef<Real>& local) const;

  /// Collective: the block as it stands in x, unless it was gathered in that version already.
  void gather(const ConstBlockViews& x, Index block);
  /// Collective: always, and in double.
  void gather(const MatrixRef<const Real>& local);

  // As gathered last; not collective.
  VectorRef<const T> network(Index n) const {
    return VectorRef<const T>(theta_.data() + first(n), std::size_t(size(n)));
  }
  Real scalar(Index s) const { return host_all_(0, network_first_.back() + s); }
  /// The network in double, to be written to a file: after a gather of the block itself.
  StoredNetwork stored(Index n) const;

  /// The gradient that this rank's tile number `slot` leaves for network n; it holds what was there before.
  VectorRef<T> gradient(Index slot, Index n) const {
    return VectorRef<T>((*gradient_)[slot].data() + first(n), std::size_t(size(n)));
  }
  /// The same for all networks and scalars of tiles together.
  VectorRef<T> gradient(Index slot) const { return (*gradient_)[slot]; }
  Index place_of_scalar(Index s) const { return network_first_.back() + s; }
  const TileGradient<T>& tile_gradients() const { return *gradient_; }
  Index first(Index n) const { return network_first_[std::size_t(n)]; }

  /// The gradient of a scalar of the whole, for the next sum.
  void set_gradient(Index s, Real value) { of_whole_[std::size_t(s - of_tiles_)] = value; }
  /// Collective: adds up the first `tiles` gradients of every rank; this rank's part of the block gets
  /// v = sign * gradient. sign: 1 or -1. Throws RunError on all ranks, naming `what`, where one is not
  /// finite.
  void sum_gradients(Index tiles, const std::string& what, const MatrixRef<Real>& v, Real sign = -1);

  // A kernel, which nvcc takes in public functions only.
  /// theta from `first` on.
  void cast(const MatrixRef<const Real>& from, Index first);

 private:
  /// Nothing but kernels sees the parameters: they may travel in the kernels' precision.
  bool for_kernels_alone() const { return sizeof(T) < sizeof(Real) && scalar_starts_.empty(); }
  Index size(Index n) const { return first(n + 1) - first(n); }

  Communicator comm_;
  Index seed_;
  std::vector<std::optional<MlpShape>> shapes_;  // none: no Mlp
  std::vector<Index> keys_;
  std::vector<Index> network_first_{0};
  std::vector<Real> scalar_starts_;
  Index of_tiles_ = 0;  // scalars whose gradients are shares of tiles

  Partition partition_;
  std::optional<Gather> gather_;
  std::optional<TileGradient<T>> gradient_;
  Index version_ = 0;  // of the block that was gathered last; 0: unknown
  Vector<T> theta_;
  std::vector<int> counts_, offsets_;  // of the parts of all ranks
  HostMatrix<Real> host_all_;          // where the block was gathered in double
  HostMatrix<Real> velocity_;
  std::vector<Real> of_whole_;  // gradients of scalars
};

extern template class TrainedParameters<float>;
extern template class TrainedParameters<double>;

}  // namespace weir
