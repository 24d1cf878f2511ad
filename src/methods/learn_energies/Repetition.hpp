// One repetition of learn_energies: couple the populations, fit the model, predict, measure.
#pragma once

#include <optional>
#include <vector>

#include "methods/learn_energies/LearnEnergiesOptions.hpp"
#include "methods/learn_energies/LearningStages.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// All methods are collective.
class Repetition {
 public:
  /// `kept`: numbers of the populations that are learned from. `run` has the repetition's seed.
  Repetition(const LearnEnergiesOptions& options, const Populations& populations,
             const std::vector<Index>& kept, const RunOptions& run, int repetition, RunOutput& output,
             RunControl& control);

  /// The metrics of the predictions; nothing where the run was stopped. The first repetition leaves
  /// energies.h5 and the snapshots.
  Metrics run();

 private:
  void restore();
  void save(Hdf5File& file) const;
  bool learn();
  void find_growth();
  std::optional<LearnedEnergy> fit(const std::vector<Transition>& transitions);
  void take(Predictions predictions);
  std::vector<std::optional<Ensemble>> interpolate() const;
  bool has_snapshots() const;
  void write_source(Hdf5File& file) const;
  void write_energy(const LearnedEnergy& energy);
  void write_snapshots();
  const std::vector<Ensemble>& observed() const;
  const std::vector<Ensemble>& observed_rows() const;
  Index offset() const { return options_.model.next() ? 1 : 0; }

  const LearnEnergiesOptions& options_;
  const Populations& populations_;
  RunOptions run_;
  int repetition_;
  StageList stages_;
  RunOutput& output_;
  RunControl& control_;
  std::vector<Index> kept_;  // populations that are trained on, their times and training parts
  std::vector<Real> kept_times_;
  std::vector<Ensemble> kept_train_;
  std::optional<Couplings> couplings_;  // where they are wanted yet
  std::optional<LearnedEnergy> energy_;
  std::vector<Ensemble> growth_;      // factor and rate of coupled particles, where they grow
  std::vector<Ensemble> trajectory_;  // at the kept populations, where one was trained
  Predictions predictions_;
};

}  // namespace weir
