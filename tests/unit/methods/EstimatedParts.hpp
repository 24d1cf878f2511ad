// What --estimate says of the parts of a deck, beside what a run of the deck counts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "weir/methods/Method.hpp"

namespace weir::testing_tools {

/// Sums over all parts of a run.
struct EstimatedParts {
  std::map<std::string, Traffic> traffic;  ///< by phase
  Real flops = 0, moves = 0, pairs = 0;
};

/// Collective: the parts of a deck.
std::vector<CostedPart> costs_of(const std::string& deck, const std::vector<std::string>& settings);

/// Collective: costs of all parts of the deck, each `times` often; a stage asks once more whether all is
/// finite. The parts are those of `times`.
EstimatedParts estimated_parts(const std::string& deck, const std::vector<std::string>& settings,
                               const std::map<std::string, Index>& times);

/// Collective: of the run that was just made, its calls and bytes in every phase, and its moves.
void expect_counted(const EstimatedParts& estimated);

/// Collective: of networks, in all stages of the run that was just made.
Index counted_flops();

/// Collective: runs the deck, and compares what it counts with its estimate, flops too unless some of them
/// are left to chance.
void expect_run_as_estimated(const std::string& deck, const std::vector<std::string>& settings,
                             const std::map<std::string, Index>& times, bool with_flops = true);

}  // namespace weir::testing_tools
