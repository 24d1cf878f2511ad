#include "methods/latent_diffusion/training/DiffusionTrainingCost.hpp"

#include <algorithm>

#include "weir/networks/MlpFlops.hpp"
#include "weir/performance/RuleTraffic.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

Index parameters_of(const MlpShape& shape) {
  return Mlp<Real>(shape).parameters();
}

}  // namespace

DiffusionTrainingCost::DiffusionTrainingCost(const LatentDiffusionOptions& options, DiffusionParts parts,
                                             Index rows, Index components, const RunOptions& run)
    : options_(options),
      parts_(parts),
      rows_(rows),
      components_(components),
      run_(run),
      has_score_(options.prior.diffusion() && parts != DiffusionParts::without_prior),
      decoder_(options.decoder.parameters(options.latent.dimension, components)) {
  const Index q = options.latent.dimension;
  if (has_score_) score_ = score_shape(*options.prior.diffusion(), q);
  if (options.amortised())
    posterior_ = AmortisedPosterior<Real>::shape_of(options.train.posterior, components, q);
}

Index DiffusionTrainingCost::iterations_per_epoch() const {
  return Batches({rows(1).tiles()}, strata(), run_.seed).per_epoch();
}

/// On this rank alone: what tiles hold does not matter.
Real DiffusionTrainingCost::seconds_of_iteration(Index tiles) const {
  const Communicator self(MPI_COMM_SELF);
  const Index per_tile = rows_per_tile(options_, run_.tile);
  LatentDiffusionOptions options = options_;
  options.train.batch = tiles * per_tile;
  const Ensemble some(self, tiles * per_tile, components_, per_tile);
  fill_normals(some.x, Random(run_.seed, Stream::initial_ensemble), 0, 0);
  if (options.latent.dimension > std::min(components_, some.particles())) options.latent.start = "noise";
  const auto flow = make_diffusion_training(options, parts_, some, run_, 0);
  Stage stage(training_steps(1000000, run_), *flow, options.where + ".train");
  flow->initialise(BlockViews(*flow->layout(), stage.state().vec()));
  return shortest_step(stage);
}

void DiffusionTrainingCost::measure(const Communicator& comm) {
  const Index many = std::min(std::max(strata(), Index(2)), Index(8));
  const Real one = slowest(comm, [&] { return seconds_of_iteration(1); });
  const Real all = slowest(comm, [&] { return seconds_of_iteration(many); });
  tile_ = std::max(Real(0), all - one) / Real(many - 1);
  step_ = std::max(Real(0), one - tile_);
}

Real DiffusionTrainingCost::busiest_tiles(int ranks) const {
  return Batches({rows(ranks).tiles()}, strata(), run_.seed).busiest_tiles(ranks);
}

/// What LatentDiffusionFlow asks of networks for each particle of a batch, in all evaluations of an
/// iteration: one of all blocks (`together`), or one of each in turn; more sub-steps ask for the force alone.
Index DiffusionTrainingCost::flops_of_particle() const {
  const DecoderFlops decoder = flops_of(options_.decoder, options_.latent.dimension, components_);
  const bool amortised = options_.amortised(), moves = moves_latents();
  const auto ask = [&](bool forced, bool learns_decoder, bool learns_prior) {
    Index flops = 0;
    if (moves && (forced || learns_decoder)) flops += decoder.value + decoder.vjp(learns_decoder, forced);
    if (!has_score_ || !(forced || learns_prior)) return flops;
    const MlpFlops score(score_);
    const bool by_bound = options_.prior.diffusion()->force == "dsm";
    if (learns_prior || by_bound)
      flops +=
          options_.prior.diffusion()->draws * (score.value + score.vjp(learns_prior, forced && by_bound));
    if (forced && !by_bound) flops += score.value;
    return flops;
  };
  Index flops = 0;
  if (amortised) {
    const MlpFlops posterior(posterior_);
    flops += posterior.value + (moves ? posterior.value + posterior.vjp(true, false) : 0);
  }
  if (moves && !amortised) flops += (options_.train.latents.substeps - 1) * ask(true, false, false);
  if (options_.train.order == "together") return flops + ask(moves, moves, has_score_);
  return flops + (moves ? ask(true, false, false) + ask(false, true, false) : 0) +
         ask(false, false, has_score_);
}

Cost DiffusionTrainingCost::at(int ranks) const {
  const Index q = options_.latent.dimension;
  const bool amortised = options_.amortised(), moves = moves_latents(), single = run_.single_precision();
  const auto tiles = Batches({rows(1).tiles()}, strata(), run_.seed).tiles_of_batches();
  Cost cost;
  Traffic velocity, rules, around;  // around: begin_step and end_step
  const auto learn = [&](Index parameters, const ParameterRuleChoice& rule) {
    velocity += gathering_parameters(parameters, single);
    velocity += gradient_sum(ranks, parameters, single, tiles);
    rules += traffic_of_rule(rule_of(rule), 1, ranks);
  };
  if (moves) learn(decoder_, options_.train.decoder.rule);
  if (has_score_) learn(parameters_of(score_), options_.train.prior.rule);
  if (amortised) {
    around += gathering(parameters_of(posterior_) * real_size);
    if (moves) learn(parameters_of(posterior_), options_.train.posterior.rule);
  } else if (moves) {
    rules += traffic_of_rule(rule_of(options_.train.latents.rule), q, ranks);
  }
  if (has_score_ && options_.prior.diffusion()->standardise) around += exact_sum(ranks, 2 * q);
  if (options_.decoder.noise.is_word() && moves) around += exact_sum(ranks, 2);
  cost.traffic["velocity"] = velocity;
  cost.traffic["rules"] = rules;
  cost.traffic["solver"] = around;
  cost.traffic["check"] =
      reduction(ranks, (3 + Index(has_score_)) * real_size);  // Stage::Solver::check_finite

  const Real share = Real(rows_) * Real(options_.latent.particles) / Real(iterations_per_epoch());
  cost.flops = share * Real(flops_of_particle());
  cost.moves = moves && !amortised ? share * Real(options_.train.latents.substeps) : 0;
  cost.other_seconds = tile_ * busiest_tiles(ranks);
  cost.even_seconds = tile_ * busiest_tiles(1) / ranks;
  cost.serial_seconds = step_;
  cost.tiles = strata();
  cost.memory = memory(ranks);
  return cost;
}

/// Rows; latents, their velocity and what their rule keeps; parameters, their gradients and limbs; tapes.
Real DiffusionTrainingCost::memory(int ranks) const {
  const Index q = options_.latent.dimension,
              size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  const Index most_rows = rows(ranks).most_local_particles(), n = most_rows * options_.latent.particles;
  const Index slots = std::min(strata(), (rows(ranks).tiles() + ranks - 1) / ranks);
  const Index columns = rows_per_tile(options_, run_.tile) * options_.latent.particles;
  const Index limbs = gradient_limbs(run_.single_precision());
  const bool remembers = std::holds_alternative<UnderdampedLangevinOptions>(options_.train.latents.rule.rule);
  Real bytes = Real(real_size) * Real(most_rows * components_ + n * q * (2 + Index(remembers)));
  const auto add = [&](Index p, Index numbers) {
    const Index own = Partition(0, ranks, p, parameter_chunk).most_local_particles();
    bytes += Real(size * (p * (slots + 1) + columns * numbers) + real_size * (p * (limbs + 2) + 6 * own));
  };
  const auto add_network = [&](const MlpShape& shape) {
    Index widths = shape.inputs + shape.outputs;
    for (const Index width : shape.hidden) widths += 5 * width;
    add(parameters_of(shape), widths);
  };
  if (options_.decoder.images()) {
    Index numbers = components_;
    for (const auto& layer : options_.decoder.image_shape(q, components_, "").layers())
      numbers += 3 * layer.numbers();
    add(decoder_, numbers);
  } else {
    add_network(options_.decoder.shape(q, components_));
  }
  if (has_score_) add_network(score_);
  if (options_.amortised()) add_network(posterior_);
  return bytes;
}

}  // namespace weir
