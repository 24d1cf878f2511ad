#include "methods/generative/ChainStepCost.hpp"

#include <algorithm>

#include "weir/parallel/Partition.hpp"
#include "weir/performance/RuleTraffic.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

void ChainStepCost::measure(const Communicator& comm) {
  const Index rows = std::min(shape_.rows, std::max(Index(1), 4 * run_.tile / shape_.replicas));
  row_ = slowest(comm, [&] { return seconds_(rows); }) / Real(rows);
}

Cost ChainStepCost::at(int ranks) const {
  const Partition chains(0, ranks, shape_.rows, run_.tile, shape_.replicas);
  const Real all = Real(chains.particles()), most = Real(chains.most_local_particles());
  Cost cost;
  cost.traffic["check"] = reduction(ranks, shape_.blocks * real_size);
  cost.traffic["rules"] = traffic_of_rule(shape_.rule, shape_.components, ranks);
  cost.flops = all * shape_.flops;
  cost.moves = all * Real(shape_.moves);
  cost.other_seconds = row_ * most / Real(shape_.replicas);
  cost.even_seconds = row_ * Real(shape_.rows) / ranks;
  cost.tiles = chains.tiles();
  cost.memory = Real(real_size) * most * shape_.numbers;
  return cost;
}

}  // namespace weir
