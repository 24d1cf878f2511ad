#include "flows/LangevinRule.hpp"

#include <algorithm>

#include "flows/NoiseKey.hpp"
#include "parallel/Normals.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

/// The step of a particle whose drift is tamed.
template <class Dimension>
KOKKOS_INLINE_FUNCTION Real tamed_step(Real h, Dimension d, const Real* v) {
  Real square = 0;
  for (int c = 0; c < d; ++c) square += v[c] * v[c];
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
  else
    with_dimension(int(x.extent(0)), [&](auto d) {
      single_ ? advance_with_noise<float>(d, move, evaluation.v, x)
              : advance_with_noise<double>(d, move, evaluation.v, x);
    });
}

/// Strips of particles draw their noise side by side, while they are in cache. `Dimension`: a number that the
/// compiler knows (loops over particles then run in vectors), or an int.
template <class T, class Dimension>
void LangevinRule::advance_with_noise(Dimension d, const Move& move, const MatrixRef<const Real>& v,
                                      const MatrixRef<Real>& x) {
  constexpr int width = NormalStrip<T>::width, lanes = NormalStrip<T>::lanes;
  const bool averaged = scheme_ == Scheme::leimkuhler_matthews, tamed = scheme_ == Scheme::tamed_langevin;
  const Real h = step(move), amplitude = sqrt(2 * move.temperature * h);
  const Index tick = move.tick();
  const Random random = random_;
  for_each_active_tile(
      "Weir::LangevinRule::advance", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        NormalStrip<T> noise, next;
        for (Index first = 0; first < tile.count; first += lanes) {
          const int here = int(first + lanes < tile.count ? lanes : tile.count - first);
          Real* const xs = &x(0, tile.first + first);
          const Real* const vs = &v(0, tile.first + first);
          Real steps[lanes];
          for (int lane = 0; lane < here; ++lane) steps[lane] = tamed ? tamed_step(h, d, vs + lane * d) : h;
          for (int block = 0; block * width < d; ++block) {
            noise.draw(random, tile.global + first, tick, block);
            if (averaged) {
              next.draw(random, tile.global + first, tick + 1, block);
              noise.average_with(next);
            }
            const int begin = block * width, wanted = d - begin < width ? d - begin : width;
#pragma omp simd
            for (int lane = 0; lane < here; ++lane)
              for (int k = 0; k < wanted; ++k) {
                const int entry = lane * d + begin + k;
                xs[entry] += steps[lane] * vs[entry];
                xs[entry] += amplitude * Real(noise(k, lane));
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
          const Real step_size = tamed ? tamed_step(h, int(d), &v(0, i)) : h;
          for (Index c = 0; c < d; ++c) x(c, i) += step_size * v(c, i);
        }
      });
}

}  // namespace weir
