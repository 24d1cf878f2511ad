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

namespace {

/// Adam for the parameters of a tile, many side by side. rows: numbers of memory for each, the average, where
/// there is one, the third: known here, so that they are loaded and stored without gaps.
template <Index rows>
KOKKOS_INLINE_FUNCTION void adam_of_tile(const ParameterRule::ParameterStep& s, Index count, const Real* v,
                                         Real* x, Real* memory) {
#pragma omp simd
  for (Index i = 0; i < count; ++i) {
    Real* const own = memory + rows * i;
    const Real g = s.scale * v[i], old = x[i];
    const Real first = own[0] = s.b1 * own[0] + (1 - s.b1) * g;
    const Real second = own[1] = s.b2 * own[1] + (1 - s.b2) * g * g;
    const Real direction = first * s.unbias1 / (sqrt(second * s.unbias2) + s.epsilon);
    const Real moved = x[i] = old - s.rate * direction - s.shrink * old;
    if constexpr (rows == 3) own[2] += s.share * (moved - own[2]);
  }
}

}  // namespace

/// The same as advance_any for one component.
void ParameterRule::advance_by_adam(const ParameterStep& step, const ActiveTiles& tiles,
                                    const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
                                    const MatrixRef<Real>& memory) {
  const ParameterStep s = step;
  for_each_active_tile(
      "Weir::ParameterRule::adam", tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        if (s.average < 0)
          adam_of_tile<2>(s, tile.count, &v(0, tile.first), &x(0, tile.first), &memory(0, tile.first));
        else
          adam_of_tile<3>(s, tile.count, &v(0, tile.first), &x(0, tile.first), &memory(0, tile.first));
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
