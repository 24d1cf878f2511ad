#include "methods/schroedinger_bridge/cost/BridgeStepCost.hpp"

#include <algorithm>

#include "weir/ensemble/PairSum.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

constexpr Index measured_particles = 1024, measured_rows = 4096;

}  // namespace

void BridgeStepCost::measure(const Communicator& comm) {
  const Index particles = std::min(shape_.particles, measured_particles),
              rows = std::min(shape_.rows, measured_rows);
  const Real seconds = slowest(comm, [&] { return seconds_(particles, rows); });
  if (rows > 0)
    pair_ = seconds / (Real(particles) * Real(rows));
  else
    particle_ = seconds / Real(particles);
}

Cost BridgeStepCost::at(int ranks) const {
  const Partition particles(0, ranks, shape_.particles, run_.tile);
  const Real most = Real(particles.most_local_particles());
  Cost cost;
  cost.traffic["check"] = reduction(ranks, real_size);
  cost.tiles = particles.tiles();
  cost.moves = Real(shape_.particles);
  cost.flops = cost.moves * Real(shape_.flops);
  cost.memory = Real(real_size) * (most * Real(6 * shape_.components + 4) + Real(shape_.held) / ranks);
  if (shape_.rows == 0) {
    cost.other_seconds = particle_ * most;
    cost.even_seconds = particle_ * Real(shape_.particles) / ranks;
    return cost;
  }
  const Index stride = shape_.components + 1;  // SoftmaxSum: components and heights
  const Index size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  const Partition rows(0, ranks, shape_.rows, run_.tile);
  const Index bytes = shape_.rows * stride * size;
  cost.broadcasts = {count_source_blocks(rows), Real(bytes), Real(bytes)};
  cost.traffic["velocity"] = reduction(ranks, Index(sizeof(Index)));  // SoftmaxSum::finish
  cost.pairs = Real(shape_.particles) * Real(shape_.rows);
  cost.pair_seconds = pair_ * most * Real(shape_.rows);
  cost.even_seconds = pair_ * cost.pairs / ranks;
  cost.memory += Real(source_blocks_memory(rows, stride, size));
  return cost;
}

}  // namespace weir
