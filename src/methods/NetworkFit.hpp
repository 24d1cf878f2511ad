// Fits networks to coupled populations: start, training, report.
#pragma once

#include <optional>

#include "weir/methods/NetworkModel.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// Collective; `transitions` between the populations at `times`. Nothing where the run was stopped.
std::optional<LearnedEnergy> fit_networks(const NetworkModelOptions& options, const std::vector<Real>& times,
                                          const std::vector<Transition>& transitions, const RunOptions& run,
                                          int repetition, RunOutput& output, RunControl& control);

}  // namespace weir
