#include "methods/learn_energies/trajectory/TrajectoryTrainingCost.hpp"

#include <algorithm>

#include "methods/learn_energies/trajectory/ResidualTraining.hpp"
#include "methods/learn_energies/trajectory/TrajectoryFit.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

/// The same without what particles do to each other.
TrajectoryModelOptions alone(TrajectoryModelOptions model) {
  model.entropy.reset();
  model.train_entropy = false;
  model.interaction.reset();
  return model;
}

}  // namespace

TrajectoryTrainingCost::TrajectoryTrainingCost(const LearnEnergiesOptions& options,
                                               const LearningShape& shape, const RunOptions& run)
    : model_(std::get<TrajectoryModelOptions>(options.model.kind)),
      run_(run),
      shape_(shape),
      grid_(shape.times, model_.steps),
      number_size_(run.single_precision() ? Index(sizeof(float)) : real_size) {
  const Index d = shape.dimension;
  check_trajectory(model_, options.coupling, shape.train, d);
  if (model_.potential) potential_parameters_ = Mlp<Real>(model_.potential->shape_in(d)).parameters();
  if (model_.interaction) interaction_parameters_ = Mlp<Real>(model_.interaction->shape(d, 1)).parameters();
}

Partition TrajectoryTrainingCost::particles(int ranks) const {
  return {0, ranks, start_size(model_, shape_.train), run_.tile};
}

/// On this rank alone, with so many data in every snapshot: their values do not matter.
Real TrajectoryTrainingCost::seconds_of_iteration(const TrajectoryModelOptions& model, Index particles,
                                                  Index data) const {
  const Communicator self(MPI_COMM_SELF);
  std::vector<Ensemble> snapshots;
  for (std::size_t k = 0; k < shape_.times.size(); ++k) {
    snapshots.emplace_back(self, data, shape_.dimension, run_.tile);
    fill_normals(snapshots.back().x, Random(run_.seed, Stream::initial_ensemble, int(k)), 0, 0);
  }
  const Partition partition(self, particles, run_.tile);
  const auto training = make_trajectory_training(model, grid_, snapshots, partition, run_);
  Stage stage(training_steps(1000000, run_), *training, model.where);
  const BlockViews blocks(*training->layout(), stage.state().vec());
  fill_normals(blocks[TrajectoryTraining::trajectory], Random(run_.seed, Stream::initial_ensemble), 0, 0);
  training->initialise(blocks[TrajectoryTraining::parameters]);
  return shortest_step(stage);
}

/// T(n, m) = step + n particle + n m snapshots likelihood, and what n particles do to each other at every
/// knot.
void TrajectoryTrainingCost::measure(const Communicator& comm) {
  const auto seconds = [&](const TrajectoryModelOptions& model, Index particles, Index data) {
    return slowest(comm, [&] { return seconds_of_iteration(model, particles, data); });
  };
  const TrajectoryModelOptions base = alone(model_);
  const Index few = run_.tile, many = 4 * few, data = 16 * few;
  const Real n = Real(few), small = seconds(base, few, few), large = seconds(base, many, few);
  const Real more_data = seconds(base, many, data), pairs = Real(many * (data - few) * shape_.times.size());
  of_likelihood_ = std::max(Real(0), more_data - large) / pairs;
  const Real likelihood = of_likelihood_ * n * Real(shape_.times.size());  // of a particle here
  particle_ = std::max(Real(0), (large - small) / (3 * n) - likelihood);
  step_ = std::max(Real(0), small - n * (particle_ + likelihood));
  const auto of_pair = [&](Real with, Real without, Index particles) {
    return std::max(Real(0), with - without) / Real(particles * particles * grid_.knots());
  };
  if (model_.entropy) {
    TrajectoryModelOptions scored = model_;
    scored.interaction.reset();
    of_score_ = of_pair(seconds(scored, many, few), large, many);
  }
  if (model_.interaction) {
    TrajectoryModelOptions meeting = base;
    meeting.interaction = model_.interaction;
    of_interaction_ = of_pair(seconds(meeting, few, few), small, few);
  }
}

Traffic TrajectoryTrainingCost::broadcast(const Partition& sources, Index stride) const {
  const Index bytes = sources.particles() * stride * number_size_;
  return {count_source_blocks(sources), Real(bytes), Real(bytes)};
}

/// TrajectoryLikelihood: a snapshot's data look at all particles, and these at the data.
void TrajectoryTrainingCost::add_likelihood(Cost& cost, int ranks) const {
  const Index d = shape_.dimension;
  const Partition own = particles(ranks);
  const Real here = Real(own.most_local_particles()), all = Real(own.particles());
  for (const Index size : shape_.train) {
    const Partition data(0, ranks, size, run_.tile);
    cost.broadcasts += broadcast(own, d);
    cost.broadcasts += broadcast(data, d + 1);
    cost.traffic["velocity"] += exact_sum(ranks, 2);
    cost.pairs += 2 * all * Real(size);
    cost.pair_seconds += of_likelihood_ / 2 * (Real(data.most_local_particles()) * all + here * Real(size));
    cost.even_seconds += of_likelihood_ * all * Real(size) / ranks;
  }
}

/// TrajectoryScore, knot by knot: densities, the adjoint of their gradients, and what the blob method adds to
/// both; TrajectoryReference.
void TrajectoryTrainingCost::add_score(Cost& cost, int ranks) const {
  const Index d = shape_.dimension, knots = grid_.knots();
  const bool blob = model_.score == "blob";
  const Partition own = particles(ranks);
  const Real all = Real(own.particles());
  std::vector<Index> strides{d, 2 * d + 2};
  if (blob) strides.insert(strides.end(), {d + 1, 2 * d});
  for (const Index stride : strides) cost.broadcasts += knots * broadcast(own, stride);
  cost.traffic["velocity"] += knots * exact_sum(ranks, 2);
  if (model_.potential) cost.traffic["velocity"] += exact_sum(ranks, 1);
  cost.pairs += Real(knots) * Real(strides.size()) * all * all;
  cost.pair_seconds += of_score_ * Real(knots) * all * Real(own.most_local_particles());
  cost.even_seconds += of_score_ * Real(knots) * all * all / ranks;
}

/// TrajectoryInteraction: at every knot sources are gathered for the force and for its gradient, which comes
/// back to them.
void TrajectoryTrainingCost::add_interaction(Cost& cost, int ranks) const {
  const Partition own = particles(ranks);
  const Index drawn = drawn_tiles(model_.interaction->sources, own), slots = gathered_tiles(own);
  const Index gatherings = grid_.knots() * ((drawn + slots - 1) / slots);
  const Index numbers = slots * run_.tile * shape_.dimension;
  cost.traffic["velocity"] += 2 * gatherings * gathering(numbers * real_size);
  cost.traffic["velocity"] += gatherings * exact_sum(ranks, numbers);
  const Real sources = Real(std::min(drawn * run_.tile, own.particles())) * Real(grid_.knots());
  cost.other_seconds += of_interaction_ * sources * Real(own.most_local_particles());
  cost.even_seconds += of_interaction_ * sources * Real(own.particles()) / ranks;
}

Cost TrajectoryTrainingCost::at(int ranks) const {
  const Index networks = potential_parameters_ + interaction_parameters_;
  const Partition own = particles(ranks);
  Cost cost;
  cost.other_seconds = particle_ * Real(own.most_local_particles());
  cost.even_seconds = particle_ * Real(own.particles()) / ranks;
  cost.serial_seconds = step_;
  const Index unknowns = networks + 1 + Index(model_.train_entropy);
  cost.traffic["velocity"] = gathering_parameters(unknowns, run_.single_precision(), true);
  if (networks > 0)
    cost.traffic["velocity"] += gradient_sum(ranks, networks, run_.single_precision(), {own.tiles()});
  add_likelihood(cost, ranks);
  if (model_.entropy) add_score(cost, ranks);
  if (model_.interaction) add_interaction(cost, ranks);
  cost.traffic["check"] = reduction(ranks, 2 * real_size);  // Stage::Solver::check_finite
  for (const auto* choice : {&model_.train.particles, &model_.train.rule})
    if (std::get<ParameterRuleOptions>(choice->rule).clip)
      cost.traffic["rules"] += exact_sum(ranks, 1);  // ParameterRule::clipping
  cost.memory = memory(ranks);
  cost.tiles = own.tiles();
  return cost;
}

/// Snapshots, their blurred copies, sums and weights, and what is as long as
/// the trajectory or the parameters.
Real TrajectoryTrainingCost::memory(int ranks) const {
  const Partition own = particles(ranks);
  const Index d = shape_.dimension, knots = grid_.knots(), n = own.most_local_particles();
  const Index tiles = (own.tiles() + ranks - 1) / ranks,
              networks = potential_parameters_ + interaction_parameters_;
  const bool more = model_.entropy || model_.interaction;
  Index numbers = d * knots * n * (4 + 2 * Index(more));  // state, velocity, Adam's two; the field's two
  numbers += 2 * d * n;                                   // TrajectoryLikelihood's points and slopes
  Real bytes = shape_.memory(run_, ranks);
  for (const Index size : shape_.train) {
    const Partition data(0, ranks, size, run_.tile);
    numbers += (d + 3) * data.most_local_particles();
    bytes +=
        Real(source_blocks_memory(own, d, number_size_) + source_blocks_memory(data, d + 1, number_size_));
  }
  if (model_.entropy) {
    numbers += n * ((d + 1) * knots + 12 * d + 12);
    bytes += Real(4 * source_blocks_memory(own, 2 * d, number_size_));
  }
  if (model_.interaction) numbers += d * gathered_tiles(own) * run_.tile * (tiles + 8);
  bytes += Real(number_size_ * networks * (tiles + 1) + real_size * networks * 11);
  Index widths = 0;
  if (model_.potential)
    for (const Index width : model_.potential->hidden) widths += width;
  if (model_.interaction)
    for (const Index width : model_.interaction->hidden)  // BatchInteraction's MlpTape, both signs of r
      bytes += Real(number_size_ * 7 * width * 2 * run_.tile);
  return bytes + Real(real_size * numbers) +
         Real(number_size_ * 7 * widths * panel_particles(own, knots) * knots);
}

}  // namespace weir
