// The training of a latent-variable energy-based model as one flow of three blocks.
//
//     latents     dZ_in = -grad_z E(x_i, Z_in) dt + sqrt(2T) dW        N for each row of the batch
//     negatives   d(X, Z) = -grad E(X, Z) dt + sqrt(2T) dW             P particles
//     parameters  ascend  g = -(1/|B|N) sum_in grad_theta E(x_i, Z_in) + (1/P) sum_p grad_theta E(X_p, Z_p)
//
// The blocks move in turn, each with its own sub-steps. A batch is whole tiles of latents; other latents
// stay, and cost nothing. An energy without latents has the last two blocks. Source: Particle Dynamics for
// Latent-Variable Energy-Based Models (arXiv 2510.15447).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "methods/latent_ebm/LatentEnergy.hpp"
#include "methods/latent_ebm/PoolRestart.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/ExactSum.hpp"
#include "weir/training/TrainedParameters.hpp"

namespace weir {

/// Particles of the tiles of latents, of which a row carries several.
Index rows_per_tile(const LatentEbmOptions& options, Index tile);

/// What a report says of the training, beside what the rules say.
struct EbmReport {
  Real positive = 0, negative = 0;  ///< mean energies E+, E-
  Real restart_acceptance = 0;      ///< of the last iteration
  Real autocorrelation = 0;         ///< of the pool's data over the last iteration
};

class LatentEbmTraining : public Flow {
 public:
  /// Not collective: the blocks at the start.
  virtual void initialise(const BlockViews& blocks) const = 0;
  /// Collective: of the last iteration.
  virtual EbmReport report(const ConstBlockViews& blocks) = 0;
  virtual Index batch() const = 0;
  virtual const RestartLaw* restart_law() const = 0;
  /// Numbers of the blocks; -1 where there is none.
  Index latents = -1, posterior = -1, negatives = -1, parameters = -1;
};

/// Collective, in the precision of the run. `rows`: standardised training rows, cut by rows_per_tile;
/// `noise`: deviations of what is added to their components.
std::unique_ptr<LatentEbmTraining> make_ebm_training(const LatentEbmOptions& options, const Ensemble& rows,
                                                     const std::vector<Real>& noise, const RunOptions& run,
                                                     int stage);

template <class T>
class LatentEbmFlow : public LatentEbmTraining {
 public:
  LatentEbmFlow(const LatentEbmOptions& options, const Ensemble& rows, const std::vector<Real>& noise,
                const RunOptions& run, int stage);

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void begin_step(Index step, State& state) override;
  bool changes_state() const override { return restart_.has_value(); }
  ActiveTiles active(Index block) const override;
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;
  Real temperature(const Moment&, Index block) const override {
    return block == parameters || block == posterior ? 0 : options_.train.temperature;
  }
  Real largest_temperature(Real, Real, Index block) const override {
    return block == parameters || block == posterior ? 0 : options_.train.temperature;
  }

  void initialise(const BlockViews& blocks) const override;
  EbmReport report(const ConstBlockViews& blocks) override;
  Index batch() const override { return batches_.strata() * data_.partition.tile_size(); }
  const RestartLaw* restart_law() const override { return law_ ? &*law_ : nullptr; }

  // Kernels, which nvcc takes in public functions only.
  void copy_rows(const Ensemble& rows);
  void gather_data_and_latents(const Tile& tile, const MatrixRef<const Real>& z);
  void copy_data(Index columns) const;
  void keep_drawn(const Tile& tile, bool slopes);
  void gather_pool(const Tile& tile, const MatrixRef<const Real>& x);
  void write_velocity(const Tile& tile, Index first_component, const MatrixRef<Real>& v,
                      const VectorRef<Real>& energies) const;
  void add_energies(Index slot, Index columns, bool positive) const;
  void remember_pool(const MatrixRef<const Real>& pool);
  Real correlate_pool(const MatrixRef<const Real>& pool);

 private:
  MatrixRef<const T> columns(Index count) const { return first_columns(v_, count); }
  VectorRef<T> energies_of(Index count) const { return VectorRef<T>(energies_.data(), std::size_t(count)); }
  void move_latents(const MatrixRef<const Real>& z, const MatrixRef<Real>& v,
                    const VectorRef<Real>& energies);
  void move_negatives(const MatrixRef<const Real>& x, const MatrixRef<Real>& v,
                      const VectorRef<Real>& energies);
  void fit_posterior(const MatrixRef<Real>& v);
  void ascend(const ConstBlockViews& x, const MatrixRef<Real>& v);

  LatentEbmOptions options_;
  RunOptions run_;
  int stage_;
  Communicator comm_;
  EnergyShape shape_;
  struct Rows {
    Partition partition;  ///< of rows
    Matrix<T> x;
  } data_;
  Partition latent_partition_, pool_partition_;
  Batches batches_;
  Batches::Batch batch_;
  TileList active_;
  std::unique_ptr<LatentEnergy<T>> energy_;
  TrainedParameters<T> theta_;
  Index network_ = 0;
  std::optional<AmortisedPosterior<T>> amortised_;
  TrainedParameters<T> q_;  // its parameters
  Matrix<Real> drawn_;      // z of the batch, drawn from q
  Matrix<T> x_, z_;         // a tile's
  std::shared_ptr<const Layout> layout_;
  std::optional<RestartLaw> law_;
  std::optional<PoolRestart<T>> restart_;
  Real restart_probability_ = 0;
  Random data_noise_;
  bool noisy_;
  Vector<Real> noise_;  // deviations
  Index step_ = 0;

  Matrix<T> v_, slope_;  // a tile's (x, z) and grad E
  Vector<T> energies_;   // of its columns
  Matrix<Real> summed_;  // E+ and E- of each slot of the last gradient
  Index used_ = 0;       // slots
  ExactSum energy_sum_, correlation_sum_;
  Matrix<Real> old_pool_;  // data of the pool when the step began
  Matrix<Real> correlations_;
};

extern template class LatentEbmFlow<float>;
extern template class LatentEbmFlow<double>;

}  // namespace weir
