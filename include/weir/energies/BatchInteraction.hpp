// A network interaction with the particles of some tiles that every rank has: the sums that an average over
// them is made of, and their derivatives.
//
//     force_i = share sum_j grad W(x_i - z_j),     W(r) = (f_theta(r) + f_theta(-r)) / 2
//
// W is even because pairs are all that an interaction energy sees: what is odd in f drops out of it, and its
// force would be one that a potential gives.
//
// Within a mini-batch the targets x_i are sources z_j too, and the average is
//
//     share = 1 / n, all j                 (V-statistic)
//     share = 1 / (n - 1), all j but i     (U-statistic)
//
// A rank computes its own targets against all sources in their order: panels of one target and one source
// tile, so that results depend on nothing else.
#pragma once

#include <algorithm>
#include <vector>

#include "weir/networks/Mlp.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

template <class T>
class BatchInteraction {
 public:
  /// With at most `slots` tiles of `tile` particles at once, in d dimensions.
  BatchInteraction(const Communicator& comm, const MlpShape& shape, bool unbiased, Index slots, Index tile);

  const Mlp<T>& network() const { return network_; }
  Index slots() const { return Index(slot_particles_.size()); }

  /// Collective: every rank gets the sources; tiles[s] is the tile of the partition in slot s, or -1. x:
  /// components x local particles.
  void gather(const Partition& partition, const MatrixRef<const Real>& x, const std::vector<Index>& tiles);

  /// Particles that feel the sources; `self`: the slot that has the very same ones, whose forces on
  /// themselves are left out; -1: no such slot.
  struct Targets {
    MatrixRef<const Real> points;
    Index self;
    Real share;
  };
  /// A slot's particles, for the average over the batch.
  Targets in_batch(Index slot) const;

  /// force(:, i) += the sum for target i.
  void add_force(const Targets& targets, const VectorRef<const T>& theta, const MatrixRef<Real>& force);

  /// Where gradients of sum_i <u_i, force_i> go, u held fixed.
  struct Gradient {
    VectorRef<T> theta;         ///< set, or added to
    bool add = false;           ///< to theta
    MatrixRef<Real> targets{};  ///< added to; empty: not wanted
    MatrixRef<Real> sources{};  ///< added to, slot after slot, each of `tile` columns
  };
  void gradient(const Targets& targets, const VectorRef<const T>& theta, const MatrixRef<const T>& u,
                const Gradient& gradient);

  /// difference_ = (x_i - the first `count` points of a slot, then the same with the other sign). A kernel,
  /// which nvcc takes in public functions only, and not in templates of lambdas.
  void compute_differences(const MatrixRef<const Real>& x, Index i, Index slot, Index count);

 private:
  /// For each target and each source slot: fills the panel of differences, finds grad f there and calls
  /// use(target, source slot, sources).
  template <class Use>
  void for_each_panel(const Targets& targets, const VectorRef<const T>& theta, Use&& use);

  Communicator comm_;
  Mlp<T> network_;
  MlpTape<T> tape_;
  bool unbiased_;
  Index tile_, particles_ = 0;
  Matrix<Real> points_;                           // slot after slot, each of tile_ columns
  Matrix<T> difference_, slope_, u_, hessian_u_;  // two columns a source
  std::vector<Index> slot_particles_;
  std::vector<int> counts_, offsets_;
};

extern template class BatchInteraction<float>;
extern template class BatchInteraction<double>;

}  // namespace weir
