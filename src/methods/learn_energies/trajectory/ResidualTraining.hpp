// The training of a trajectory and its energies, in precision T.
//
// The block of the trajectory, dimension * knots rows and a column a particle, is in memory a matrix of
// dimension rows whose columns are the knots of particle 0, those of particle 1, ..: what the network takes.
// Panels of whole particles go through it, so that a residual finds all it needs on one tape.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "methods/learn_energies/trajectory/TrajectoryInteraction.hpp"
#include "methods/learn_energies/trajectory/TrajectoryLikelihood.hpp"
#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "methods/learn_energies/trajectory/TrajectoryReference.hpp"
#include "methods/learn_energies/trajectory/TrajectoryScore.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/training/TrainedParameters.hpp"

namespace weir {

/// That go through the network together.
Index panel_particles(const Partition& particles, Index knots);

template <class T>
class ResidualTraining : public TrajectoryTraining {
 public:
  ResidualTraining(const TrajectoryModelOptions& options, const TimeGrid& grid,
                   const std::vector<Ensemble>& snapshots, const Partition& particles, const RunOptions& run);

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  /// Both blocks at once: they share the residual.
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;

  void initialise(const MatrixRef<Real>& parameters) const override;
  Loss loss(const MatrixRef<const Real>& x, const MatrixRef<const Real>& parameters) override;
  LearnedEnergy energy(const MatrixRef<const Real>& parameters) override;
  Real bandwidth(const MatrixRef<const Real>& parameters) override;

  // Kernels, which nvcc takes in public functions only.
  /// Collective: what moves particles beside the network of V.
  void compute_field(Index iteration, const MatrixRef<const Real>& x);
  /// Inputs of the network: `count` particles from `first` on.
  void gather_inputs(Index first, Index count, const MatrixRef<const Real>& x);
  void find_residual(Index tile, Index first, Index count, const MatrixRef<const Real>& x,
                     const MatrixRef<Real>& gradient);
  void add_hessian(Index first, Index count, const MatrixRef<Real>& gradient);

 private:
  void interpolate_bandwidths();
  /// The weighted residual of a tile: its value in squares_, and its gradient in `gradient` (overwritten) and
  /// gradient_ unless `gradient` is empty.
  void visit_tile(const Tile& tile, const MatrixRef<const Real>& x, const MatrixRef<Real>& gradient);
  /// Collective: what the field gives to the gradient, given that of the residual with respect to it in
  /// field_u_. Returns the derivative by the common factor of the bandwidths.
  Real add_field_gradient(Index iteration, const MatrixRef<const Real>& x, const MatrixRef<Real>& gradient);

  void declare_parameters();
  /// What the parameters say of the bandwidths and of beta.
  void use_parameters();
  bool has_networks() const { return parameters_.networks() > 0; }

  TrajectoryModelOptions options_;
  TimeGrid grid_;
  Communicator comm_;
  Index seed_, d_;
  Partition particles_;
  std::optional<Mlp<T>> potential_;
  Index inputs_of_potential_;
  Index panel_;  // particles that go through the network together
  std::optional<MlpTape<T>> tape_;
  std::optional<TrajectoryInteraction<T>> interaction_;
  TrainedParameters<T> parameters_;
  Index potential_number_ = -1, interaction_number_ = -1, factor_number_ = -1, beta_number_ = -1;
  std::shared_ptr<const Layout> layout_;
  TrajectoryLikelihood<T> likelihood_;
  std::optional<TrajectoryScore<T>> score_;
  std::optional<TrajectoryReference> reference_;     // where there are V and an entropy
  std::vector<Real> first_bandwidths_, bandwidths_;  // at all knots: at the start, and now
  Matrix<Real> field_, field_u_;                     // at all knots; the gradient with respect to g
  Vector<Real> times_;
  Real log_factor_ = 0, beta_ = 0;
  Matrix<T> inputs_, slope_, u_, hessian_u_;
  Vector<Real> particle_squares_;
  Matrix<Real> squares_;
  ExactSum sum_;
};

extern template class ResidualTraining<float>;
extern template class ResidualTraining<double>;

}  // namespace weir
