#include "flows/ParameterRule.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"

namespace weir {

ParameterRule::ParameterRule(const ParameterRuleOptions& options, const RuleSite& site)
    : options_(options),
      components_(site.block.components),
      steps_(site.steps * site.block.substeps),
      square_(site.comm, site.block.partition, 1) {
  const auto names = ParameterRuleOptions::keys();
  const auto found = std::find(names.begin(), names.end(), options.name);
  WEIR_CHECK(found != names.end(), "no rule {}", options.name);
  scheme_ = Scheme(found - names.begin());
  scalars_ = {0, 1};
}

Index ParameterRule::memory_rows(Index components) const {
  return components * (moments() + (options_.average ? 1 : 0));
}

Index ParameterRule::average_row(Index components) const {
  return options_.average ? components * moments() : -1;
}

/// The average begins at the parameters as they are.
void ParameterRule::start(Real, const MatrixRef<const Real>& x, const MatrixRef<Real>& memory) {
  if (!options_.average) return;
  const Index first = average_row(components_);
  Kokkos::deep_copy(
      Kokkos::subview(memory, Kokkos::pair<Index, Index>(first, first + components_), Kokkos::ALL), x);
}

Metrics ParameterRule::report() const {
  return options_.clip ? Metrics{{"gradient_norm", scalars_[0]}} : Metrics{};
}

Real ParameterRule::rate(Index tick) const {
  const Real rise =
      options_.warm_up > 0 ? std::min(Real(1), Real(tick + 1) / Real(options_.warm_up)) : Real(1);
  Real fall = 1;
  if (options_.schedule == "cosine") {
    const Real held = options_.hold * Real(steps_);
    const Real passed = std::max(Real(0), Real(tick) - held), whole = std::max(Real(steps_) - held, Real(1));
    fall = options_.final + (1 - options_.final) * 0.5 * (1 + std::cos(M_PI * passed / whole));
  }
  return options_.rate * scalars_[1] * rise * fall;
}

Real ParameterRule::clipping(const ActiveTiles& tiles, const MatrixRef<const Real>& v) {
  if (!options_.clip) return 1;
  const Index d = components_;
  const Real square = square_(
      "Weir::ParameterRule::norm", "the norm of the gradient", tiles,
      KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) sum[0] += v(c, i) * v(c, i);
      })[0];
  const Real norm = scalars_[0] = std::sqrt(square);
  return norm > *options_.clip ? *options_.clip / norm : 1;
}

void ParameterRule::advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                            const MatrixRef<Real>& memory) {
  const Real scale = -clipping(move.tiles, evaluation.v), n = Real(move.tick() + 1);
  ParameterStep step;
  step.b1 = options_.first_moment;
  step.b2 = options_.second_moment;
  step.epsilon = options_.epsilon;
  step.scale = scale;
  step.rate = rate(move.tick());
  step.unbias1 = 1 / (1 - std::pow(step.b1, n));
  step.unbias2 = 1 / (1 - std::pow(step.b2, n));
  step.shrink = step.rate * options_.decay;
  step.share = options_.average ? 1 - std::min(*options_.average, n / (n + 9)) : 0;
  step.average = average_row(components_);
  if (scheme_ == Scheme::adam && components_ == 1)
    advance_by_adam(step, move.tiles, evaluation.v, x, memory);
  else
    advance_any(step, move.tiles, evaluation.v, x, memory);
}

/// The same as advance_any for one component, many parameters side by side.
void ParameterRule::advance_by_adam(const ParameterStep& step, const ActiveTiles& tiles,
                                    const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
                                    const MatrixRef<Real>& memory) {
  const ParameterStep s = step;
  const Index rows = Index(memory.extent(0));
  for_each_active_tile(
      "Weir::ParameterRule::adam", tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        const Real* const vs = &v(0, tile.first);
        Real* const xs = &x(0, tile.first);
        Real* const ms = &memory(0, tile.first);
#pragma omp simd
        for (Index i = 0; i < tile.count; ++i) {
          const Real g = s.scale * vs[i], old = xs[i];
          const Real first = ms[rows * i] = s.b1 * ms[rows * i] + (1 - s.b1) * g;
          const Real second = ms[rows * i + 1] = s.b2 * ms[rows * i + 1] + (1 - s.b2) * g * g;
          const Real direction = first * s.unbias1 / (sqrt(second * s.unbias2) + s.epsilon);
          xs[i] = old - s.rate * direction - s.shrink * old;
        }
        if (s.average < 0) return;
#pragma omp simd
        for (Index i = 0; i < tile.count; ++i) {
          Real& mean = ms[rows * i + s.average];
          mean += s.share * (xs[i] - mean);
        }
      });
}

void ParameterRule::advance_any(const ParameterStep& step, const ActiveTiles& tiles,
                                const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
                                const MatrixRef<Real>& memory) {
  const ParameterStep s = step;
  const Scheme scheme = scheme_;
  const Index d = components_;
  for_each_active_tile(
      "Weir::ParameterRule::advance", tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) {
            const Real g = s.scale * v(c, i), old = x(c, i);
            Real direction = g;
            if (scheme == Scheme::momentum) {
              direction = memory(c, i) = s.b1 * memory(c, i) + g;
            } else if (scheme == Scheme::rmsprop) {
              memory(c, i) = s.b2 * memory(c, i) + (1 - s.b2) * g * g;
              direction = g / (sqrt(memory(c, i)) + s.epsilon);
            } else if (scheme == Scheme::adam) {
              memory(c, i) = s.b1 * memory(c, i) + (1 - s.b1) * g;
              memory(d + c, i) = s.b2 * memory(d + c, i) + (1 - s.b2) * g * g;
              direction = memory(c, i) * s.unbias1 / (sqrt(memory(d + c, i) * s.unbias2) + s.epsilon);
            }
            x(c, i) = old - s.rate * direction - s.shrink * old;
            if (s.average >= 0) {
              Real& mean = memory(s.average + c, i);
              mean += s.share * (x(c, i) - mean);
            }
          }
      });
}

}  // namespace weir
