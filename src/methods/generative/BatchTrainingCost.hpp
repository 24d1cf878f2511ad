// What an iteration of a training by batches of tiles costs: counts from its shape, times from short
// trainings on few tiles.
#pragma once

#include <functional>
#include <vector>

#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

struct BatchTrainingShape {
  Index parameters = 0;
  std::vector<Index> rows;  ///< of each ensemble that a batch has tiles of
  Index batch = 0;          ///< rows of each
  bool clipped = false;     ///< whether the rule knows the gradient's norm
  bool single = false;      ///< gradients in single precision
  Real memory = 0;          ///< bytes of a tape, beside what is counted here
  Index row_numbers = 0;    ///< numbers that a row takes
  Index row_flops = 0;      ///< of networks, for a row
};

class BatchTrainingCost : public CostModel {
 public:
  /// Seconds of an iteration over so many tiles of each ensemble, on this rank alone.
  using Seconds = std::function<Real(Index tiles)>;
  BatchTrainingCost(const BatchTrainingShape& shape, Seconds seconds, const RunOptions& run)
      : shape_(shape), seconds_(std::move(seconds)), run_(run) {}

  void measure(const Communicator& comm) override;
  Cost at(int ranks) const override;

 private:
  Real busiest_tiles(int ranks) const;
  std::vector<Index> tiles_of_iterations() const;
  Index strata() const;

  BatchTrainingShape shape_;
  Seconds seconds_;
  RunOptions run_;
  Real tile_ = 0, step_ = 0;  // seconds of a tile of each ensemble, and of an iteration's rest
};

}  // namespace weir
