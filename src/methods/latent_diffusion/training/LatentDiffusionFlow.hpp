// The training of a latent diffusion model as one flow: latents, decoder and prior descend one free energy.
//
//     F = sum_m E_{q_m} [ log q_m(x) - log p_theta(y_m | x) - L_phi(x) ]
//
//     latents  dX = [grad_x log p_theta(y_m | X) + grad_x L_phi(X)] dt + sqrt(2T) dW, N for each datum
//     decoder  -(1 / |B| N) grad_theta of -log p
//     prior    -(1 / |B| N) grad_phi of w(lambda) |e - eps|^2
//     running  m, d of latents, s^2 where it is learned, iterations: still, written after every step
//
// With `catch_up` a datum that missed r iterations moves by (1 + r) h f + sqrt(2 T (1 + r) h) xi when its
// turn comes: beside the force, v has r f + sqrt(2 T r / h) xi'. With an amortised posterior its parameters
// take the latents' place: x = m(y) + exp(s(y)) xi, descending the same F. With N(0, I) as prior there is no
// prior block and its force is -x. Source: Wang, Kuntz, Akyildiz, arXiv 2505.12412.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "methods/latent_diffusion/decoder/Decoder.hpp"
#include "methods/latent_diffusion/prior/ScorePrior.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/training/TrainedParameters.hpp"

namespace weir {

/// Of a likelihood whose noise is learned.
constexpr Real least_noise_variance = 1e-4;

Index rows_per_tile(const LatentDiffusionOptions& options, Index tile);

/// What the still block `running` holds.
struct RunningMoments {
  std::vector<Real> mean, variance;  ///< of latents
  Real noise_variance = 0, iterations = 0;

  std::vector<Real> deviation() const;
};

struct DiffusionReport {
  Real error = 0;  ///< root of the mean square of y - g(x), or mean -log p a component, in the last iteration
  Real prior_loss = 0;  ///< mean |e - eps|^2 a component, in the last iteration
  Real deviation = 0;   ///< of latents: root of their mean variance
  Real own_share = 0;   ///< of a datum's own particles in that variance
  // Parts of the free energy, for each datum and latent of the last iteration: means of -log p(y | x) and of
  // -L(x), the bound on -log p(x).
  Real likelihood = 0, prior = 0;
  // Largest magnitudes of components in standardised units: of latents, and of some that the prior draws.
  Real extreme = 0, generated_extreme = 0;
};

class LatentDiffusionTraining : public Flow {
 public:
  /// Collective: the blocks at the start.
  virtual void initialise(const BlockViews& blocks) = 0;
  /// Not collective: blocks that an earlier stage has brought here.
  virtual const RunningMoments& running() const = 0;
  /// Collective.
  virtual DiffusionReport report(const ConstBlockViews& blocks) = 0;
  /// Collective for allocation alone: the latents of all data, as they stand or as they were drawn last.
  virtual Ensemble all_latents(const ConstBlockViews& blocks) const = 0;
  virtual Index iterations_per_epoch() const = 0;
  virtual Index batch() const = 0;
  /// Numbers of the blocks; -1 where there is none.
  Index latents = -1, posterior = -1, decoder = -1, prior = -1, moments = -1;
};

/// What a stage trains: all together, or (two stages) latents and decoder under N(0, I), or the prior alone.
enum class DiffusionParts { all, without_prior, prior_alone };

/// Collective, in the precision of the run. `rows`: training rows, cut by rows_per_tile; outlive the flow.
std::unique_ptr<LatentDiffusionTraining> make_diffusion_training(const LatentDiffusionOptions& options,
                                                                 DiffusionParts parts, const Ensemble& rows,
                                                                 const RunOptions& run, int stage);

template <class T>
class LatentDiffusionFlow : public LatentDiffusionTraining {
 public:
  LatentDiffusionFlow(const LatentDiffusionOptions& options, DiffusionParts parts, const Ensemble& rows,
                      const RunOptions& run, int stage);

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void begin_step(Index step, State& state) override;
  void end_step(Index step, State& state) override;
  bool changes_state() const override { return true; }
  ActiveTiles active(Index block) const override;
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;
  Real temperature(const Moment&, Index block) const override {
    return block == latents ? options_.train.temperature : 0;
  }
  Real largest_temperature(Real, Real, Index block) const override {
    return block == latents ? options_.train.temperature : 0;
  }

  void initialise(const BlockViews& blocks) override;
  const RunningMoments& running() const override { return running_; }
  DiffusionReport report(const ConstBlockViews& blocks) override;
  Ensemble all_latents(const ConstBlockViews& blocks) const override;
  Index iterations_per_epoch() const override { return batches_.per_epoch(); }
  Index batch() const override { return batches_.strata() * rows_.partition.tile_size(); }

  // Kernels, which nvcc takes in public functions only.
  void gather_rows(const Tile& tile);
  void gather_latents(const Tile& tile, const MatrixRef<const Real>& x);
  void write_force(const Tile& tile, const MatrixRef<Real>& v) const;
  void add_missed_steps(const Tile& tile, Index step, Index missed, const MatrixRef<Real>& v) const;
  void negate_force(Index columns) const;
  void subtract_latents(Index columns) const;
  void clear_force(Index columns) const;
  void add_losses(Index slot, Index columns, const VectorRef<const T>& losses, Index row) const;
  const std::vector<Real>& sum_batch_moments(const MatrixRef<const Real>& x);
  const std::vector<Real>& sum_moments(const MatrixRef<const Real>& x);
  Real find_extreme(const MatrixRef<const Real>& x) const;
  void keep_drawn(const Tile& tile);
  void start_at_components(const MatrixRef<Real>& x) const;

 private:
  MatrixRef<T> x(Index columns) const { return first_columns(x_, columns); }
  MatrixRef<T> y(Index columns) const { return first_columns(y_, columns); }
  MatrixRef<T> force(Index columns) const { return first_columns(force_, columns); }
  bool moves_latents() const { return latents >= 0 && parts_ != DiffusionParts::prior_alone; }
  void add_decoder(Index slot, Index columns, bool forced, bool learned);
  void add_prior(Index slot, const Tile& tile, Index tick, bool forced, bool learned);
  struct MeanLosses {
    Real decoder, prior;
  };
  MeanLosses mean_losses();
  Index missed_iterations(const Tile& tile, Index step);
  void add_free_energy(DiffusionReport& report, const MeanLosses& losses,
                       const std::vector<Real>& sums) const;
  void update_moments(const MatrixRef<const Real>& x);
  void read_running(const MatrixRef<const Real>& local);
  void write_running(const MatrixRef<Real>& local) const;

  LatentDiffusionOptions options_;
  DiffusionParts parts_;
  RunOptions run_;
  int stage_;
  const Ensemble& rows_;
  Communicator comm_;
  Index q_, d_;
  Partition latent_partition_;
  Batches batches_;
  Batches::Batch batch_;
  TileList active_;
  Decoder<T> likelihood_;
  std::optional<ScorePrior<T>> score_;
  std::optional<AmortisedPosterior<T>> amortised_;
  TrainedParameters<T> theta_, phi_, psi_;  // of decoder, prior, posterior
  std::shared_ptr<const Layout> layout_;
  RunningMoments running_;
  std::vector<Index> used_before_;  // of each tile of this rank: the iteration of the epoch before
  Index used_epoch_ = -1;           // for which epoch these are
  Index read_at_ = -1;              // the step that begins with running_ as it is
  bool has_moments_;

  Matrix<T> x_, y_, force_;  // a tile's
  Matrix<Real> drawn_;       // latents of an amortised posterior
  Matrix<Real> losses_;      // of each slot: of the decoder, of the prior
  Index used_ = 0;
  ExactSum loss_sum_;
  TileSum batch_moments_, all_moments_;
};

extern template class LatentDiffusionFlow<float>;
extern template class LatentDiffusionFlow<double>;

}  // namespace weir
