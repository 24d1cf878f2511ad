#include "flows/LangevinRule.hpp"

#include <algorithm>

#include "flows/NoiseKey.hpp"
#include "weir/base/Error.hpp"
#include "weir/parallel/Normals.hpp"

namespace weir {

namespace {

/// The step of particle i: h, or less where the drift is tamed.
KOKKOS_INLINE_FUNCTION Real tamed_step(bool tamed, Real h, const MatrixRef<const Real>& v, Index d, Index i) {
  if (!tamed) return h;
  Real square = 0;
  for (Index c = 0; c < d; ++c) square += v(c, i) * v(c, i);
  return h / (1 + h * sqrt(square));
}

}  // namespace

LangevinRule::LangevinRule(const LangevinOptions& options, const RuleSite& site)
    : step_(options.step), random_(noise_of(site, Stream::langevin_noise)), single_(site.single) {
  const auto names = LangevinOptions::keys();
  const auto found = std::find(names.begin(), names.end(), options.name);
  WEIR_CHECK(found != names.end(), "no rule {}", options.name);
  scheme_ = Scheme(found - names.begin());
}

void LangevinRule::advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                           const MatrixRef<Real>&) {
  if (!(move.temperature > 0))
    advance_without_noise(move, evaluation.v, x);
  else if (single_)
    advance_with_noise<float>(move, evaluation.v, x);
  else
    advance_with_noise<double>(move, evaluation.v, x);
}

/// Strips of particles draw their noise side by side, while they are in cache.
template <class T>
void LangevinRule::advance_with_noise(const Move& move, const MatrixRef<const Real>& v,
                                      const MatrixRef<Real>& x) {
  constexpr int width = NormalStrip<T>::width, lanes = NormalStrip<T>::lanes;
  const bool averaged = scheme_ == Scheme::leimkuhler_matthews, tamed = scheme_ == Scheme::tamed_langevin;
  const Real h = step(move), amplitude = sqrt(2 * move.temperature * h);
  const Index d = Index(x.extent(0)), tick = move.tick();
  const Random random = random_;
  for_each_active_tile(
      "Weir::LangevinRule::advance", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        NormalStrip<T> noise, next;
        for (Index first = 0; first < tile.count; first += lanes) {
          const int here = int(first + lanes < tile.count ? lanes : tile.count - first);
          const Index begin = tile.first + first;
          Real steps[lanes];
          for (int lane = 0; lane < here; ++lane) steps[lane] = tamed_step(tamed, h, v, d, begin + lane);
          for (Index block = 0; block * width < d; ++block) {
            noise.draw(random, tile.global + first, tick, block);
            if (averaged) next.draw(random, tile.global + first, tick + 1, block);
            const int wanted = int(d - block * width < width ? d - block * width : width);
            for (int k = 0; k < wanted; ++k) {
              const Index c = block * width + k;
              for (int lane = 0; lane < here; ++lane) {
                const Index i = begin + lane;
                x(c, i) += steps[lane] * v(c, i);
                x(c, i) += amplitude * (averaged ? 0.5 * (Real(noise(k, lane)) + Real(next(k, lane)))
                                                 : Real(noise(k, lane)));
              }
            }
          }
        }
      });
}

void LangevinRule::advance_without_noise(const Move& move, const MatrixRef<const Real>& v,
                                         const MatrixRef<Real>& x) {
  const bool tamed = scheme_ == Scheme::tamed_langevin;
  const Real h = step(move);
  const Index d = Index(x.extent(0));
  for_each_active_tile(
      "Weir::LangevinRule::advance", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          const Real step_size = tamed_step(tamed, h, v, d, i);
          for (Index c = 0; c < d; ++c) x(c, i) += step_size * v(c, i);
        }
      });
}

}  // namespace weir
