// A network interaction within a mini-batch: the mean of grad W(z_i - z_j) over the batch's particles j.
//
//     force_i = (1/n) sum_j grad W(z_i - z_j)              (V-statistic)
//     force_i = (1/(n - 1)) sum_{j != i} grad W(z_i - z_j)  (U-statistic)
//
// A rank computes the rows of its own tiles against all tiles of the batch in their order: panels of one
// target and one source tile, so that results depend on nothing else.
#pragma once

#include <algorithm>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

template <class T>
class BatchInteraction {
 public:
  /// For batches of at most `slots` tiles of `tile` particles in d dimensions.
  BatchInteraction(const Communicator& comm, const MlpShape& shape, bool unbiased, Index slots, Index tile);

  const Mlp<T>& network() const { return network_; }

  /// Collective: every rank gets the batch's particles; tiles[s] is the tile of `ensemble` in slot s, or -1.
  void gather(const Ensemble& ensemble, const std::vector<Index>& tiles);

  /// force(:, i) += the mean for particle i of the slot's tile (which must be this rank's).
  void add_force(Index slot, const VectorRef<const T>& theta, const MatrixRef<Real>& force);
  /// theta_bar = gradient of sum_i <u_i, force_i> with respect to theta, u held fixed.
  void gradient(Index slot, const VectorRef<const T>& theta, const MatrixRef<const T>& u,
                const VectorRef<T>& theta_bar);

 private:
  /// For each target of the slot and each source slot: fills the panel of differences, finds grad W there and
  /// calls use(target, source slot, columns).
  template <class Use>
  void for_each_panel(Index slot, const VectorRef<const T>& theta, Use&& use);
  /// A particle alone in its batch has nobody to meet.
  Real share() const { return 1 / Real(unbiased_ ? std::max(Index(1), particles_ - 1) : particles_); }

  Communicator comm_;
  Mlp<T> network_;
  MlpTape<T> tape_;
  bool unbiased_;
  Index tile_, particles_ = 0;
  Matrix<Real> points_;  // slot after slot, each of tile_ columns
  Matrix<T> difference_, slope_, u_;
  std::vector<Index> slot_particles_;
  std::vector<int> counts_, offsets_;
};

extern template class BatchInteraction<float>;
extern template class BatchInteraction<double>;

}  // namespace weir
