#include "methods/populations/CouplingCost.hpp"

#include <algorithm>

#include "methods/populations/ExactCouplings.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

constexpr Index most_measured = 1000;
/// Bytes that the network simplex takes for a pair of points.
constexpr Real simplex_memory = 75;

}  // namespace

CouplingCost::CouplingCost(const CouplingOptions& options, Index dimension, std::vector<Round> rounds,
                           Sample sample, Memory held, const RunOptions& run, CoupledAt at,
                           CouplingKeeps keeps)
    : options_(options),
      dimension_(dimension),
      run_(run),
      rounds_(std::move(rounds)),
      sample_(std::move(sample)),
      at_(at),
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
  for (std::size_t k = 0; k < parts_.size(); ++k) add_parts(rounds_[k], parts_[k], cost, ranks);
  return cost;
}

/// Payload of the part that this rank couples: its points on their way there, results and plan on their way
/// back. What stays on the rank is no message.
Index CouplingCost::count_bytes(const Round& round, const CouplingPart& part, int rank, int ranks) const {
  const std::size_t k = std::size_t(part.k);
  const auto elsewhere = [&](Index rows, Index count) {
    const Partition partition(rank, ranks, rows, run_.tile);
    const PopulationCut cut{rows, part.parts};
    const Index first = cut.first(part.part), begin = partition.first_row(rank),
                end = partition.first_row(rank + 1);
    return count - std::max(Index(0), std::min(first + count, end) - std::max(first, begin));
  };
  const Index point = 2 * Index(sizeof(Index)) + dimension_ * real_size, result = point + 2 * real_size;
  const Index x = elsewhere(round[k], part.x), y = elsewhere(round[k + 1], part.y);
  Index bytes = (x + y) * point + (at_ == CoupledAt::next ? y : x) * result;
  if (keeps_ == CouplingKeeps::moments) return bytes;
  // Every entry goes to both its ends: n of a permutation, else n + m - 1 at most, of which each row has one.
  const Index more = part.x == part.y || ranks == 1 ? 0 : part.x + part.y - 2;
  return bytes + (x + y + more) * result;
}

/// Parts go round the ranks; their points come to whoever couples them, and results go back.
void CouplingCost::add_parts(const Round& round, const std::vector<CouplingPart>& parts, Cost& cost,
                             int ranks) const {
  std::vector<Real> seconds(std::size_t(std::min(Index(ranks), Index(parts.size()))), 0);
  Real largest = 0;
  Traffic traffic;
  for (std::size_t j = 0; j < parts.size(); ++j) {
    const Real pairs = Real(parts[j].x) * Real(parts[j].y);
    seconds[j % seconds.size()] += pair_ * pairs;
    cost.even_seconds += pair_ * pairs / ranks;
    largest = std::max(largest, pairs);
    traffic.bytes += Real(count_bytes(round, parts[j], int(Index(j) % ranks), ranks));
  }
  traffic.passing = traffic.bytes / ranks;
  traffic.calls = keeps_ == CouplingKeeps::partners ? 3 : 2;  // points, results, plans
  Real memory = 2 * traffic.passing;                          // on their way out and in
  traffic += reduction(ranks, real_size);                     // whether all went well
  traffic += reduction(ranks, Index(parts.size()) * CouplingPieces::known_numbers * real_size);
  cost.traffic["coupling"] += traffic;
  cost.other_seconds += *std::max_element(seconds.begin(), seconds.end());
  cost.tiles = std::max(cost.tiles, Index(parts.size()));
  const auto is_unequal = [](const CouplingPart& part) { return part.x != part.y; };
  if (options_.method == "network_simplex" || std::any_of(parts.begin(), parts.end(), is_unequal))
    memory += simplex_memory * largest;
  cost.memory = std::max(cost.memory, held_(ranks) + memory);
}

/// One pair of populations after the other. An iteration takes every pair of points twice, and sends both
/// clouds with their potentials round; ranks say what was lost and add up how far marginals are off, twice
/// where the iteration is relaxed, which is not counted, and with growth the masses.
void CouplingCost::add_sinkhorn(const Round& round, Cost& cost, int ranks) const {
  const Index number = run_.single_precision() ? Index(sizeof(float)) : real_size, stride = dimension_ + 1;
  for (std::size_t k = 0; k + 1 < round.size(); ++k) {
    Real memory = 0;
    for (const Index size : {round[k], round[k + 1]}) {
      const Partition partition(0, ranks, size, run_.tile);
      cost.broadcasts += iterations_ * Traffic{count_source_blocks(partition), Real(size * stride * number),
                                               Real(size * stride * number)};
      memory += Real(4 * real_size * partition.most_local_particles());
    }
    const Traffic sums = (options_.growth ? 3 : 1) * exact_sum(ranks, 1);
    Traffic agreed = 2 * reduction(ranks, Index(sizeof(Index)));
    agreed += sums;
    cost.traffic["coupling"] += iterations_ * agreed;
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
