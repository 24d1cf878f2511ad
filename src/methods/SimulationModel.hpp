// What a step of `simulate` costs: counts from its options, times from short simulations of few particles.
#pragma once

#include <vector>

#include "weir/input/RunOptions.hpp"
#include "weir/methods/SimulateOptions.hpp"
#include "weir/methods/StepModel.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

class SimulationModel : public StepModel {
 public:
  /// Collective. Throws InputError for schemes that are not Langevin's and for
  /// learned energies.
  SimulationModel(const SimulateOptions& options, const Communicator& comm, const RunOptions& run);

  void measure(const Communicator& comm) override;
  StepCost at(int ranks) const override;

 private:
  /// A PairSum of the velocity: numbers a source, bytes a number.
  struct PairTerm {
    Index stride, number_size;
  };
  void check() const;
  void list_terms();
  Traffic sums(Index ranks) const;
  Real memory_of(const Partition& partition) const;

  SimulateOptions options_;
  RunOptions run_;
  EnsembleShape shape_;
  std::vector<Index> sum_lengths_;  // of the velocity's exact sums
  std::vector<PairTerm> pair_terms_;
  Real pair_ = 0, particle_ = 0,
       step_ = 0;  // seconds of a pair, of a particle's other work, of a step's rest
};

}  // namespace weir
