#include "CouplingModel.hpp"

#include <algorithm>

#include "StepTimer.hpp"
#include "weir/ensemble/PairSum.hpp"

namespace weir {

namespace {

constexpr Index real_size = Index(sizeof(Real)), most_measured = 1000;
/// Bytes that the network simplex takes for a pair of points.
constexpr Real simplex_memory = 75;

}  // namespace

CouplingModel::CouplingModel(const LearnEnergiesOptions& options, const LearningShape& shape,
                             const RunOptions& run)
    : options_(options), shape_(shape), run_(run) {
  if (!whole()) parts_ = coupling_parts(options.coupling, shape.train);
}

void CouplingModel::measure(const Communicator& comm) {
  Index n = std::min(shape_.largest(), 2 * most_measured), m = n;
  if (!whole()) {
    const auto largest = std::max_element(parts_.begin(), parts_.end(),
                                          [](const auto& a, const auto& b) { return a.x * a.y < b.x * b.y; });
    const Real scale = std::min(Real(1), Real(most_measured) / Real(std::max(largest->x, largest->y)));
    n = std::max(Index(2), Index(scale * Real(largest->x)));
    m = std::max(Index(2), Index(scale * Real(largest->y)));
  }
  CouplingOptions coupling = options_.coupling;
  coupling.batch = std::max(n, m);
  const Real seconds = slowest(comm, [&] {
    const Populations small = small_populations(options_, shape_.dimension, n, m, run_);
    return shortest_time([&] {
      const auto coupled =
          couple_populations(coupling, small.train, CoupledAt::current, run_.single_precision());
      iterations_ = std::max(Index(1), coupled.front().iterations);
    });
  });
  pair_ = seconds / (Real(n) * Real(m));
}

StepCost CouplingModel::at(int ranks) const {
  StepCost cost;
  cost.memory = shape_.memory(run_, ranks);
  whole() ? add_sinkhorn(cost, ranks) : add_parts(cost, ranks);
  return cost;
}

/// Parts go round the ranks; their points come to whoever couples them, and results go back.
void CouplingModel::add_parts(StepCost& cost, int ranks) const {
  std::vector<Real> seconds(std::size_t(std::min(Index(ranks), Index(parts_.size()))), 0);
  const Index record = 2 * Index(sizeof(Index)) + shape_.dimension * real_size;
  Real largest = 0;
  Traffic& traffic = cost.traffic["coupling"];
  traffic.calls = 4;  // to and fro, and agreement on both outcomes
  for (std::size_t j = 0; j < parts_.size(); ++j) {
    const Real pairs = Real(parts_[j].x) * Real(parts_[j].y);
    seconds[j % seconds.size()] += pair_ * pairs;
    cost.even_seconds += pair_ * pairs / ranks;
    largest = std::max(largest, pairs);
    traffic.bytes +=
        (parts_[j].x + parts_[j].y) * record + std::max(parts_[j].x, parts_[j].y) * (record + 2 * real_size);
  }
  traffic.bytes = Index(Real(traffic.bytes) * (1 - 1 / Real(ranks)));  // what stays is no message
  traffic.passing = Real(traffic.bytes) / ranks;
  cost.other_seconds = *std::max_element(seconds.begin(), seconds.end());
  cost.tiles = Index(parts_.size());
  cost.memory += 2 * traffic.passing;  // on their way out and in
  const auto is_unequal = [](const CouplingPart& part) { return part.x != part.y; };
  if (options_.coupling.method == "network_simplex" || std::any_of(parts_.begin(), parts_.end(), is_unequal))
    cost.memory += simplex_memory * largest;
}

/// An iteration takes every pair twice, and sends both clouds with their potentials round.
void CouplingModel::add_sinkhorn(StepCost& cost, int ranks) const {
  const Index number = run_.single_precision() ? Index(sizeof(float)) : real_size,
              stride = shape_.dimension + 1;
  for (Index k = 0; k < shape_.transitions(); ++k) {
    for (const Index size : {shape_.train[k], shape_.train[k + 1]}) {
      const Partition partition(0, ranks, size, run_.tile);
      cost.broadcasts += iterations_ * Traffic{count_source_blocks(partition), size * stride * number,
                                               Real(size * stride * number)};
      cost.memory += Real(4 * real_size * partition.most_local_particles());
    }
    const Partition targets(0, ranks, shape_.train[k], run_.tile);
    const Real sources = Real(shape_.train[k + 1]);
    cost.pair_seconds += pair_ * sources * Real(targets.most_local_particles());
    cost.even_seconds += pair_ * sources * Real(shape_.train[k]) / ranks;
    cost.tiles = std::max(cost.tiles, targets.tiles());
  }
}

}  // namespace weir
