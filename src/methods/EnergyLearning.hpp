// One repetition of learn_energies: couple the populations, fit the model, predict, measure.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "weir/methods/LearnEnergies.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// All methods are collective.
class EnergyLearning {
 public:
  /// `run` has the repetition's seed; its couplings and its training are stages 2 r and
  /// 2 r + 1 of the run.
  EnergyLearning(const LearnEnergiesOptions& options, const Populations& populations, const RunOptions& run,
                 int repetition, RunOutput& output, RunControl& control);

  /// The metrics of the predictions; nothing where the run was stopped. The first repetition leaves
  /// energies.h5 and the snapshots.
  Metrics run();

 private:
  void write();
  const std::vector<Ensemble>& observed() const;
  void couple(Couplings& couplings);
  std::vector<std::unique_ptr<Density>> fit_densities(Index offset);
  LearnedEnergy learn(const std::vector<Transition>& transitions);
  std::vector<std::optional<Ensemble>> interpolate(const std::vector<CoupledEnsemble>& couplings,
                                                   bool next) const;

  const LearnEnergiesOptions& options_;
  const Populations& populations_;
  RunOptions run_;
  int repetition_;
  RunOutput& output_;
  RunControl& control_;
  std::vector<Index> kept_;  // populations that are trained on, their times and training parts
  std::vector<Real> kept_times_;
  std::vector<Ensemble> kept_train_;
  LearnedEnergy energy_;
  Predictions predictions_;
  std::vector<Ensemble> trajectory_;  // at the kept populations, where one was trained
};

}  // namespace weir
