// What the fit of a linear model costs, from fits to small populations: the time of densities is in it, their
// messages are not.
#pragma once

#include "methods/learn_energies/LearningShape.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class LinearFitCost : public CostModel {
 public:
  /// Not collective. Throws InputError where the features cannot be.
  LinearFitCost(const LearnEnergiesOptions& options, const LearningShape& shape, const RunOptions& run);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  const LinearModelOptions& linear() const { return std::get<LinearModelOptions>(options_.model.kind); }
  Index solves() const { return linear().time ? shape_.transitions() : 1; }
  /// Pair sums that the mean gradients of W's features take.
  Index pair_sums() const;
  Real seconds_of_fit(Index particles) const;

  LearnEnergiesOptions options_;
  LearningShape shape_;
  RunOptions run_;
  Index features_ = 0, unknowns_ = 0;         // of V or of W; in all
  Real solve_ = 0, particle_ = 0, pair_ = 0;  // seconds
};

}  // namespace weir
