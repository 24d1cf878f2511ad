// What a step of chains costs that do not act on each other: counts from their sizes, times from a few of
// them.
#pragma once

#include <functional>

#include "weir/flows/RuleOptions.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

struct ChainShape {
  Index rows = 0, replicas = 1;  ///< chains are rows x replicas
  Real flops = 0;                ///< of networks, a chain
  Index moves = 0;               ///< of each chain
  Real numbers = 0;              ///< that a chain takes
  Index blocks = 1;
  RuleOptions rule = StillOptions();  ///< by which they move, where it is not the flow that does it all
  Index components = 1;               ///< of a chain
};

class ChainStepCost : public CostModel {
 public:
  /// Seconds of a step of so many rows with their replicas, on this rank alone.
  using Seconds = std::function<Real(Index rows)>;
  ChainStepCost(const ChainShape& shape, Seconds seconds, const RunOptions& run)
      : shape_(shape), seconds_(std::move(seconds)), run_(run) {}

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  ChainShape shape_;
  Seconds seconds_;
  RunOptions run_;
  Real row_ = 0;  // seconds
};

}  // namespace weir
