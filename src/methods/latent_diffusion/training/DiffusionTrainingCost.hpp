// What an iteration of a stage of latent_diffusion costs: counts from its options, times from short trainings
// on few tiles.
//
//     seconds = step + tiles of the busiest rank x tile
//
// `flops` and `moves` are means over an epoch, in which every datum comes once. A stage gathers the block
// `running` once more, where it begins or goes on.
#pragma once

#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class DiffusionTrainingCost : public CostModel {
 public:
  DiffusionTrainingCost(const LatentDiffusionOptions& options, DiffusionParts parts, Index rows,
                        Index components, const RunOptions& run);

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;
  Index iterations_per_epoch() const;

 private:
  Partition rows(int ranks) const { return {0, ranks, rows_, rows_per_tile(options_, run_.tile)}; }
  Index strata() const { return strata_of(options_.train.batch, rows_per_tile(options_, run_.tile)); }
  bool moves_latents() const { return parts_ != DiffusionParts::prior_alone; }
  Real seconds_of_iteration(Index tiles) const;
  Real busiest_tiles(int ranks) const;
  Index flops_of_particle() const;
  Real memory(int ranks) const;

  LatentDiffusionOptions options_;
  DiffusionParts parts_;
  Index rows_, components_;
  RunOptions run_;
  bool has_score_;
  Index decoder_;  // parameters
  MlpShape score_, posterior_;
  Real step_ = 0, tile_ = 0;  // seconds
};

}  // namespace weir
