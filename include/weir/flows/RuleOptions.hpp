// The rules by which blocks move, as a deck gives them: `rule: {mala: {step: 0.1, target: 0.75}}`.
//
// Movers, for particles: langevin, leimkuhler_matthews, tamed_langevin, preconditioned_langevin,
// underdamped_langevin, mala. Optimisers, for parameters: euler, momentum, rmsprop, adam. Either kind may
// move either kind of block. The formulas stand beside the rules that carry them out.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/input/Section.hpp"

namespace weir {

/// The block does not move.
struct StillOptions {};

/// LangevinRule.hpp
struct LangevinOptions {
  static std::vector<std::string> keys() { return {"langevin", "leimkuhler_matthews", "tamed_langevin"}; }
  static constexpr const char* doc = "by velocity and noise";
  static constexpr const char* shorthand = "step";
  std::string name = "langevin";
  std::optional<Real> step;  ///< else the stage's, shared by the sub-steps
};

/// PreconditionedLangevinRule.hpp
struct PreconditionedLangevinOptions {
  static constexpr const char* key = "preconditioned_langevin";
  static constexpr const char* doc = "by velocity and noise, scaled by a metric";
  static constexpr const char* shorthand = "step";
  static constexpr Index most_components = 64;  ///< of a block whose metric is fisher
  Real step = 0.3;
  std::string metric = "diagonal";  ///< of the running Fisher estimate: its diagonal, or fisher, all of it
  std::vector<Real> diagonal;       ///< the scales; empty: by the estimate
};

/// UnderdampedLangevinRule.hpp
struct UnderdampedLangevinOptions {
  static constexpr const char* key = "underdamped_langevin";
  static constexpr const char* doc = "with a momentum for every particle";
  static constexpr const char* shorthand = "step";
  Real step = 1e-2;
  Real gamma = 0.9;
  std::optional<Real> eta;  ///< else (1 - .9) / (gamma step)
};

/// MalaRule.hpp
struct MalaOptions {
  static constexpr const char* key = "mala";
  static constexpr const char* doc = "Langevin proposals, accepted by Metropolis and Hastings";
  static constexpr const char* shorthand = "step";
  VectorValue step = Real(0.1);  ///< a number, or one for each part of the block
  std::optional<Real> target;    ///< acceptance that the step is adapted to
};

/// ParameterRule.hpp
struct ParameterRuleOptions {
  static std::vector<std::string> keys() { return {"euler", "momentum", "rmsprop", "adam"}; }
  static constexpr const char* doc = "how parameters descend";
  static constexpr const char* shorthand = "rate";
  std::string name = "adam";
  Real rate = 1e-3;
  Real first_moment = 0.9, second_moment = 0.999, epsilon = 1e-8;
  Real decay = 0;
  std::optional<Real> clip;
  std::string schedule = "constant";
  Real final = 0, hold = 0;  ///< of a cosine: where it ends, and the share of the steps before it begins
  Index warm_up = 0;
  std::optional<Real> average;
};

void describe(Section& section, LangevinOptions& options);
void describe(Section& section, PreconditionedLangevinOptions& options);
void describe(Section& section, UnderdampedLangevinOptions& options);
void describe(Section& section, MalaOptions& options);
void describe(Section& section, ParameterRuleOptions& options);

/// Any rule.
using RuleOptions = std::variant<LangevinOptions, PreconditionedLangevinOptions, UnderdampedLangevinOptions,
                                 MalaOptions, ParameterRuleOptions, StillOptions>;
/// Its name in a deck.
std::string name_of(const RuleOptions& rule);

/// Keys of a deck: a mover or an optimiser.
struct ParticleRuleChoice {
  std::variant<LangevinOptions, PreconditionedLangevinOptions, UnderdampedLangevinOptions, MalaOptions> rule;
};
struct ParameterRuleChoice {
  std::variant<ParameterRuleOptions> rule;
};
void describe(Section& section, ParticleRuleChoice& options);
void describe(Section& section, ParameterRuleChoice& options);

template <class Choice>
RuleOptions rule_of(const Choice& choice) {
  return std::visit([](const auto& rule) { return RuleOptions(rule); }, choice.rule);
}

}  // namespace weir
