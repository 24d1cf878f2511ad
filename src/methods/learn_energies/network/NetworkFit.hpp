// Fits networks to coupled populations: start, training, report.
#pragma once

#include <optional>

#include "methods/learn_energies/LearningStages.hpp"
#include "methods/learn_energies/network/NetworkModel.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// Collective; `transitions` between the populations at `times`. Nothing where the run was stopped.
std::optional<LearnedEnergy> fit_networks(const NetworkModelOptions& options, const std::vector<Real>& times,
                                          const std::vector<Transition>& transitions, const RunOptions& run,
                                          const StageList& stages, RunOutput& output, RunControl& control,
                                          const PublishEnergy& publish);

}  // namespace weir
