// Which weights of a training are kept, by what is measured of them when it reports.
//
// With a slack s: of the weights whose samples are no copies of training rows, the last whose loss on rows
// held out is at most 1 + s times the least of theirs. Samples get better for a while yet as that loss rises,
// before the network memorises. Where the samples of all are copies, and where s = 0: the weights of the
// least loss. A training that nothing is kept of any more may end.
#pragma once

#include <cmath>
#include <vector>

#include "weir/base/Hdf5File.hpp"

namespace weir {

/// From here on samples are about as far from training rows as rows held out are.
constexpr Real fresh_copying = 0.9;

struct WeightReport {
  Index iteration = 0;
  Real loss = HUGE_VAL, loss_held_out = HUGE_VAL;
  Real copying = HUGE_VAL;  ///< infinite where it was not measured
};

/// The same on all ranks. Not collective, but for `save`.
class KeptWeights {
 public:
  explicit KeptWeights(Real slack) : slack_(slack) {}

  bool has_any() const { return !parameters_.empty(); }
  const WeightReport& report() const { return kept_; }
  /// Whether the samples of the weights at hand are copies, which counts.
  bool are_copies() const { return are_copies(kept_); }
  /// Of the weights that were considered for keeping.
  Real least() const { return least_; }
  const std::vector<Real>& parameters() const { return parameters_; }

  /// Whether weights with this report are kept in place of those at hand: then `keep` is to be called.
  bool wants(const WeightReport& report);
  void keep(const WeightReport& report, std::vector<Real> parameters);
  /// Whether none of the `patience` reports up to this iteration was kept, of which there is one every so
  /// many. Never of a patience of 0.
  bool wait_is_over(Index iteration, Index every, Index patience) const {
    return patience > 0 && has_any() && iteration - kept_.iteration >= patience * every;
  }

  void save(Hdf5File& file) const;
  void restore(const Hdf5File& file);

 private:
  bool are_copies(const WeightReport& report) const { return slack_ > 0 && report.copying < fresh_copying; }

  Real slack_, least_ = HUGE_VAL;
  WeightReport kept_;
  std::vector<Real> parameters_;
};

}  // namespace weir
