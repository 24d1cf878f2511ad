// What an iteration of a network's training costs: counts from its options, times from short trainings on few
// tiles.
#pragma once

#include "methods/learn_energies/LearningShape.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class NetworkTrainingCost : public CostModel {
 public:
  /// Not collective. For a deck whose model is a network's.
  NetworkTrainingCost(const LearnEnergiesOptions& options, const LearningShape& shape, const RunOptions& run);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  Real seconds_of_iteration(Index tiles) const;
  std::vector<Index> group_tiles(int ranks) const;
  Real busiest_tiles(int ranks) const;
  Real memory_of(int ranks) const;
  const NetworkModelOptions& network() const;

  LearnEnergiesOptions options_;
  RunOptions run_;
  LearningShape shape_;
  Index parameters_ = 0, strata_ = 0;
  Real tile_ = 0, step_ = 0;  // seconds of a tile among all of a batch, and of an iteration's rest
};

}  // namespace weir
