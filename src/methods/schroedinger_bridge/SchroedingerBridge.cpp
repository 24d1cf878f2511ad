#include "methods/schroedinger_bridge/SchroedingerBridge.hpp"

#include "methods/schroedinger_bridge/SchroedingerBridgeCost.hpp"
#include "methods/schroedinger_bridge/latent/LatentBridge.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotBridge.hpp"

namespace weir {

SchroedingerBridge::SchroedingerBridge() = default;
SchroedingerBridge::~SchroedingerBridge() = default;

void SchroedingerBridge::prepare(const Communicator& comm, const RunOptions& run) {
  if (options_.data) {
    latent_ = std::make_unique<LatentBridge>(options_, comm, run);
    return;
  }
  check_populations(*options_.populations, comm, run);
  snapshots_ = std::make_unique<SnapshotBridge>(options_, comm, run);
}

void SchroedingerBridge::check(const Communicator& comm, const RunOptions& run) {
  prepare(comm, run);
}

std::vector<CostedPart> SchroedingerBridge::costs(const Communicator& comm, const RunOptions& run) const {
  return schroedinger_bridge_costs(options_, comm, run);
}

void SchroedingerBridge::run(RunOutput& output, RunControl& control) {
  if (latent_) return latent_->run(output, control);
  snapshots_->run(output, control);
}

}  // namespace weir
