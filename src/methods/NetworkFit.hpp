// Fits networks to coupled populations: start, training, report.
#pragma once

#include "weir/methods/NetworkModel.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// Collective; `transitions` between the populations at `times`.
LearnedEnergy fit_networks(const NetworkModelOptions& options, const std::vector<Real>& times,
                           const std::vector<Transition>& transitions, const RunOptions& run, int repetition,
                           RunOutput& output, RunControl& control);

}  // namespace weir
