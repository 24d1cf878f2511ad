// What a `learn_energies` section holds.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "methods/learn_energies/linear/LinearModel.hpp"
#include "methods/learn_energies/network/NetworkModel.hpp"
#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "methods/populations/Coupling.hpp"
#include "methods/populations/Populations.hpp"
#include "methods/populations/PredictionMetrics.hpp"
#include "weir/densities/Density.hpp"

namespace weir {

struct ModelOptions {
  std::variant<LinearModelOptions, NetworkModelOptions, TrajectoryModelOptions> kind;

  bool next() const;  ///< features at the later population, and implicit prediction
  bool entropy() const;
  bool trained() const;  ///< by iterations, which report on their own
};
void describe(Section& section, ModelOptions& options);

struct LearnEnergiesOptions {
  PopulationsOptions populations;
  SplitOptions split;
  std::vector<Index> leave_out;
  Index repetitions = 1;
  std::string pairing = "unpaired";
  CouplingOptions coupling;
  DensityOptions density;
  ModelOptions model;
  std::string predict = "one_step";
  PredictionMetricsOptions metrics;
  std::string where;

  /// Whether the populations are coupled: a trajectory meets them by its likelihood, but where one is left
  /// out displacement interpolation is measured beside it.
  bool couples() const;
};
void describe(Section& section, LearnEnergiesOptions& options);

/// Those of `count` populations that are learned from. Throws InputError where some are left out that are not
/// among them, or fewer than two stay.
std::vector<Index> kept_populations(const LearnEnergiesOptions& options, Index count);

}  // namespace weir
