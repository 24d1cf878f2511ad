// What a step of a bridge costs: of the empirical drift its pairs, which are counted, else particles by
// themselves.
#pragma once

#include <functional>

#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

struct BridgeStepShape {
  Index particles, components;
  Index rows;       ///< that the empirical drift sums over; 0: another drift
  Index held = 0;   ///< numbers that the bridge's rows take, of all rows
  Index flops = 0;  ///< of a network, for a particle
};

class BridgeStepCost : public CostModel {
 public:
  /// Seconds of a step of so many particles and rows, on this rank alone.
  using Seconds = std::function<Real(Index particles, Index rows)>;
  BridgeStepCost(const BridgeStepShape& shape, Seconds seconds, const RunOptions& run)
      : shape_(shape), seconds_(std::move(seconds)), run_(run) {}

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  BridgeStepShape shape_;
  Seconds seconds_;
  RunOptions run_;
  Real pair_ = 0, particle_ = 0;  // seconds
};

}  // namespace weir
