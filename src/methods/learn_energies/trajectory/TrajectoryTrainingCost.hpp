// What an iteration of a trajectory's training costs: counts from its options, times from short trainings of
// few particles on the deck's own knots.
#pragma once

#include "methods/learn_energies/LearningShape.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class TrajectoryTrainingCost : public CostModel {
 public:
  /// Not collective. For a deck whose model is a trajectory; throws InputError as check_trajectory does.
  TrajectoryTrainingCost(const LearnEnergiesOptions& options, const LearningShape& shape,
                         const RunOptions& run);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;
  /// What the training holds from its start on: bytes of the busiest rank. Not collective.
  Real memory(int ranks) const;

 private:
  Partition particles(int ranks) const;
  Real seconds_of_iteration(const TrajectoryModelOptions& model, Index particles, Index data) const;
  void add_likelihood(Cost& cost, int ranks) const;
  void add_score(Cost& cost, int ranks) const;
  void add_interaction(Cost& cost, int ranks) const;
  Traffic broadcast(const Partition& sources, Index stride) const;

  TrajectoryModelOptions model_;
  RunOptions run_;
  LearningShape shape_;
  TimeGrid grid_;
  Index potential_parameters_ = 0, interaction_parameters_ = 0, number_size_;
  Real step_ = 0, particle_ = 0;  // seconds: of an iteration, and of a particle with V at all knots
  /// Seconds of a pair: of a datum and a particle; of two particles at a knot, by their score and by W.
  Real of_likelihood_ = 0, of_score_ = 0, of_interaction_ = 0;
};

}  // namespace weir
