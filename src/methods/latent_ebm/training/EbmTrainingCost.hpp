// What an iteration of the training of an energy costs: counts from its options, times from short trainings
// with few particles.
//
//     seconds = step + tiles of the busiest rank x tile, of the batch and of the pool
//
// `flops` and `moves` are means over an epoch, in which every datum comes once; energies that restarts ask
// for are not in them.
#pragma once

#include "methods/latent_ebm/training/LatentEbmFlow.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// Evaluations of the energy for each particle in a step of so many moves: one more than these where a rule
/// looks at what it proposes.
Index evaluations_of(const RuleOptions& rule, Index moves);

/// Flops of the energy with its gradient by (x, z), and of the gradient by its parameters, for each particle.
struct EnergyFlops {
  EnergyFlops(const LatentEnergyOptions& options, const EnergyShape& shape);
  Index value, slope, parameters;
};

class EbmTrainingCost : public CostModel {
 public:
  EbmTrainingCost(const LatentEbmOptions& options, Index rows, Index components, const RunOptions& run);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  Partition rows(int ranks) const { return {0, ranks, rows_, rows_per_tile(options_, run_.tile)}; }
  Index strata() const { return strata_of(options_.train.batch, rows_per_tile(options_, run_.tile)); }
  Index replicas() const { return shape_.latent > 0 ? options_.latent.particles : 1; }
  Real seconds_of_iteration(Index batch_tiles, Index pool_tiles) const;
  Real memory(int ranks) const;

  LatentEbmOptions options_;
  EnergyShape shape_;
  Index rows_;
  RunOptions run_;
  Real step_ = 0, batch_tile_ = 0, pool_tile_ = 0;  // seconds
};

}  // namespace weir
