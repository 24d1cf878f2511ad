// How far predicted populations are from those that were observed.
#pragma once

#include <string>
#include <vector>

#include "methods/populations/Populations.hpp"
#include "methods/populations/Predictions.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/output/Piecewise.hpp"
#include "weir/transport/Distances.hpp"

namespace weir {

struct PredictionMetricsOptions {
  std::vector<std::string> report{"w1", "w2"};
  Index points = 2000;
};
void describe(Section& section, PredictionMetricsOptions& options);

/// Every metric per step as <name>/<k> and its mean as <name>; beside, for comparison, w1_identity (nothing
/// moves) and w1_floor: what two samples of one population give, the training part and the test part or,
/// where nothing was split, two halves of it. A prediction may come below; where populations were left out,
/// their mean as <name>_left_out and the distances of displacement interpolation (no learning) as
/// <name>_interpolation. A piece is an entropic distance of a large population, or all the rest of as many
/// steps as there are ranks. Collective.
class PredictionMetrics : public Piecewise {
 public:
  /// What is measured, and against what: all outlive the object.
  struct Measured {
    const PredictionOptions& prediction;
    const Predictions& predictions;
    const Populations& populations;
    const std::vector<Ensemble>& observed;
    const EnergyOptions* truth;  ///< the true energy, for l2_uvp; null where it is not known
  };
  /// `most_exact`: for tests of what happens beyond it.
  PredictionMetrics(const PredictionMetricsOptions& options, const Measured& measured, const RunOptions& run,
                    Index most_exact = most_exact_points);

  bool all_done() const override { return done_ == Index(values_.size()); }
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Once everything is done.
  Metrics result() const;

 private:
  struct Distance;
  struct SampledStep;
  bool asks_for(const char* name) const;
  bool is_entropic(Index k) const;
  bool has_test() const;
  const Ensemble& identity(Index k) const;
  std::vector<Distance> entropic_distances(Index k) const;
  void measure_exactly(Index first, Index last);
  SampledStep sample(Index k, int rank) const;
  void add_l2_uvp(Index k);
  void add_bures_uvp(Index k);

  PredictionMetricsOptions options_;
  Measured measured_;
  RunOptions run_;
  Index most_exact_;
  std::vector<Metrics> values_;  // of step k, as they come
  Index done_ = 0;               // steps of which all is known
};

}  // namespace weir
