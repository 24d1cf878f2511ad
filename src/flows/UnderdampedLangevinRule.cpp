#include "flows/UnderdampedLangevinRule.hpp"

#include <algorithm>
#include <cmath>

#include "flows/NoiseKey.hpp"
#include "parallel/Normals.hpp"

namespace weir {

UnderdampedStep::UnderdampedStep(const UnderdampedLangevinOptions& options) {
  const Real h = options.step, gamma = options.gamma;
  eta = options.eta ? *options.eta : (1 - 0.9) / (gamma * h);
  const Real rate = gamma * eta, rest = -std::expm1(-rate * h);  // rest = 1 - w, also where w is about 1
  x_u = rest / gamma;
  x_v = (h - rest / rate) / gamma;
  u_u = 1 - rest;
  u_v = rest / rate;
  variance_x = std::max(Real(0), (2 * h - rest * (2 + rest) / rate) / gamma);  // 3 - 4 w + w^2 by 1 - w
  variance_u = rest * (2 - rest) / eta;
  covariance = rest * rest / rate;
}

UnderdampedLangevinRule::UnderdampedLangevinRule(const UnderdampedLangevinOptions& options,
                                                 const RuleSite& site)
    : step_(options),
      first_(site.block.partition.first_particle()),
      start_(noise_of(site, Stream::momentum_start)),
      first_noise_(noise_of(site, Stream::langevin_noise)),
      second_noise_(noise_of(site, Stream::momentum_noise)),
      single_(site.single) {}

void UnderdampedLangevinRule::start(Real temperature, const MatrixRef<const Real>&,
                                    const MatrixRef<Real>& memory) {
  fill_normals(memory, start_, first_, 0);
  const Real deviation = std::sqrt(temperature / step_.eta);
  const Index d = Index(memory.extent(0));
  Kokkos::parallel_for(
      "Weir::UnderdampedLangevinRule::start", Range(0, Index(memory.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) memory(c, i) *= deviation;
      });
}

void UnderdampedLangevinRule::advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                                      const MatrixRef<Real>& memory) {
  single_ ? move_particles<float>(move, evaluation.v, x, memory)
          : move_particles<double>(move, evaluation.v, x, memory);
}

/// xi_U = s a and xi_X = (cov / s) a + r b of two independent normals a and b.
template <class T>
void UnderdampedLangevinRule::move_particles(const Move& move, const MatrixRef<const Real>& v,
                                             const MatrixRef<Real>& x, const MatrixRef<Real>& momenta) {
  constexpr int width = NormalStrip<T>::width, lanes = NormalStrip<T>::lanes;
  const Index d = Index(x.extent(0)), tick = move.tick();
  const UnderdampedStep step = step_;
  const Real root = std::sqrt(move.temperature), u_a = root * std::sqrt(step.variance_u),
             x_a = root * step.covariance / std::sqrt(step.variance_u),
             x_b = root * std::sqrt(std::max(Real(0), step.variance_x - step.covariance * step.covariance /
                                                                            step.variance_u));
  const Random first_noise = first_noise_, second_noise = second_noise_;
  for_each_active_tile(
      "Weir::UnderdampedLangevinRule::move", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        NormalStrip<T> a, b;
        for (Index first = 0; first < tile.count; first += lanes) {
          const int here = int(first + lanes < tile.count ? lanes : tile.count - first);
          for (Index block = 0; block * width < d; ++block) {
            a.draw(first_noise, tile.global + first, tick, block);
            b.draw(second_noise, tile.global + first, tick, block);
            const int wanted = int(d - block * width < width ? d - block * width : width);
            for (int k = 0; k < wanted; ++k) {
              const Index c = block * width + k;
              for (int lane = 0; lane < here; ++lane) {
                const Index i = tile.first + first + lane;
                const Real u = momenta(c, i), force = v(c, i);
                x(c, i) += step.x_u * u + step.x_v * force + x_a * Real(a(k, lane)) + x_b * Real(b(k, lane));
                momenta(c, i) = step.u_u * u + step.u_v * force + u_a * Real(a(k, lane));
              }
            }
          }
        }
      });
}

}  // namespace weir
