#include "SimulationModel.hpp"

#include <algorithm>

#include "StepTimer.hpp"
#include "weir/base/Error.hpp"
#include "weir/energies/Interaction.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/methods/Simulation.hpp"

namespace weir {

namespace {

constexpr Index real_size = Index(sizeof(Real));

/// Entropy by the blob flow and powers: FreeEnergy makes a BlobEnergy of each.
Index count_blobs(const EnergyOptions& energy) {
  return Index(energy.entropy.by == "blob" && energy.entropy.coefficient > 0) +
         Index(energy.power.has_value());
}

/// The same energy without what goes through pairs.
EnergyOptions without_pairs(EnergyOptions energy) {
  auto& terms = energy.interaction;
  terms.erase(std::remove_if(
                  terms.begin(), terms.end(),
                  [](const InteractionOptions& term) { return route_of(term) == InteractionRoute::pairs; }),
              terms.end());
  energy.power.reset();
  if (energy.entropy.by == "blob") energy.entropy.coefficient = 0;
  return energy;
}

/// Seconds of a step with so many particles, on this rank alone.
Real seconds_of_step(SimulateOptions options, RunOptions run, Index particles, Index dimension) {
  if (std::holds_alternative<FileEnsembleOptions>(options.initial.law)) options.initial.law = NormalOptions();
  options.initial.particles = particles;
  options.initial.dimension = dimension;
  options.time.end = options.time.start + 1e6 * options.time.step;
  Simulation simulation(options, Communicator(MPI_COMM_SELF), run);
  return shortest_step(simulation.stage());
}

}  // namespace

SimulationModel::SimulationModel(const SimulateOptions& options, const Communicator& comm,
                                 const RunOptions& run)
    : options_(options), run_(run) {
  check();
  comm.agree([&] { shape_ = shape_of(options.initial); });
  list_terms();
}

void SimulationModel::check() const {
  if (!is_langevin(options_.time.scheme))
    throw InputError(options_.time.where + ".scheme",
                     fmt::format("--estimate does not cover {}, whose steps PETSc makes; it covers langevin, "
                                 "leimkuhler_matthews and tamed_langevin",
                                 options_.time.scheme));
  if (!options_.energy.learned.empty())
    throw InputError(options_.energy.where + ".learned", "--estimate does not cover learned energies");
}

void SimulationModel::list_terms() {
  const Index d = shape_.dimension, size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  for (const auto& term : options_.energy.interaction) switch (route_of(term)) {
      case InteractionRoute::mean:  // QuadraticInteraction: Moments::mean
        sum_lengths_.push_back(d);
        break;
      case InteractionRoute::moments:  // QuarticInteraction::find_moments: mean, covariance, third and fourth
        sum_lengths_.insert(sum_lengths_.end(), {d, d * (d + 1) / 2, d + 1});
        break;
      case InteractionRoute::pairs:  // PairInteraction
        pair_terms_.push_back({d, may_be_single(term) ? size : real_size});
    }
  for (Index blob = 0; blob < count_blobs(options_.energy);
       ++blob) {  // BlobEnergy: density, then its weights
    pair_terms_.push_back({d, size});
    pair_terms_.push_back({d + 1, size});
  }
}

/// T(n) = step + n particle + n^2 pair, from three sizes: the pairs are left out of the first two.
void SimulationModel::measure(const Communicator& comm) {
  const Index d = shape_.dimension, few = std::min(shape_.particles, run_.tile);
  const Index many = std::min(shape_.particles, std::max(8 * few, (Index(1) << 18) / d));
  SimulateOptions local = options_;
  local.energy = without_pairs(options_.energy);
  comm.barrier();
  const Real small = comm.max(seconds_of_step(local, run_, few, d));
  comm.barrier();
  const Real large = comm.max(seconds_of_step(local, run_, many, d));
  particle_ = many > few ? std::max(Real(0), (large - small) / Real(many - few)) : small / Real(few);
  step_ = std::max(Real(0), small - particle_ * Real(few));
  if (pair_terms_.empty()) return;
  const Index n = std::min(shape_.particles, Index(4096));
  comm.barrier();
  const Real paired = comm.max(seconds_of_step(options_, run_, n, d));
  pair_ = std::max(Real(0), paired - step_ - particle_ * Real(n)) /
          (Real(n) * Real(n) * Real(pair_terms_.size()));
}

Traffic SimulationModel::sums(Index ranks) const {
  Traffic traffic;
  for (const Index length : sum_lengths_) traffic += exact_sum(ranks, length);
  return traffic;
}

StepCost SimulationModel::at(int ranks) const {
  const Partition partition(0, ranks, shape_.particles, run_.tile);
  const Real all = Real(shape_.particles), busiest = Real(partition.most_local_particles());
  StepCost cost;
  cost.traffic["velocity"] = sums(ranks);
  cost.traffic["check"] = reduction(ranks, real_size);  // Stage::Solver::check_finite
  for (const PairTerm& term : pair_terms_) {            // SourceBlocks::post
    const Index bytes = shape_.particles * term.stride * term.number_size;
    cost.broadcasts += {count_source_blocks(partition), bytes, Real(bytes)};
    cost.pairs += all * all;
    cost.pair_seconds += pair_ * all * busiest;
  }
  cost.other_seconds = particle_ * busiest;
  cost.serial_seconds = step_;
  cost.even_seconds = (cost.pair_seconds + cost.other_seconds) * all / (busiest * Real(ranks));
  cost.memory = memory_of(partition);
  cost.tiles = partition.tiles();
  return cost;
}

Real SimulationModel::memory_of(const Partition& partition) const {
  const Index d = shape_.dimension, n = partition.most_local_particles();
  const Index tiles = (partition.tiles() + partition.ranks() - 1) / partition.ranks();
  const Index noises = options_.time.scheme == "leimkuhler_matthews" ? 2 : 1;
  Index numbers = 3 * d * n;                 // at the start: Ensemble, State, velocity
  numbers += (d + d * (d + 1) / 2) * tiles;  // the moments of the metrics
  for (const Index length : sum_lengths_) numbers += length * tiles;  // TileSum
  for (const auto& term : options_.energy.interaction)
    if (route_of(term) == InteractionRoute::pairs) numbers += (d + 1) * n + tiles;
  numbers += count_blobs(options_.energy) * ((2 * d + 2) * n + tiles);
  Real bytes = Real(numbers * real_size);
  bytes += Real(noises * d * LangevinRule::noise_at_a_time(n) *
                (run_.single_precision() ? Index(sizeof(float)) : real_size));
  for (const PairTerm& term : pair_terms_)
    bytes += Real(source_blocks_memory(partition, term.stride, term.number_size));
  return bytes;
}

}  // namespace weir
