// What a log and a summary say of couplings of consecutive populations.
#pragma once

#include <vector>

#include "methods/populations/CoupledEnsemble.hpp"
#include "weir/output/RunOutput.hpp"

namespace weir {

/// A line each, and coupling_cost and coupling_gap; `kept`: numbers of the populations. Collective.
void describe_couplings(const std::vector<CoupledEnsemble>& couplings, const std::vector<Index>& kept,
                        RunOutput& output);

}  // namespace weir
