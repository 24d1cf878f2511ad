#include "methods/latent_diffusion/prior/ReverseDiffusion.hpp"

#include <algorithm>
#include <cmath>

#include "weir/ensemble/Ensemble.hpp"

namespace weir {

template <class T>
ReverseDiffusion<T>::ReverseDiffusion(ScorePrior<T>& score, Index latent, Index most_columns, Index steps,
                                      const Random& noise)
    : score_(score),
      q_(latent),
      steps_(steps),
      noise_(noise),
      u_("Weir::ReverseDiffusion::u", latent, most_columns),
      e_("Weir::ReverseDiffusion::e", latent, most_columns) {}

/// Times are squares of equal steps of their roots.
template <class T>
Real ReverseDiffusion<T>::lambda_at(Index step) const {
  const NoiseSchedule& schedule = score_.schedule();
  const Real from = std::sqrt(schedule.latest()), to = std::sqrt(schedule.earliest());
  const Real root = from + (to - from) * Real(step) / Real(steps_);
  return schedule.lambda(root * root);
}

template <class T>
void ReverseDiffusion<T>::step(const VectorRef<const T>& theta, const Tile& tile, Index step, Index tick,
                               const MatrixRef<Real>& u) {
  predict(theta, tile, u, lambda_at(step));
  step_back(tile, step, tick, u);
}

template <class T>
void ReverseDiffusion<T>::velocity(const VectorRef<const T>& theta, const Tile& tile, Real lambda,
                                   Real per_time, const MatrixRef<const Real>& u, const MatrixRef<Real>& v) {
  predict(theta, tile, u, lambda);
  write_velocity(tile, lambda, per_time, u, v);
}

template <class T>
void ReverseDiffusion<T>::finish(const VectorRef<const T>& theta, const Tile& tile, Real lambda,
                                 const MatrixRef<Real>& u) {
  predict(theta, tile, u, lambda);
  remove_noise(tile, lambda, u);
}

template <class T>
void ReverseDiffusion<T>::predict(const VectorRef<const T>& theta, const Tile& tile,
                                  const MatrixRef<const Real>& from, Real lambda) {
  const auto u = u_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::ReverseDiffusion::gather", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) u(c, i) = T(from(c, tile.first + i));
      });
  Kokkos::fence();
  score_.predict(theta, first_columns(u_, tile.count), T(lambda), first_columns(e_, tile.count));
}

template <class T>
void ReverseDiffusion<T>::step_back(const Tile& tile, Index step, Index tick,
                                    const MatrixRef<Real>& u) const {
  const Real from = lambda_at(step), to = lambda_at(step + 1);
  const Real a0 = signal_at(from), s0 = noise_at(from), a1 = signal_at(to), s1 = noise_at(to);
  const Real ratio = std::exp(to - from), keep = a0 / a1 * (s1 / s0) * (s1 / s0),
             deviation = s1 * std::sqrt(1 - ratio);
  const auto e = e_;
  const Random random = noise_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::ReverseDiffusion::step_back", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) {
          Real& here = u(c, tile.first + i);
          const Real x0 = (here - s0 * Real(e(c, i))) / a0;
          here = a1 * x0 * (1 - ratio) + keep * here + deviation * random.normal(tile.global + i, tick, c);
        }
      });
  Kokkos::fence();
}

template <class T>
void ReverseDiffusion<T>::write_velocity(const Tile& tile, Real lambda, Real per_time,
                                         const MatrixRef<const Real>& u, const MatrixRef<Real>& v) const {
  const Real s = noise_at(lambda);
  const auto e = e_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::ReverseDiffusion::velocity", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c)
          v(c, tile.first + i) = per_time * 0.5 * (s * Real(e(c, i)) - s * s * u(c, tile.first + i));
      });
  Kokkos::fence();
}

template <class T>
void ReverseDiffusion<T>::remove_noise(const Tile& tile, Real lambda, const MatrixRef<Real>& u) const {
  const Real a = signal_at(lambda), s = noise_at(lambda);
  const auto e = e_;
  const Index q = q_;
  Kokkos::parallel_for(
      "Weir::ReverseDiffusion::finish", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) u(c, tile.first + i) = (u(c, tile.first + i) - s * Real(e(c, i))) / a;
      });
  Kokkos::fence();
}

template <class T>
Real largest_generated(ScorePrior<T>& score, const VectorRef<const T>& theta, const Communicator& comm,
                       Index latent, Index tile, const Random& noise, Index count, Index steps) {
  const Ensemble u(comm, count, latent, tile);
  ReverseDiffusion<T> reverse(score, latent, u.partition.tile_size(), steps, noise);
  fill_normals(u.x, noise, u.partition.first_particle(), 0);
  const LocalTiles tiles = u.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    for (Index k = 0; k < steps; ++k) reverse.step(theta, tiles[t], k, 1 + k, u.x);
    reverse.finish(theta, tiles[t], reverse.lambda_at(steps), u.x);
  }
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), u.x);
  Real largest = 0;
  for (std::size_t k = 0; k < host.size(); ++k) largest = std::max(largest, std::fabs(host.data()[k]));
  return comm.max(largest);
}

template class ReverseDiffusion<float>;
template class ReverseDiffusion<double>;
template Real largest_generated(ScorePrior<float>&, const VectorRef<const float>&, const Communicator&, Index,
                                Index, const Random&, Index, Index);
template Real largest_generated(ScorePrior<double>&, const VectorRef<const double>&, const Communicator&,
                                Index, Index, const Random&, Index, Index);

}  // namespace weir
