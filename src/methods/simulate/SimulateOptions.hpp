// What a `simulate` section holds; learn_energies uses it to make populations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/energies/EnergyOptions.hpp"
#include "weir/ensemble/InitialEnsemble.hpp"
#include "weir/flows/RuleOptions.hpp"

namespace weir {

struct TimeOptions {
  Real start = 0, end = 1, step = 0.01;
  std::string scheme = "langevin";
  std::optional<Real> tolerance;
  std::string where;
};
/// Whether blocks move by a rule of Weir's own under the scheme, rather than by a native solver of PETSc's.
bool is_langevin(const std::string& scheme);
/// The rule of the particles.
RuleOptions rule_of(const TimeOptions& time);

struct SnapshotOptions {
  Index every = 0;
};
struct SimulateMetricsOptions {
  std::vector<std::string> report{"mean", "covariance", "free_energy"};
  Index every = 1;
};

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

}  // namespace weir
