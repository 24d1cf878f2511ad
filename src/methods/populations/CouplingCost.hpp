// What couplings of a run cost together: pieces are counted, the time of one comes from a small one.
//
// An exact coupling of n particles takes as n^2 from a size on that can be measured; one by Sinkhorn takes
// the small one's iterations. Messages of exact couplings are counted as those of one pass over all parts (a
// run that takes longer than some seconds makes several), to the byte but for plans of parts of unequal size:
// how many entries these have is left to the data, and the most possible are counted. Of Sinkhorn iterations
// are counted, and how many there are is what a small one took.
#pragma once

#include <functional>

#include "methods/populations/Coupling.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class CouplingCost : public CostModel {
 public:
  /// Sizes of populations, each of which is coupled with the next one, all at once.
  using Round = std::vector<Index>;
  /// What the busiest of so many ranks holds all the while, in bytes.
  using Memory = std::function<Real(int ranks)>;
  /// Makes two populations of these sizes on this rank alone, like those that are coupled.
  using Sample = std::function<std::vector<Ensemble>(Index n, Index m)>;
  /// Rounds follow each other. Not collective. Throws InputError as check_couplings does.
  CouplingCost(const CouplingOptions& options, Index dimension, std::vector<Round> rounds, Sample sample,
               Memory held, const RunOptions& run, CoupledAt at = CoupledAt::current,
               CouplingKeeps keeps = CouplingKeeps::moments);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  bool whole() const { return options_.entropic(); }
  void add_parts(const Round& round, const std::vector<CouplingPart>& parts, Cost& cost, int ranks) const;
  Index count_bytes(const Round& round, const CouplingPart& part, int rank, int ranks) const;
  void add_sinkhorn(const Round& round, Cost& cost, int ranks) const;

  CouplingOptions options_;
  Index dimension_;
  RunOptions run_;
  std::vector<Round> rounds_;
  Sample sample_;
  CoupledAt at_;
  CouplingKeeps keeps_;
  Memory held_;
  std::vector<std::vector<CouplingPart>> parts_;  // of each round; none for sinkhorn
  Real pair_ = 0;                                 // seconds a pair of points
  Index iterations_ = 1;                          // of sinkhorn
};

}  // namespace weir
