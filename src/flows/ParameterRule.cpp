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
  const MatrixRef<const Real> v = evaluation.v;
  const Scheme scheme = scheme_;
  const Index d = components_, average = average_row(d);
  const Real scale = -clipping(move.tiles, v), r = rate(move.tick()), n = Real(move.tick() + 1);
  const Real b1 = options_.first_moment, b2 = options_.second_moment, epsilon = options_.epsilon;
  const Real unbias1 = 1 / (1 - std::pow(b1, n)), unbias2 = 1 / (1 - std::pow(b2, n));
  const Real shrink = r * options_.decay;
  const Real share = options_.average ? 1 - std::min(*options_.average, n / (n + 9)) : 0;
  for_each_active_tile(
      "Weir::ParameterRule::advance", move.tiles, KOKKOS_LAMBDA(const Tile& tile, Index) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) {
            const Real g = scale * v(c, i), old = x(c, i);
            Real direction = g;
            if (scheme == Scheme::momentum) {
              direction = memory(c, i) = b1 * memory(c, i) + g;
            } else if (scheme == Scheme::rmsprop) {
              memory(c, i) = b2 * memory(c, i) + (1 - b2) * g * g;
              direction = g / (sqrt(memory(c, i)) + epsilon);
            } else if (scheme == Scheme::adam) {
              memory(c, i) = b1 * memory(c, i) + (1 - b1) * g;
              memory(d + c, i) = b2 * memory(d + c, i) + (1 - b2) * g * g;
              direction = memory(c, i) * unbias1 / (sqrt(memory(d + c, i) * unbias2) + epsilon);
            }
            x(c, i) = old - r * direction - shrink * old;
            if (average >= 0) {
              Real& mean = memory(average + c, i);
              mean += share * (x(c, i) - mean);
            }
          }
      });
}

}  // namespace weir
