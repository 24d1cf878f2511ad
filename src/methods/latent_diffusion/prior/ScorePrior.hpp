// A diffusion prior p_phi of latents, tile by tile: its bound L_phi(x) on log p_phi(x), and the gradients of
// that.
//
//     u = (x - m) / d,   u_t = a u + s eps,   e(u_t, lambda) = s u_t + net(u_t, lambda)          ("mixed")
//     l = |e - eps|^2,   L(x) = -(Z / 2) E l - a_T^2 |u|^2 / 2 + const,   Z = largest - least lambda
//
// with lambda uniform between the least and the largest, one draw (or several) a particle and tick, by
// counters. phi descends w(lambda) l, w = exp(-(lambda / 2.5)^2 / 2) or 1; the force on x is the gradient of
// L, whatever w. m and d are the running mean and deviation of the latents. T is the precision of the run.
// Source: arXiv 2505.12412.
#pragma once

#include <vector>

#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"
#include "methods/latent_diffusion/prior/NoiseSchedule.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// An input layer, then one layer for each of `hidden`. Input: components of u, and lambda, of which the
/// network sees sines and cosines.
MlpShape score_shape(const DiffusionPriorOptions& options, Index latent);
/// Parameters at the start: the last layer is 0, so that the score is that of N(0, I).
void initialise_score(const MlpShape& shape, Index seed, const VectorRef<Real>& theta);

/// Nothing here is collective, and no method allocates.
template <class T>
class ScorePrior {
 public:
  ScorePrior(const DiffusionPriorOptions& options, Index latent, Index most_columns, Index seed, int stage);

  const MlpShape& shape() const { return network_.shape(); }
  const NoiseSchedule& schedule() const { return schedule_; }
  /// From now on u = (x - mean) / deviation.
  void standardise_by(const std::vector<Real>& mean, const std::vector<Real>& deviation);

  /// l of the columns of x at draw number `draw`, noise of global particles first_id, first_id + 1, .. at
  /// `tick`.
  void draw(const VectorRef<const T>& theta, const MatrixRef<const T>& x, Index first_id, Index tick,
            Index draw);
  /// After draw, for each that is not empty: theta_bar (added to where `add`) = scale times the sum over
  /// columns of w l's gradient; force += share grad_x L, share being that of this draw among several.
  void gradients(const VectorRef<const T>& theta, T scale, const VectorRef<T>& theta_bar, bool add,
                 const MatrixRef<T>& force, T share);
  /// force += the score at the time `score_time`, of columns of x.
  void add_score(const VectorRef<const T>& theta, const MatrixRef<const T>& x, const MatrixRef<T>& force);
  /// After draw: l of each column.
  VectorRef<const T> losses() const { return VectorRef<const T>(losses_.data(), std::size_t(columns_)); }

  /// noise (latent x columns) = e(u, lambda), all columns at the same lambda.
  void predict(const VectorRef<const T>& theta, const MatrixRef<const T>& u, T lambda,
               const MatrixRef<T>& noise);

  // Kernels, which nvcc takes in public functions only.
  void mix(const MatrixRef<const T>& x, Index first_id, Index tick, Index draw);
  void compare();
  void weigh(T scale);
  void add_force(const MatrixRef<T>& force, T share) const;
  void add_terminal_force(const MatrixRef<T>& force, T share) const;
  void place(const MatrixRef<const T>& u, T lambda, T signal, bool standardised);
  void read_noise(const MatrixRef<T>& noise) const;
  void add_scaled_score(const MatrixRef<T>& force, T lambda) const;

 private:
  MatrixRef<T> inputs() const { return first_columns(input_, columns_); }

  Mlp<T> network_;
  MlpTape<T> tape_;
  NoiseSchedule schedule_;
  Index latent_, columns_ = 0;
  bool mixed_, gaussian_weight_;
  Real score_time_;
  Random random_;
  Vector<T> mean_, deviation_;
  Matrix<T> input_, output_, noise_, adjoint_, input_bar_, u_;
  Vector<T> weights_, losses_;
};

extern template class ScorePrior<float>;
extern template class ScorePrior<double>;

}  // namespace weir
