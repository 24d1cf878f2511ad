// What an iteration of a network's training costs: counts from its options, times from short trainings on few
// tiles.
#pragma once

#include "weir/input/RunOptions.hpp"
#include "weir/methods/LearnEnergies.hpp"
#include "weir/methods/StepModel.hpp"

namespace weir {

class TrainingModel : public StepModel {
 public:
  /// Not collective. Throws InputError for what is not the training of a network
  /// potential alone on simulated populations.
  TrainingModel(const LearnEnergiesOptions& options, const RunOptions& run);

  void measure(const Communicator& comm) override;
  StepCost at(int ranks) const override;

 private:
  void check() const;
  void count();
  Real busiest_tiles(int ranks) const;
  Real memory_of(int ranks) const;
  const NetworkModelOptions& network() const;

  LearnEnergiesOptions options_;
  RunOptions run_;
  EnsembleShape shape_;
  Index populations_ = 0, transitions_ = 0, train_ = 0;  // the last: particles of a population for training
  Index parameters_ = 0, strata_ = 0;
  Real tile_ = 0, step_ = 0;  // seconds of a tile, and of an iteration's rest
};

}  // namespace weir
