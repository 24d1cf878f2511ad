// The training of JKOnet* by networks, in precision T.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "methods/learn_energies/network/NetworkModel.hpp"
#include "weir/energies/BatchInteraction.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/training/TrainedParameters.hpp"

namespace weir {

/// A tile of a transition's ensemble.
struct TrainingTile {
  Index transition, tile;
};

template <class T>
class NetworkTraining : public EnergyTraining {
 public:
  NetworkTraining(const NetworkModelOptions& options, const std::vector<Real>& times,
                  const std::vector<Transition>& transitions, const Communicator& comm,
                  const RunOptions& run);

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void begin_step(Index step, State&) override { batches_.draw(step, batch_); }
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;

  Index iterations_per_epoch() const override { return batches_.per_epoch(); }
  Index batch() const override { return batches_.strata() * tile_; }
  void initialise(const MatrixRef<Real>& parameters) const override;
  Real loss(const MatrixRef<const Real>& parameters) override;
  LearnedEnergy energy(const MatrixRef<const Real>& parameters) override;

  // Kernels, which nvcc takes in public functions only.
  void compute_unexplained();
  void add_potential_force(Index k, const Tile& tile);
  void find_residual(Index k, const Tile& tile, Real scale);

 private:
  void allocate_workspace();

  /// Collective: visits those tiles of batch_ that are this rank's. For scale > 0 each leaves the gradient of
  /// scale / 2 times its squared residual in gradient_ (from 0), for 0 its square in squares_
  /// (after those that are there).
  void visit_batch(Real scale);
  void visit_tile(Index k, const Tile& tile, Index slot, Real scale);
  void add_gradient(Index slot, Index count);

  NetworkModelOptions options_;
  std::vector<Real> times_;
  std::vector<Transition> transitions_;
  Communicator comm_;
  Index seed_, d_, tile_;
  std::vector<std::vector<TrainingTile>> tiles_;  // by group of batches_
  Batches batches_;
  Batches::Batch batch_;
  std::vector<Index> batch_tiles_;

  std::optional<Mlp<T>> potential_;
  std::optional<MlpTape<T>> potential_tape_;
  std::optional<BatchInteraction<T>> interaction_;
  TrainedParameters<T> parameters_;
  Index potential_number_ = -1, interaction_number_ = -1, beta_number_ = -1;  // in parameters_
  std::shared_ptr<const Layout> layout_;

  Matrix<T> x_, slope_, u_;  // a tile's inputs of V (a time may be the last), grad V, adjoint of the force
  Matrix<Real> force_;       // force, then residual
  Matrix<Real> squares_;
  Index used_ = 0;  // tiles in gradient_ or squares_
  Real unexplained_ = 0;
};

}  // namespace weir
