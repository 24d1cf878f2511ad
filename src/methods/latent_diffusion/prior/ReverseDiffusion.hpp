// Steps of the reverse of a diffusion, tile by tile, and the velocity of its probability flow.
//
//     step      u' = a' x0 (1 - r) + (a / a') (s' / s)^2 u + s' sqrt(1 - r) xi,  r = exp(lambda' - lambda),
//               x0 = (u - s e(u, lambda)) / a, on times t_k = (sqrt(latest) .. sqrt(earliest))^2, k = 0 ..
//               steps
//     velocity  du / d lambda = (s e(u, lambda) - s^2 u) / 2
//
// Nothing here is collective, and no method allocates. Sources: Ho, Jain, Abbeel, NeurIPS 2020; Song et al.,
// ICLR 2021.
#pragma once

#include "methods/latent_diffusion/prior/ScorePrior.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

template <class T>
class ReverseDiffusion {
 public:
  /// `score` outlives the object; `noise`: of the steps.
  ReverseDiffusion(ScorePrior<T>& score, Index latent, Index most_columns, Index steps, const Random& noise);

  /// lambda before step number `step`.
  Real lambda_at(Index step) const;
  /// Step number `step` of a tile's columns of u, with noise of `tick`.
  void step(const VectorRef<const T>& theta, const Tile& tile, Index step, Index tick,
            const MatrixRef<Real>& u);
  /// v = per_time du / d lambda
  void velocity(const VectorRef<const T>& theta, const Tile& tile, Real lambda, Real per_time,
                const MatrixRef<const Real>& u, const MatrixRef<Real>& v);
  /// u = x0 at lambda.
  void finish(const VectorRef<const T>& theta, const Tile& tile, Real lambda, const MatrixRef<Real>& u);

  // Kernels, which nvcc takes in public functions only.
  void predict(const VectorRef<const T>& theta, const Tile& tile, const MatrixRef<const Real>& from,
               Real lambda);
  void step_back(const Tile& tile, Index step, Index tick, const MatrixRef<Real>& u) const;
  void write_velocity(const Tile& tile, Real lambda, Real per_time, const MatrixRef<const Real>& u,
                      const MatrixRef<Real>& v) const;
  void remove_noise(const Tile& tile, Real lambda, const MatrixRef<Real>& u) const;

 private:
  ScorePrior<T>& score_;
  Index q_, steps_;
  Random noise_;
  Matrix<T> u_, e_;
};

extern template class ReverseDiffusion<float>;
extern template class ReverseDiffusion<double>;

/// Collective: the largest magnitude among components of `count` latents in standardised units, drawn in so
/// many steps.
template <class T>
Real largest_generated(ScorePrior<T>& score, const VectorRef<const T>& theta, const Communicator& comm,
                       Index latent, Index tile, const Random& noise, Index count = 128, Index steps = 25);

}  // namespace weir
