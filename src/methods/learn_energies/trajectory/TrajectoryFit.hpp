// Fits a trajectory and its potential to snapshots: start, training, report.
#pragma once

#include <optional>
#include <vector>

#include "methods/learn_energies/LearningStages.hpp"
#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "methods/populations/Coupling.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

struct FittedTrajectory {
  LearnedEnergy energy;
  std::vector<Ensemble> at_snapshots;
};

/// Particles of the trajectory, given the sizes of the snapshots.
Index start_size(const TrajectoryModelOptions& options, const std::vector<Index>& sizes);

/// Throws InputError where the trajectory's start cannot be coupled with snapshots of these sizes as
/// `coupling` asks, or pair sums do not take so many dimensions. Not collective.
void check_trajectory(const TrajectoryModelOptions& options, const CouplingOptions& coupling,
                      const std::vector<Index>& sizes, Index dimension);

/// Collective; nothing where the run was stopped.
std::optional<FittedTrajectory> fit_trajectory(const TrajectoryModelOptions& options,
                                               const CouplingOptions& coupling,
                                               const std::vector<Real>& times,
                                               const std::vector<Ensemble>& snapshots, const RunOptions& run,
                                               const StageList& stages, RunOutput& output,
                                               RunControl& control, const PublishEnergy& publish);

}  // namespace weir
