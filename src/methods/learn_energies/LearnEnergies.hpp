// learn_energies (JKOnet*): the potential, interaction and entropy that best explain snapshots of a
// population.
//
// Source: Terpin, Lanzetti, Gadea, Doerfler, "Learning diffusion at lightspeed", NeurIPS 2024 (arXiv
// 2406.12616).
#pragma once

#include <optional>
#include <variant>

#include "methods/learn_energies/linear/LinearModel.hpp"
#include "methods/learn_energies/network/NetworkModel.hpp"
#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "methods/populations/Coupling.hpp"
#include "methods/populations/Populations.hpp"
#include "methods/populations/PredictionMetrics.hpp"
#include "weir/densities/Density.hpp"
#include "weir/methods/Method.hpp"

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

class LearnEnergies : public Method {
 public:
  std::string key() const override { return "learn_energies"; }
  std::string doc() const override {
    return "the energies that best explain snapshots of a population (JKOnet*)";
  }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void check(const Communicator& comm, const RunOptions& run) override;
  std::vector<CostedPart> costs(const Communicator& comm, const RunOptions& run) const override;
  /// A training may be made longer.
  bool may_change(const DeckDifference& change, const Checkpoint& from) const override;
  void run(RunOutput& output, RunControl& control) override;

 private:
  void check_spread(const std::vector<Ensemble>& train) const;
  void check_sizes(const std::vector<Index>& train, Index dimension) const;

  LearnEnergiesOptions options_;
  std::optional<Populations> populations_;
};

}  // namespace weir
