// How far predictions are from the snapshots that were left out.
//
//     <name>           the predictions and the snapshot
//     <name>_displacement   the same paths, straight (where they are not)
//     <name>_identity  the kept snapshot before it: nothing happens
//     <name>_floor     two disjoint halves of the snapshot: half as many points as elsewhere, so further
//     apart
//                      than two whole samples would be
//
// each for every snapshot k as <name>/<k> and its mean. Whole populations, or samples of `points`; w1 and w2
// of more than most_exact_points are entropic. energy_distance is the U-statistic.
#pragma once

#include <string>
#include <vector>

#include "methods/schroedinger_bridge/snapshots/SnapshotPathOptions.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

/// A snapshot that was left out, and what was predicted of it.
struct SnapshotPrediction {
  Index k;
  Ensemble predicted;
  std::vector<Ensemble> straight;  ///< one, or none where the paths are straight
  Ensemble before;
  Ensemble observed;
};

/// A piece: as many distances as there are ranks, each on one of them, or an entropic one. Collective.
class SnapshotMetrics : public Piecewise {
 public:
  /// `predictions` outlive the object.
  SnapshotMetrics(const SnapshotMetricsOptions& options, const std::vector<SnapshotPrediction>& predictions,
                  Index seed, bool single);

  bool all_done() const override { return values_.size() == jobs_.size(); }
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Once everything is done.
  Metrics result() const;

 private:
  struct Job {
    std::string name, suffix;
    const SnapshotPrediction* prediction;
    Index number;  ///< of the prediction
  };
  Index points_of(const Ensemble& ensemble) const;
  bool is_entropic(const Job& job) const;
  const Ensemble& from(const Job& job) const;
  void measure(std::size_t first, std::size_t last);

  SnapshotMetricsOptions options_;
  Index seed_;
  bool single_;
  Communicator comm_;
  std::vector<Job> jobs_;
  std::vector<Real> values_;  // of the first jobs
};

}  // namespace weir
