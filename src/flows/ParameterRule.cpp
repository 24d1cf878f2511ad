#include "weir/flows/ParameterRule.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"

namespace weir {

void describe(Section& section, ParameterRuleOptions& options) {
  const bool momentum = options.name == "momentum", adam = options.name == "adam";
  const bool scaled = adam || options.name == "rmsprop";
  section.option("rate", options.rate, "step size of the parameters").above(0);
  if (momentum || adam)
    section.option("first_moment", options.first_moment, "share of the old mean gradient that stays")
        .at_least(0)
        .below(1);
  if (scaled) {
    section.option("second_moment", options.second_moment, "share of the old mean square that stays")
        .at_least(0)
        .below(1);
    section.option("epsilon", options.epsilon, "added to the root of the mean square").above(0);
  }
  section
      .option("decay", options.decay,
              "decoupled weight decay of all parameters, biases and coefficients included")
      .at_least(0);
  section.option("clip", options.clip, "gradients longer than this are shortened to it").above(0);
  section.option("schedule", options.schedule, "of the rate: constant, or a half cosine down to 0")
      .one_of({"constant", "cosine"});
  section.option("warm_up", options.warm_up, "iterations over which the rate rises to its value").at_least(0);
  section
      .option("average", options.average,
              "share of the old parameters in their running average, which is then used in their place when "
              "training is over")
      .above(0)
      .below(1);
}

void describe(Section& section, ParameterRuleChoice& options) {
  section.one_of(options.rule, "the optimiser");
}

ParameterRule::ParameterRule(const ParameterRuleOptions& options, const Communicator& comm,
                             const Partition& partition, Index components, Index steps)
    : options_(options),
      scheme_(scheme_named(options.name)),
      tiles_(partition.local()),
      components_(components),
      steps_(steps),
      square_(comm, partition, 1) {}

ParameterRule::Scheme ParameterRule::scheme_named(const std::string& name) {
  const auto names = ParameterRuleOptions::keys();
  const auto found = std::find(names.begin(), names.end(), name);
  WEIR_CHECK(found != names.end(), "no rule {}", name);
  return Scheme(found - names.begin());
}

Index ParameterRule::memory() const {
  const Index moments = scheme_ == Scheme::euler ? 0 : scheme_ == Scheme::adam ? 2 : 1;
  return moments + (options_.average ? 1 : 0);
}

Index ParameterRule::average() const {
  return options_.average ? memory() - 1 : -1;
}

Real ParameterRule::rate(Index step) const {
  const Real rise =
      options_.warm_up > 0 ? std::min(Real(1), Real(step + 1) / Real(options_.warm_up)) : Real(1);
  const Real fall = options_.schedule == "cosine"
                        ? 0.5 * (1 + std::cos(M_PI * Real(step) / Real(std::max(steps_, Index(1)))))
                        : Real(1);
  return options_.rate * rise * fall;
}

Real ParameterRule::clipping(const MatrixRef<const Real>& v) {
  if (!options_.clip) return 1;
  const Index d = components_;
  const Real square = square_(
      "Weir::ParameterRule::norm", "the norm of the gradient", KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) sum[0] += v(c, i) * v(c, i);
      })[0];
  const Real norm = std::sqrt(square);
  return norm > *options_.clip ? *options_.clip / norm : 1;
}

void ParameterRule::advance(Index step, Real, Real, const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
                            const MatrixRef<Real>& memory) {
  const Scheme scheme = scheme_;
  const Index d = components_, average_row = d * average();
  const Real scale = -clipping(v), r = rate(step), n = Real(step + 1);
  const Real b1 = options_.first_moment, b2 = options_.second_moment, epsilon = options_.epsilon;
  const Real unbias1 = 1 / (1 - std::pow(b1, n)), unbias2 = 1 / (1 - std::pow(b2, n));
  const Real shrink = r * options_.decay;
  const Real move = options_.average ? 1 - std::min(*options_.average, n / (n + 9)) : 0;
  const bool first = step == 0;
  for_each_tile(
      "Weir::ParameterRule::advance", tiles_, KOKKOS_LAMBDA(const Tile& tile) {
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
            if (average_row >= 0) {
              Real& mean = memory(average_row + c, i);
              if (first) mean = old;
              mean += move * (x(c, i) - mean);
            }
          }
      });
}

}  // namespace weir
