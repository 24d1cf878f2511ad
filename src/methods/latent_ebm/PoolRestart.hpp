// Particles of (x, z) that are placed anew: where a chain would stay in one mode, it may so reach the others.
//
//     q(x, z) = [ .8 (1/C) sum_k N(x; c_k, b^2 I) + .2 N(x; 0, 1.5^2 I) ] N(z; 0, I)
//
// c_k: training rows, drawn once. `metropolised`: a particle v is proposed w ~ q and moves there with
// probability min(1, exp[(E(v) - E(w)) / T] q(v) / q(w)), so the law of the energy stays what it is. `noise`:
// it moves to x ~ N(0, 1.2^2 I), z ~ N(0, I), whatever the energy.
//
// All draws are by counters, of the particle and the step.
#pragma once

#include <vector>

#include "methods/latent_ebm/LatentEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/parallel/ActiveTiles.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// q, or the law of noise: plain numbers that kernels may use.
struct RestartLaw {
  bool metropolised = true;
  Index data = 0, latent = 0;
  Real bandwidth = 0.3;
  Matrix<Real> centres;  ///< components of x x C, the same on all ranks

  static constexpr Real broad_share = 0.2, broad_deviation = 1.5, noise_deviation = 1.2;

  /// What particle `id` is proposed at `tick`: components of (x, z).
  template <class T>
  KOKKOS_INLINE_FUNCTION void propose(const Random& random, Index id, Index tick, T* v) const {
    Real deviation = noise_deviation;
    Index centre = -1;
    if (metropolised) {
      const Index count = Index(centres.extent(1));
      deviation = broad_deviation;
      if (random.uniform(id, tick, 0) >= broad_share) {
        centre = Index(random.uniform(id, tick, 1) * Real(count));
        centre = centre < count ? centre : count - 1;
        deviation = bandwidth;
      }
    }
    for (Index c = 0; c < data + latent; ++c) {
      Real first, second;
      random.normals(id, tick, 2 + c, first, second);
      if (c >= data)
        v[c] = T(first);
      else
        v[c] = T((centre >= 0 ? centres(c, centre) : Real(0)) + deviation * first);
    }
  }

  /// log q up to a constant of the law.
  template <class T>
  KOKKOS_INLINE_FUNCTION Real log_density(const T* v) const {
    Real broad = 0, latents = 0;
    for (Index c = 0; c < data; ++c) broad += Real(v[c]) * Real(v[c]);
    for (Index c = data; c < data + latent; ++c) latents += Real(v[c]) * Real(v[c]);
    const Real at_broad = log(broad_share) - broad / (2 * broad_deviation * broad_deviation) -
                          Real(data) * log(broad_deviation);
    Real largest = at_broad, sum = 1;
    const Real weight = log((1 - broad_share) / Real(centres.extent(1))) - Real(data) * log(bandwidth);
    for (Index k = 0; k < Index(centres.extent(1)); ++k) {
      Real square = 0;
      for (Index c = 0; c < data; ++c) square += (Real(v[c]) - centres(c, k)) * (Real(v[c]) - centres(c, k));
      const Real term = weight - square / (2 * bandwidth * bandwidth);
      if (term > largest) {
        sum = sum * exp(largest - term) + 1;
        largest = term;
      } else {
        sum += exp(term - largest);
      }
    }
    return largest + log(sum) - latents / 2;
  }
};

/// Collective: the law of these options, its centres drawn from the rows (components x local particles).
RestartLaw make_restart_law(const RestartOptions& options, const Ensemble& rows, Index latent, Index seed);

/// Places particles of one partition anew; allocates nothing after construction.
template <class T>
class PoolRestart {
 public:
  PoolRestart(const RestartLaw& law, const Partition& partition, Index seed, int stage);

  /// Not collective: each particle of x (components x local particles) is proposed a new place with
  /// `probability`, decided by (particle, tick).
  void apply(Real probability, Index tick, Real temperature, LatentEnergy<T>& energy,
             const VectorRef<const T>& theta, const MatrixRef<Real>& x);
  /// Counts of this rank since the last call of forget().
  Index proposed() const { return proposed_; }
  Index accepted() const { return accepted_; }
  void forget() { proposed_ = accepted_ = 0; }

  // Kernels, which nvcc takes in public functions only.
  void propose(const Tile& tile, Index tick, Index count, const MatrixRef<Real>& x);
  Index accept(const Tile& tile, Index tick, Index count, Real temperature, const MatrixRef<Real>& x);

 private:
  Index choose(const Tile& tile, Real probability, Index tick);

  RestartLaw law_;
  LocalTiles tiles_;
  Random choice_, proposal_;
  Vector<Index> chosen_;  // columns of the tile
  HostMirrorOf<Vector<Index>> host_chosen_;
  Matrix<T> old_, new_;
  Vector<T> old_energies_, new_energies_;
  Index proposed_ = 0, accepted_ = 0;
};

extern template class PoolRestart<float>;
extern template class PoolRestart<double>;

}  // namespace weir
