// Fits a trajectory and its potential to snapshots: start, training, report.
#pragma once

#include <optional>
#include <vector>

#include "weir/methods/Coupling.hpp"
#include "weir/methods/TrajectoryModel.hpp"
#include "weir/output/RunControl.hpp"

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
                                               int repetition, RunOutput& output, RunControl& control);

}  // namespace weir
