#include "methods/latent_ebm/training/EbmTrainingCost.hpp"

#include <algorithm>
#include <cmath>

#include "weir/networks/MlpFlops.hpp"
#include "weir/performance/RuleTraffic.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

Index evaluations_of(const RuleOptions& rule, Index moves) {
  return std::holds_alternative<MalaOptions>(rule) ? moves + 1 : moves;
}

EnergyFlops::EnergyFlops(const LatentEnergyOptions& options, const EnergyShape& shape) {
  const MlpFlops network(network_shape(options, shape));
  value = network.value;
  slope = network.value + network.vjp(false, true);
  parameters = network.value + network.vjp(true, false);
}

EbmTrainingCost::EbmTrainingCost(const LatentEbmOptions& options, Index rows, Index components,
                                 const RunOptions& run)
    : options_(options), shape_{components, options.latent_dimension()}, rows_(rows), run_(run) {}

/// On this rank alone: what tiles hold does not matter.
Real EbmTrainingCost::seconds_of_iteration(Index batch_tiles, Index pool_tiles) const {
  const Communicator self(MPI_COMM_SELF);
  const Index per_tile = rows_per_tile(options_, run_.tile);
  LatentEbmOptions options = options_;
  options.train.batch = batch_tiles * per_tile;
  options.train.negatives.particles = pool_tiles * run_.tile;
  const Ensemble some(self, batch_tiles * per_tile, shape_.data, per_tile);
  fill_normals(some.x, Random(run_.seed, Stream::initial_ensemble), 0, 0);
  const auto flow =
      make_ebm_training(options, some, std::vector<Real>(std::size_t(shape_.data), 0.1), run_, 0);
  SteppingOptions stepping = training_steps(1000000, run_);
  stepping.order = StepOrder::in_turn;
  Stage stage(stepping, *flow, options.where + ".train");
  flow->initialise(BlockViews(*flow->layout(), stage.state().vec()));
  return shortest_step(stage);
}

void EbmTrainingCost::measure(const Communicator& comm) {
  constexpr Index many = 4;
  const auto seconds = [&](Index batch_tiles, Index pool_tiles) {
    return slowest(comm, [&] { return seconds_of_iteration(batch_tiles, pool_tiles); });
  };
  const Real one = seconds(1, 1);
  batch_tile_ = std::max(Real(0), seconds(many, 1) - one) / Real(many - 1);
  pool_tile_ = std::max(Real(0), seconds(1, many) - one) / Real(many - 1);
  step_ = std::max(Real(0), one - batch_tile_ - pool_tile_);
}

Cost EbmTrainingCost::at(int ranks) const {
  const bool amortised = options_.posterior == "amortised", moving = shape_.latent > 0 && !amortised;
  const MlpShape network = network_shape(options_.energy, shape_);
  const Index p = Mlp<Real>(network).parameters();
  const bool single = run_.single_precision();
  const Batches batches({rows(1).tiles()}, strata(), run_.seed);
  const Partition negatives(0, ranks, options_.train.negatives.particles, run_.tile);
  const RuleOptions of_latents = rule_of(options_.train.latents.rule),
                    of_pool = rule_of(options_.train.negatives.rule);
  const EnergyFlops energy(options_.energy, shape_);
  Cost cost;
  Traffic velocity = gathering_parameters(p, single), rules;
  std::vector<Index> of_data = batches.tiles_of_batches(), tiles = of_data;
  for (Index& number : tiles) number += negatives.tiles();
  velocity += gradient_sum(ranks, p, single, tiles);
  rules += traffic_of_rule(of_pool, shape_.components(), ranks);
  rules += traffic_of_rule(rule_of(options_.train.parameters.rule), 1, ranks);
  if (moving) rules += traffic_of_rule(of_latents, shape_.latent, ranks);
  Index of_datum = energy.parameters;  // flops of a datum's particle
  if (moving) of_datum += evaluations_of(of_latents, options_.train.latents.substeps) * energy.slope;
  if (amortised) {
    const MlpShape shape =
        AmortisedPosterior<Real>::shape_of(options_.train.posterior, shape_.data, shape_.latent);
    const MlpFlops posterior(shape);
    const Index q = Mlp<Real>(shape).parameters();
    velocity += gathering_parameters(q, single);
    velocity += gradient_sum(ranks, q, single, of_data);
    rules += traffic_of_rule(rule_of(options_.train.posterior.rule), 1, ranks);
    of_datum += energy.slope + posterior.value + posterior.vjp(true, false);
  }
  cost.traffic["velocity"] = velocity;
  cost.traffic["rules"] = rules;
  if (options_.train.negatives.restart) cost.traffic["solver"] = gathering(p * real_size);  // begin_step
  const Index blocks = 2 + Index(shape_.latent > 0);
  cost.traffic["check"] = reduction(ranks, blocks * real_size);  // Stage::Solver::check_finite

  const Real share = Real(rows_ * replicas()) / Real(batches.per_epoch());
  const Real pool = Real(options_.train.negatives.particles);
  const Index pool_moves = options_.train.negatives.substeps;
  cost.flops = share * Real(of_datum) +
               pool * Real(evaluations_of(of_pool, pool_moves) * energy.slope + energy.parameters);
  cost.moves = share * Real(moving ? options_.train.latents.substeps : 0) + pool * Real(pool_moves);
  const Real own = std::ceil(Real(negatives.tiles()) / ranks);
  cost.other_seconds = batch_tile_ * batches.busiest_tiles(ranks) + pool_tile_ * own;
  cost.even_seconds = (batch_tile_ * batches.busiest_tiles(1) + pool_tile_ * Real(negatives.tiles())) / ranks;
  cost.serial_seconds = step_;
  cost.tiles = std::min(strata(), negatives.tiles());
  cost.memory = memory(ranks);
  return cost;
}

/// Rows in the precision of the run and in that of files; latents and the pool with velocities, proposals and
/// what the rule keeps; parameters, their gradients and limbs; a tape.
Real EbmTrainingCost::memory(int ranks) const {
  const Index size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  const Index most_rows = rows(ranks).most_local_particles();
  const Partition pool(0, ranks, options_.train.negatives.particles, run_.tile);
  const Index most_pool = pool.most_local_particles();
  const MlpShape network = network_shape(options_.energy, shape_);
  const Index p = Mlp<Real>(network).parameters(), limbs = gradient_limbs(run_.single_precision());
  const Index own = Partition(0, ranks, p, parameter_chunk).most_local_particles();
  const Index slots =
      std::min(strata(), (rows(ranks).tiles() + ranks - 1) / ranks) + (pool.tiles() + ranks - 1) / ranks;
  Index widths = network.inputs + network.outputs;
  for (const Index width : network.hidden) widths += 5 * width;
  const Real particles = Real(most_rows * replicas() * (4 * shape_.latent + 2) +
                              most_pool * (4 * shape_.components() + shape_.data + 2));
  return Real(real_size) * (particles + Real(most_rows * shape_.data)) +
         Real(size * (most_rows * shape_.data + p * (slots + 1) + run_.tile * widths)) +
         Real(real_size * (p * (limbs + 2) + 6 * own));
}

}  // namespace weir
