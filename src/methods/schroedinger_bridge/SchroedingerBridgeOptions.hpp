// What a `schroedinger_bridge` section holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "methods/populations/Populations.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotMetrics.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotPathOptions.hpp"

namespace weir {

struct SchroedingerBridgeOptions {
  std::optional<PopulationsOptions> populations;
  std::vector<Index> leave_out;
  std::string autoencoder = "identity";
  SnapshotPathOptions snapshots;
  SnapshotMetricsOptions metrics;
  std::string where;
};
void describe(Section& section, SchroedingerBridgeOptions& options);

}  // namespace weir
