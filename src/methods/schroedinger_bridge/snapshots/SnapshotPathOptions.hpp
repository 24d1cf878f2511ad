// What a deck says of paths through snapshots of a population.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "methods/populations/Coupling.hpp"

namespace weir {

struct DisplacementPathOptions {
  static constexpr const char* key = "displacement";
  static constexpr const char* doc = "straight from snapshot to snapshot";
};
struct BridgePathOptions {
  static constexpr const char* key = "bridge";
  static constexpr const char* doc = "Brownian bridges between snapshots";
  static constexpr const char* shorthand = "sigma";
  Real sigma = 0.2;  ///< of the reference over one interval, whatever its length
};
struct SplinePathOptions {
  static constexpr const char* key = "spline";
  static constexpr const char* doc = "from straight to the natural cubic spline through all snapshots";
  static constexpr const char* shorthand = "beta";
  Real beta = 0.5;
};
struct PathOptions {
  std::variant<DisplacementPathOptions, BridgePathOptions, SplinePathOptions> shape;
};
struct SnapshotPathOptions {
  CouplingOptions coupling;
  std::optional<GrowthOptions> growth;  ///< the same key as coupling.growth
  PathOptions path;
  std::string start = "previous";
  std::string standardise = "none";
  Index trajectories_from = 0;
  std::vector<Real> times;
  std::string where;
};
void describe(Section& section, DisplacementPathOptions& options);
void describe(Section& section, BridgePathOptions& options);
void describe(Section& section, SplinePathOptions& options);
void describe(Section& section, PathOptions& options);
void describe(Section& section, SnapshotPathOptions& options);

struct SnapshotMetricsOptions {
  std::vector<std::string> report{"w1", "w2", "energy_distance"};
  IndexOrWord points = "whole";
};

}  // namespace weir
