#include "methods/simulate/SimulateCost.hpp"

#include <algorithm>

#include "methods/simulate/Simulation.hpp"
#include "weir/base/Error.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

/// Entropy by the blob flow and powers: FreeEnergy makes a BlobEnergy of each.
Index count_blobs(const EnergyOptions& energy) {
  return Index(energy.entropy.by == "blob" && energy.entropy.coefficient > 0) +
         Index(energy.power.has_value());
}

/// The same energy without what goes through pairs.
EnergyOptions without_pairs(EnergyOptions energy) {
  auto& terms = energy.interaction;
  terms.erase(
      std::remove_if(terms.begin(), terms.end(), [](const auto& term) { return through_pairs(term); }),
      terms.end());
  energy.power.reset();
  if (energy.entropy.by == "blob") energy.entropy.coefficient = 0;
  return energy;
}

/// With so many particles, on this rank alone.
std::unique_ptr<Simulation> small_simulation(SimulateOptions options, const RunOptions& run, Index particles,
                                             Index dimension) {
  if (std::holds_alternative<FileEnsembleOptions>(options.initial.law)) options.initial.law = NormalOptions();
  options.initial.particles = particles;
  options.initial.dimension = dimension;
  options.time.end = options.time.start + 1e6 * options.time.step;
  return std::make_unique<Simulation>(options, Communicator(MPI_COMM_SELF), run);
}

Real seconds_of_step(const SimulateOptions& options, const RunOptions& run, Index particles,
                     Index dimension) {
  return shortest_step(small_simulation(options, run, particles, dimension)->stage());
}

/// To the nearest number.
Index mean(Index sum, Index count) {
  return (2 * sum + count) / (2 * count);
}

}  // namespace

SimulateCost::SimulateCost(const SimulateOptions& options, const Communicator& comm, const RunOptions& run)
    : options_(options), run_(run) {
  comm.agree([&] { shape_ = shape_of(options_.initial); });
  list_terms(comm);
  if (!is_langevin(options_.time.scheme)) comm.agree([&] { count_solver(); });
}

void SimulateCost::list_terms(const Communicator& comm) {
  const Index d = shape_.dimension, size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  for (const auto& term : options_.energy.interaction) {
    if (through_pairs(term)) pair_terms_.push_back({d, size});
    add_sums(moment_sums(term, d));
  }
  for (Index blob = 0; blob < count_blobs(options_.energy);
       ++blob) {  // BlobEnergy: density, then its weights
    pair_terms_.push_back({d, size});
    pair_terms_.push_back({d + 1, size});
  }
  if (options_.energy.learned)
    list_learned(read_learned_energy(*options_.energy.learned, comm, d, options_.energy.where + ".learned"));
}

void SimulateCost::add_sums(const std::vector<Index>& lengths) {
  sum_lengths_.insert(sum_lengths_.end(), lengths.begin(), lengths.end());
}

/// LearnedInteraction is in double precision, a network in that of the run; potentials send nothing.
void SimulateCost::list_learned(const LearnedEnergy& energy) {
  const bool single = energy.interaction_network && run_.single_precision();
  learned_pairs_ =
      energy.interaction_network || (energy.interaction && through_pairs(energy.interaction->basis));
  if (energy.interaction && !learned_pairs_) add_sums(moment_sums(energy.interaction->basis));
  if (learned_pairs_)
    pair_terms_.push_back(
        {shape_.dimension, single ? Index(sizeof(float)) : real_size, !energy.interaction_network});
  if (energy.entropy.empty() || options_.energy.entropy.by != "blob") return;
  learned_blobs_ = 1;
  for (const Index stride : {shape_.dimension, shape_.dimension + 1})  // BlobEnergy
    pair_terms_.push_back({stride, run_.single_precision() ? Index(sizeof(float)) : real_size});
}

/// From a short simulation of a tile of particles on this rank alone.
void SimulateCost::count_solver() {
  constexpr Index from = 2, to = 6;  // steps: the first ones set up
  auto simulation = small_simulation(options_, run_, std::min(shape_.particles, run_.tile), shape_.dimension);
  Phase::forget();
  const auto count = [](Index& velocities, Index& sums) {
    const auto& records = Phase::records();
    const auto of = [&](const char* name) {
      const auto found = records.find(name);
      return found == records.end() ? Phase::Record() : found->second;
    };
    velocities = of("velocity").times;
    sums = counters().calls - of("velocity").counted.calls - of("check").counted.calls;
  };
  Index velocities = 0, sums = 0;
  simulation->stage().run_while([&](const Tick& tick) {
    if (tick.step == from) count(velocities, sums);
    return tick.step < to;
  });
  count(velocities_, vector_sums_);
  velocities_ = mean(velocities_ - velocities, to - from);
  vector_sums_ = mean(vector_sums_ - sums, to - from);
  vectors_ = simulation->stage().vectors();
}

/// T(n) = step + n particle + n^2 pair, from three sizes: the pairs are left out of the first two, or, where
/// they are of a learned energy, the particles' own work counts as theirs.
void SimulateCost::measure(const Communicator& comm) {
  const Index d = shape_.dimension, few = std::min(shape_.particles, run_.tile);
  const auto seconds = [&](const SimulateOptions& options, Index particles) {
    return slowest(comm, [&] { return seconds_of_step(options, run_, particles, d); });
  };
  const Index paired = std::min(shape_.particles, Index(4096));
  if (learned_pairs_ || learned_blobs_ > 0) {
    step_ = seconds(options_, few);
    const Index more = std::max(few, std::min(paired, Index(1024)));
    pair_ = std::max(Real(0), more > few ? seconds(options_, more) - step_ : step_) / pairs_of(more);
    return;
  }
  SimulateOptions local = options_;
  local.energy = without_pairs(options_.energy);
  const Index many = std::min(shape_.particles, std::max(8 * few, (Index(1) << 18) / d));
  const Real small = seconds(local, few), large = seconds(local, many);
  particle_ = many > few ? std::max(Real(0), (large - small) / Real(many - few)) : small / Real(few);
  step_ = std::max(Real(0), small - particle_ * Real(few));
  if (pair_terms_.empty()) return;
  pair_ = std::max(Real(0), seconds(options_, paired) - step_ - particle_ * Real(paired)) / pairs_of(paired);
}

/// That a step of n particles computes.
Real SimulateCost::pairs_of(Index n) const {
  return Real(n) * Real(n) * Real(pair_terms_.size()) * Real(velocities_);
}

Traffic SimulateCost::sums(Index ranks) const {
  Traffic traffic;
  for (const Index length : sum_lengths_) traffic += velocities_ * exact_sum(ranks, length);
  return traffic;
}

Cost SimulateCost::at(int ranks) const {
  const Partition partition(0, ranks, shape_.particles, run_.tile);
  const Real all = Real(shape_.particles), busiest = Real(partition.most_local_particles());
  Cost cost;
  cost.traffic["velocity"] = sums(ranks);
  cost.traffic["check"] = reduction(ranks, real_size);          // Stage::Solver::check_finite
  cost.traffic["solver"] = vector_sums_ * exact_sum(ranks, 1);  // exact_vector_sum
  for (const PairTerm& term : pair_terms_) {                    // SourceBlocks::post
    const Index bytes = shape_.particles * term.stride * term.number_size;
    cost.broadcasts += velocities_ * Traffic{count_source_blocks(partition), Real(bytes), Real(bytes)};
    if (term.counted) cost.pairs += Real(velocities_) * all * all;
    cost.pair_seconds += Real(velocities_) * pair_ * all * busiest;
  }
  cost.other_seconds = particle_ * busiest;
  cost.serial_seconds = step_;
  cost.even_seconds = (cost.pair_seconds + cost.other_seconds) * all / (busiest * Real(ranks));
  cost.memory = memory_of(partition);
  cost.tiles = partition.tiles();
  return cost;
}

Real SimulateCost::memory_of(const Partition& partition) const {
  const Index d = shape_.dimension, n = partition.most_local_particles();
  const Index tiles = (partition.tiles() + partition.ranks() - 1) / partition.ranks();
  Index numbers = (1 + vectors_) * d * n;    // at the start: Ensemble; State, velocity, PETSc's own
  numbers += (d + d * (d + 1) / 2) * tiles;  // the moments of the metrics
  for (const Index length : sum_lengths_) numbers += length * tiles;  // TileSum
  for (const auto& term : options_.energy.interaction)
    if (through_pairs(term)) numbers += (d + 1) * n + tiles;
  numbers += (count_blobs(options_.energy) + learned_blobs_) * ((2 * d + 2) * n + tiles);
  if (learned_pairs_) numbers += (d + 1) * n + tiles;
  Real bytes = Real(numbers * real_size);
  for (const PairTerm& term : pair_terms_)
    bytes += Real(source_blocks_memory(partition, term.stride, term.number_size));
  return bytes;
}

}  // namespace weir
