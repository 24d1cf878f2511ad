#include "methods/generative/BatchTrainingCost.hpp"

#include <algorithm>
#include <map>
#include <numeric>

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

/// Of iterations: a batch of each ensemble.
std::vector<Index> BatchTrainingCost::tiles_of_iterations() const {
  constexpr Index most = 4096;
  std::vector<std::vector<Index>> of_ensembles;
  Index iterations = 1;
  for (const Index rows : shape_.rows) {
    const Batches batches({Partition(0, 1, rows, run_.tile).tiles()}, strata(), run_.seed);
    of_ensembles.push_back(batches.tiles_of_batches());
    iterations = std::min(most, std::lcm(iterations, batches.per_epoch()));
  }
  std::vector<Index> tiles(std::size_t(iterations), 0);
  for (const auto& one : of_ensembles)
    for (std::size_t i = 0; i < tiles.size(); ++i) tiles[i] += one[i % one.size()];
  return tiles;
}

Cost BatchTrainingCost::at(int ranks) const {
  const Index limbs = gradient_limbs(shape_.single), p = shape_.parameters;
  Cost cost;
  cost.traffic["velocity"] = gathering_parameters(p, shape_.single);
  cost.traffic["velocity"] += gradient_sum(ranks, p, shape_.single, tiles_of_iterations());
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
  cost.memory = shape_.memory + Real(size * p * (tiles + 1)) + Real(real_size * (p * (limbs + 1) + 6 * own));
  for (const Index rows : shape_.rows)
    cost.memory +=
        Real(real_size * shape_.row_numbers * Partition(0, ranks, rows, run_.tile).most_local_particles());
  return cost;
}

}  // namespace weir
