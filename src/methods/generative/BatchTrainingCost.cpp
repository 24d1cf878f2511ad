#include "methods/generative/BatchTrainingCost.hpp"

#include <algorithm>
#include <map>

#include "weir/flows/Batches.hpp"
#include "weir/flows/State.hpp"
#include "weir/networks/TileGradient.hpp"
#include "weir/parallel/Partition.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

Index BatchTrainingCost::strata() const {
  return strata_of(shape_.batch, run_.tile);
}

/// T(tiles) = step + tiles tile, from two batches.
void BatchTrainingCost::measure(const Communicator& comm) {
  const Index many = std::min(std::max(strata(), Index(2)), Index(16));
  const Real one = slowest(comm, [&] { return seconds_(1); });
  const Real all = slowest(comm, [&] { return seconds_(many); });
  tile_ = std::max(Real(0), all - one) / Real(many - 1);
  step_ = std::max(Real(0), one - tile_);
}

/// Mean over some batches of the most tiles that one rank has, over the number of ensembles.
Real BatchTrainingCost::busiest_tiles(int ranks) const {
  constexpr Index draws = 64;
  Batches::Batch batch;
  Real sum = 0;
  for (Index draw = 0; draw < draws; ++draw) {
    std::map<Index, Index> of_rank;
    Index most = 0;
    for (const Index rows : shape_.rows) {
      const Index tiles = Partition(0, ranks, rows, run_.tile).tiles();
      Batches({tiles}, strata(), run_.seed).draw(draw, batch);
      for (const Index tile : batch.tiles)
        if (tile >= 0) most = std::max(most, ++of_rank[Index(Real(tile) / Real(tiles) * ranks)]);
    }
    sum += Real(most) / Real(draws * Index(shape_.rows.size()));
  }
  return sum;
}

Cost BatchTrainingCost::at(int ranks) const {
  const Index limbs = gradient_limbs(shape_.single), p = shape_.parameters;
  Cost cost;
  cost.traffic["velocity"] = gathering(p * real_size);  // TrainedParameters::gather
  cost.traffic["velocity"] += exact_sum_to_owners(ranks, p, limbs);
  cost.traffic["check"] = reduction(ranks, real_size);
  if (shape_.clipped) cost.traffic["rules"] = exact_sum(ranks, 1);
  cost.other_seconds = tile_ * busiest_tiles(ranks);
  cost.even_seconds = tile_ * busiest_tiles(1) / ranks;
  cost.serial_seconds = step_;
  cost.tiles = strata();
  for (const Index rows : shape_.rows) {  // in the mean over an epoch
    const Index tiles = Partition(0, ranks, rows, run_.tile).tiles();
    cost.moves += Real(rows) / Real(Batches({tiles}, strata(), run_.seed).per_epoch());
  }
  cost.flops = cost.moves * Real(shape_.row_flops);
  const Index size = shape_.single ? Index(sizeof(float)) : real_size;
  const Index own = Partition(0, ranks, p, parameter_chunk).most_local_particles();
  const Index tiles = strata() * Index(shape_.rows.size());
  cost.memory = shape_.memory + Real(size * p * (tiles + 1)) + Real(real_size * (p * (limbs + 2) + 6 * own));
  for (const Index rows : shape_.rows)
    cost.memory +=
        Real(real_size * shape_.row_numbers * Partition(0, ranks, rows, run_.tile).most_local_particles());
  return cost;
}

}  // namespace weir
