// Collectives that a rule asks for in a step, beside those of the flow.
#pragma once

#include "weir/flows/RuleOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// For a block of so many components.
inline Traffic traffic_of_rule(const RuleOptions& rule, Index components, int ranks) {
  Traffic traffic;
  if (std::holds_alternative<MalaOptions>(rule))  // MalaRule::adapt
    traffic += reduction(ranks, 2 * Index(sizeof(Index)));
  if (const auto* scaled = std::get_if<PreconditionedLangevinOptions>(&rule);
      scaled && scaled->diagonal.empty()) {  // PreconditionedLangevinRule::update_estimate
    traffic += exact_sum(ranks, scaled->metric == "fisher" ? components * (components + 1) / 2 : components);
    traffic += reduction(ranks, Index(sizeof(Index)));
  }
  if (const auto* parameters = std::get_if<ParameterRuleOptions>(&rule); parameters && parameters->clip)
    traffic += exact_sum(ranks, 1);  // ParameterRule::clipping
  return traffic;
}

}  // namespace weir
