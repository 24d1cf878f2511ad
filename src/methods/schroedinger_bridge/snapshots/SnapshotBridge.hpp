// Bridges through snapshots of a population: couplings, paths, predictions of the snapshots left out.
#pragma once

#include <memory>
#include <vector>

#include "methods/populations/Populations.hpp"
#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "methods/schroedinger_bridge/snapshots/Paths.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotMetrics.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// All methods are collective.
class SnapshotBridge {
 public:
  /// Reads the populations. Throws InputError.
  SnapshotBridge(const SchroedingerBridgeOptions& options, const Communicator& comm, const RunOptions& run);

  void run(RunOutput& output, RunControl& control);

 private:
  void standardise(const std::string& on);
  void check() const;
  Index base_of(Index left_out) const;
  std::vector<SnapshotPrediction> predict(const RunOptions& run, RunOutput& output);
  void write_snapshots(const std::vector<SnapshotPrediction>& predictions, const RunOptions& run,
                       RunOutput& output);
  Ensemble in_units_of_data(const Ensemble& ensemble) const;

  const SchroedingerBridgeOptions& options_;
  Populations populations_;
  std::vector<Real> centre_, deviation_;  // that were taken out
  std::vector<Index> kept_;
  std::vector<Real> kept_times_;
  std::vector<Ensemble> kept_populations_;
  std::unique_ptr<Couplings> couplings_;
};

/// Those of `count` populations that are not left out. Throws InputError where one is not among them, or has
/// no kept one before and after it.
std::vector<Index> kept_snapshots(const SchroedingerBridgeOptions& options, Index count);

}  // namespace weir
