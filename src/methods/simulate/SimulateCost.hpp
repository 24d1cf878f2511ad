// What a step of `simulate` costs: counts from its options, times from short simulations of few particles.
//
// What PETSc's schemes do in a step (velocities, sums over the state, work vectors) is counted in such a
// simulation; for implicit and adaptive ones, whose work depends on the state, that is its mean.
#pragma once

#include <vector>

#include "methods/simulate/SimulateOptions.hpp"
#include "weir/energies/LearnedEnergy.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class SimulateCost : public CostModel {
 public:
  /// Collective. Throws InputError as a simulation would.
  SimulateCost(const SimulateOptions& options, const Communicator& comm, const RunOptions& run);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  /// A PairSum of the velocity: numbers a source, bytes a number; not counted where a network computes it.
  struct PairTerm {
    Index stride, number_size;
    bool counted = true;
  };
  void list_terms(const Communicator& comm);
  void list_learned(const LearnedEnergy& energy);
  void add_sums(const std::vector<Index>& lengths);
  void count_solver();
  Real pairs_of(Index particles) const;
  Traffic sums(Index ranks) const;
  Real memory_of(const Partition& partition) const;

  SimulateOptions options_;
  RunOptions run_;
  EnsembleShape shape_;
  std::vector<Index> sum_lengths_;  // of the velocity's exact sums
  std::vector<PairTerm> pair_terms_;
  Index learned_blobs_ = 0;                               // of an entropy that was learned
  bool learned_pairs_ = false;                            // one of them is of a learned energy
  Index velocities_ = 1, vector_sums_ = 0, vectors_ = 2;  // of a step; the last: as long as the state
  Real pair_ = 0, particle_ = 0,
       step_ = 0;  // seconds of a pair, of a particle's other work, of a step's rest
};

}  // namespace weir
