// Means and deviations of the metrics of a run that is repeated with other seeds.
//
//     repetition/<r>/<name>, <name>, <name>_deviation   in the summary; a run of one repetition has its
//     <name> alone
#pragma once

#include <string>

#include "weir/output/RunOutput.hpp"

namespace weir {

/// What is known of each repetition is kept in the summary as it comes, so that a restart finds it there.
class MeanMetrics {
 public:
  MeanMetrics(Index repetitions, RunOutput& output) : count_(repetitions), output_(output) {}

  bool has(Index repetition) const { return count_ > 1 && !of(repetition).empty(); }
  /// With several, what else the summary has of one (its fit, say) belongs to it as well; times are of the
  /// last.
  void add(Index repetition, const Metrics& metrics);
  /// Means under the metrics' names, and the deviations (of one repetition, not of the mean) beside.
  void finish();

 private:
  Metrics of(Index repetition) const;

  Index count_;
  RunOutput& output_;
};

}  // namespace weir
