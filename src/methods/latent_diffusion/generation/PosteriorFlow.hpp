// Latents of given rows, under a trained model: found, or drawn.
//
//     found   descend  -log p(y_A | x) + |(x - m) / d|^2 / 2  by Adam
//     drawn   dX = [grad log p(y_A | X) + score of the prior] dt + sqrt 2 dW, preconditioned
//
// With `temperatures` K the chains are annealed from the prior: in step k = 0 .. K-1 the likelihood has the
// power b_{k+1}, b_k = (k / K)^3, and the block `weights` sums (b_{k+1} - b_k) log p(y_A | x) at the latents
// as step k finds them. The mean over chains of exp(weight) is p(y_A), as far as steps leave their laws
// alone.
//
// A are the components of y that are known. Where the prior is a diffusion its score is that at `score_time`,
// else -(x - m) / d^2. Source of the weights: Neal, Annealed importance sampling, Stat. Comput. 11 (2001).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "methods/latent_diffusion/decoder/Decoder.hpp"
#include "methods/latent_diffusion/prior/ScorePrior.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/flows/Flow.hpp"

namespace weir {

struct PosteriorTask {
  Index starts = 1;          ///< latents of every row
  std::vector<Index> known;  ///< components of y; empty: all
  bool drawn = false;        ///< else found
  Index temperatures = 0;    ///< of annealed chains
  Real step = 0.3;           ///< of drawn latents, by preconditioned_langevin
};

/// The same rows, cut so that each lies with its starts. Collective.
Ensemble cut_for_starts(const Ensemble& rows, Index starts, const RunOptions& run);

template <class T>
class PosteriorFlow : public Flow {
 public:
  /// Model and rows, which cut_for_starts has made, outlive the flow.
  PosteriorFlow(const DiffusionModel& model, const Ensemble& rows, const PosteriorTask& task,
                const RunOptions& run, int stage);

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;
  Real temperature(const Moment&, Index) const override { return task_.drawn ? 1 : 0; }
  Real largest_temperature(Real, Real, Index) const override { return task_.drawn ? 1 : 0; }

  bool changes_state() const override { return task_.temperatures > 0; }
  void begin_step(Index step, State& state) override;

  /// Not collective: -log p(y_A | x) + |(x - m) / d|^2 / 2 of every latent of this rank, up to a constant.
  std::vector<Real> losses(const MatrixRef<const Real>& x);

  // Kernels, which nvcc takes in public functions only.
  void compare(const Tile& tile, const MatrixRef<const Real>& from);
  void add_weights(const Tile& tile, Real share, const MatrixRef<Real>& weights) const;
  void scale_force(Index columns, T by) const;
  void write_velocity(const Tile& tile, const MatrixRef<const Real>& x, const MatrixRef<Real>& v) const;

 private:
  VectorRef<const T> theta() const { return VectorRef<const T>(theta_.data(), theta_.extent(0)); }

  Real power(Index step) const;

  const DiffusionModel& model_;
  const Ensemble& rows_;
  PosteriorTask task_;
  Vector<bool> known_;  // of every component, where not all are
  Index known_count_;
  Partition partition_;
  Decoder<T> decoder_;
  std::optional<ScorePrior<T>> score_;  // of drawn latents
  Vector<T> theta_, phi_;
  Vector<Real> mean_, deviation_;
  Matrix<T> x_, force_, y_;
  std::shared_ptr<const Layout> layout_;
};

extern template class PosteriorFlow<float>;
extern template class PosteriorFlow<double>;

/// Collective. Each row of x begins at the latents of the rows of `drawn` (latents, then what they decode to)
/// whose known components are nearest.
void start_at_nearest(const std::vector<Real>& drawn, const PosteriorTask& task, const Ensemble& rows,
                      const MatrixRef<Real>& x);
/// Collective: up to 2000 latents and what they decode to, as rows of both, on every rank.
std::vector<Real> pool_of(const Ensemble& latents, const Ensemble& generated, Index seed);

/// Not collective: of a step for so many rows, on this rank alone.
Real seconds_of_posterior_step(const DiffusionModel& model, const PosteriorTask& task, Index rows,
                               const RunOptions& run);

}  // namespace weir
