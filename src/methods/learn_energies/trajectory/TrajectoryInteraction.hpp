// The interaction of a trajectory's particles, by a network, at every knot.
//
//     force_ij = (1/n) sum over k in S_j of grad W(x_ij - x_kj)
//
// and of phi = sum_ij <u_ij, force_ij>, with H the Hessian of W,
//
//     dphi/dtheta = (1/n) sum_ijk d<u_ij, grad W(x_ij - x_kj)>/dtheta
//     dphi/dx_ij += (1/n) sum_k H(x_ij - x_kj) u_ij          dphi/dx_kj -= (1/n) sum_i H(x_ij - x_kj) u_ij
//
// S_j has all n = N particles, or those of some tiles, drawn anew for every iteration and knot: all tiles are
// drawn equally often, none twice before every other was (but for what is left over), so that the force is
// right in the mean; its variance, 1/n of that of grad W over the particles, adds to the residual's mean
// (where a short last tile is drawn, its particles weigh more).
// Sources come to the ranks some tiles at a time; what targets give to the gradients of sources is added up
// exactly.
#pragma once

#include <vector>

#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "weir/energies/BatchInteraction.hpp"
#include "weir/networks/TileGradient.hpp"
#include "weir/parallel/ExactSum.hpp"

namespace weir {

/// Tiles of S_j, and those that are gathered at once.
Index drawn_tiles(const IndexOrWord& sources, const Partition& particles);
Index gathered_tiles(const Partition& particles);

template <class T>
class TrajectoryInteraction {
 public:
  TrajectoryInteraction(const TrajectoryInteractionOptions& options, const Communicator& comm,
                        const Partition& particles, Index components, Index knots, Index seed);

  const Mlp<T>& network() const { return panels_.network(); }

  /// Collective: adds the forces to `field`; x and field: components * knots rows, one column a particle.
  void add_force(Index iteration, const MatrixRef<const Real>& x, const VectorRef<const T>& theta,
                 const MatrixRef<Real>& field);
  /// Collective: adds dphi/dx to `gradient`, and dphi/dtheta to each tile's partials from number
  /// `first_parameter` on.
  void add_gradient(Index iteration, const MatrixRef<const Real>& x, const VectorRef<const T>& theta,
                    const MatrixRef<const Real>& u, const MatrixRef<Real>& gradient,
                    const TileGradient<T>& partials, Index first_parameter);

  // Kernels, which nvcc takes in public functions only.
  void copy_adjoint(const Tile& tile, Index knot, const MatrixRef<const Real>& u);
  /// To rows of the knot and columns of the tile.
  void add_to_knot(const Tile& tile, Index knot, const Matrix<Real>& values, const MatrixRef<Real>& out);
  void add_of_sources(Index knot, const MatrixRef<Real>& gradient);

 private:
  /// Calls use() for every set of sources at knot j, with sources_ and the tiles in the slots in slots_.
  template <class Use>
  void for_each_gathering(Index iteration, Index knot, const MatrixRef<const Real>& x, Use&& use);
  void draw(Index number);
  typename BatchInteraction<T>::Targets targets(const Tile& tile) const;

  Index d_, knots_, seed_;
  bool unbiased_;
  Partition particles_;
  LocalTiles tiles_;
  BatchInteraction<T> panels_;
  ExactSum sum_;
  std::vector<Index> drawn_;       // tiles of S_j, ascending
  Index drawn_particles_ = 0;      // n
  std::vector<Index> slots_;       // those that are gathered
  Matrix<Real> points_, of_tile_;  // of one knot: x; force or gradient of a tile
  Matrix<T> u_;                    // of a tile
  Matrix<Real> of_sources_;        // a column a tile of targets
  Kokkos::View<Real*, Kokkos::HostSpace> host_total_;
  Vector<Real> total_;
};

extern template class TrajectoryInteraction<float>;
extern template class TrajectoryInteraction<double>;

}  // namespace weir
