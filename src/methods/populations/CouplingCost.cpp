#include "methods/populations/CouplingCost.hpp"

#include <algorithm>

#include "weir/ensemble/PairSum.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

constexpr Index most_measured = 1000;
/// Bytes that the network simplex takes for a pair of points.
constexpr Real simplex_memory = 75;

}  // namespace

CouplingCost::CouplingCost(const CouplingOptions& options, Index dimension, std::vector<Round> rounds,
                           Sample sample, Memory held, const RunOptions& run, CouplingKeeps keeps)
    : options_(options),
      dimension_(dimension),
      run_(run),
      rounds_(std::move(rounds)),
      sample_(std::move(sample)),
      keeps_(keeps),
      held_(std::move(held)) {
  if (whole()) return;
  for (const Round& round : rounds_) parts_.push_back(coupling_parts(options, round));
}

void CouplingCost::measure(const Communicator& comm) {
  Index n = 0, m = 0;
  if (whole()) {
    for (const Round& round : rounds_) n = std::max(n, *std::max_element(round.begin(), round.end()));
    n = m = std::min(n, 2 * most_measured);
  } else {
    CouplingPart largest{};
    for (const auto& parts : parts_)
      for (const CouplingPart& part : parts)
        if (part.x * part.y > largest.x * largest.y) largest = part;
    const Real scale = std::min(Real(1), Real(most_measured) / Real(std::max(largest.x, largest.y)));
    n = std::max(Index(2), Index(scale * Real(largest.x)));
    m = std::max(Index(2), Index(scale * Real(largest.y)));
  }
  CouplingOptions coupling = options_;
  coupling.batch = std::max(n, m);
  const Real seconds = slowest(comm, [&] {
    const std::vector<Ensemble> small = sample_(n, m);
    return shortest_time([&] {
      const auto coupled = couple_populations(coupling, small, CoupledAt::current, run_.single_precision());
      iterations_ = std::max(Index(1), coupled.front().iterations);
    });
  });
  pair_ = seconds / (Real(n) * Real(m));
}

Cost CouplingCost::at(int ranks) const {
  Cost cost;
  cost.memory = held_(ranks);
  if (whole())
    for (const Round& round : rounds_) add_sinkhorn(round, cost, ranks);
  for (const auto& parts : parts_) add_parts(parts, cost, ranks);
  return cost;
}

/// Parts go round the ranks; their points come to whoever couples them, and results go back.
void CouplingCost::add_parts(const std::vector<CouplingPart>& parts, Cost& cost, int ranks) const {
  std::vector<Real> seconds(std::size_t(std::min(Index(ranks), Index(parts.size()))), 0);
  const Index record = 2 * Index(sizeof(Index)) + dimension_ * real_size;
  Real largest = 0;
  Traffic traffic{4, 0, 0};  // to and fro, and agreement on both outcomes
  for (std::size_t j = 0; j < parts.size(); ++j) {
    const Real pairs = Real(parts[j].x) * Real(parts[j].y);
    seconds[j % seconds.size()] += pair_ * pairs;
    cost.even_seconds += pair_ * pairs / ranks;
    largest = std::max(largest, pairs);
    traffic.bytes +=
        (parts[j].x + parts[j].y) * record + std::max(parts[j].x, parts[j].y) * (record + 2 * real_size);
    if (keeps_ == CouplingKeeps::partners)  // every entry of a plan goes to both its ends
      traffic.bytes += 2 * (parts[j].x + parts[j].y - 1) * (record + 2 * real_size);
  }
  if (keeps_ == CouplingKeeps::partners) traffic.calls += 1;
  traffic.bytes = Index(Real(traffic.bytes) * (1 - 1 / Real(ranks)));  // what stays is no message
  traffic.passing = Real(traffic.bytes) / ranks;
  cost.traffic["coupling"] += traffic;
  cost.other_seconds += *std::max_element(seconds.begin(), seconds.end());
  cost.tiles = std::max(cost.tiles, Index(parts.size()));
  Real memory = 2 * traffic.passing;  // on their way out and in
  const auto is_unequal = [](const CouplingPart& part) { return part.x != part.y; };
  if (options_.method == "network_simplex" || std::any_of(parts.begin(), parts.end(), is_unequal))
    memory += simplex_memory * largest;
  cost.memory = std::max(cost.memory, held_(ranks) + memory);
}

/// One pair of populations after the other. An iteration takes every pair of points twice, and sends both
/// clouds with their potentials round.
void CouplingCost::add_sinkhorn(const Round& round, Cost& cost, int ranks) const {
  const Index number = run_.single_precision() ? Index(sizeof(float)) : real_size, stride = dimension_ + 1;
  for (std::size_t k = 0; k + 1 < round.size(); ++k) {
    Real memory = 0;
    for (const Index size : {round[k], round[k + 1]}) {
      const Partition partition(0, ranks, size, run_.tile);
      cost.broadcasts += iterations_ * Traffic{count_source_blocks(partition), size * stride * number,
                                               Real(size * stride * number)};
      memory += Real(4 * real_size * partition.most_local_particles());
    }
    cost.memory = std::max(cost.memory, held_(ranks) + memory);
    const Partition targets(0, ranks, round[k], run_.tile);
    const Real sources = Real(round[k + 1]);
    cost.pairs += 2 * Real(iterations_) * sources * Real(round[k]);
    cost.pair_seconds += pair_ * sources * Real(targets.most_local_particles());
    cost.even_seconds += pair_ * sources * Real(round[k]) / ranks;
    cost.tiles = std::max(cost.tiles, targets.tiles());
  }
}

}  // namespace weir
