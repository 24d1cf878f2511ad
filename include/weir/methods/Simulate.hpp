// simulate: the Wasserstein gradient flow of a free energy from an initial ensemble.
//
//     d X_i = -[grad V(X_i, t) + (1/N) sum_j grad W(X_i - X_j) + ..] dt + sqrt(2 beta) dW_i
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/energies/EnergyOptions.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/methods/InitialEnsemble.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

struct TimeOptions {
  Real start = 0, end = 1, step = 0.01;
  std::string scheme = "langevin";
  std::optional<Real> tolerance;
  std::string where;
};
struct SnapshotOptions {
  Index every = 0;
};
struct SimulateMetricsOptions {
  std::vector<std::string> report{"mean", "covariance", "free_energy"};
  Index every = 1;
};

/// Everything that a `simulate` section holds; learn_energies uses it to make populations.
struct SimulateOptions {
  InitialOptions initial;
  EnergyOptions energy;
  TimeOptions time;
  SnapshotOptions snapshots;
  SimulateMetricsOptions metrics;
};
void describe(Section& section, TimeOptions& options);
void describe(Section& section, SnapshotOptions& options);
void describe(Section& section, SimulateMetricsOptions& options);
void describe(Section& section, SimulateOptions& options);

class Simulate : public Method {
 public:
  std::string key() const override { return "simulate"; }
  std::string doc() const override { return "the Wasserstein gradient flow of a free energy, from an initial ensemble"; }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void run(RunOutput& output) override;

 private:
  SimulateOptions options_;
};

}  // namespace weir
