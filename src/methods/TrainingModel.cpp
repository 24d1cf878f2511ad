#include "TrainingModel.hpp"

#include <algorithm>
#include <set>

#include "StepTimer.hpp"
#include "TrainingRun.hpp"
#include "weir/base/Error.hpp"
#include "weir/methods/Batches.hpp"
#include "weir/methods/Simulation.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

namespace {

constexpr Index real_size = Index(sizeof(Real));

/// Seconds of an iteration over `tiles` tiles, on this rank alone: what a tile holds does not matter.
Real seconds_of_iteration(NetworkModelOptions options, const RunOptions& run, Index tiles, Index dimension) {
  const Communicator self(MPI_COMM_SELF);
  options.train.batch = tiles * run.tile;
  const Ensemble ensemble(self, tiles * run.tile, dimension, run.tile);
  fill_normals(ensemble.x, Random(run.seed, Stream::initial_ensemble), 0, 0);
  CoupledEnsemble coupled;
  coupled.displacement = Matrix<Real>("Weir::TrainingModel::displacement", dimension, tiles * run.tile);
  coupled.mass = Vector<Real>("Weir::TrainingModel::mass", tiles * run.tile);
  coupled.variance = Vector<Real>("Weir::TrainingModel::variance", tiles * run.tile);
  Kokkos::deep_copy(coupled.mass, 1 / Real(tiles * run.tile));
  const std::vector<Transition> transitions{{ensemble, coupled, 1, nullptr}};
  const auto training = make_energy_training(options, {0, 1}, transitions, self, run);
  Stage stage(training_steps(1000000, run, {options.train.rule}), *training, options.where);
  training->initialise(BlockViews(*training->layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

}  // namespace

TrainingModel::TrainingModel(const LearnEnergiesOptions& options, const RunOptions& run)
    : options_(options), run_(run) {
  check();
  count();
}

const NetworkModelOptions& TrainingModel::network() const {
  return std::get<NetworkModelOptions>(options_.model.kind);
}

void TrainingModel::check() const {
  const auto refuse = [&](const std::string& key, const std::string& what) {
    throw InputError(options_.where + key,
                     fmt::format("--estimate does not cover {}; of learn_energies it covers the training of "
                                 "a network potential alone, on simulated populations",
                                 what));
  };
  if (!std::holds_alternative<SimulatedPopulations>(options_.populations.source))
    refuse(".populations", "populations from a file");
  if (!std::holds_alternative<NetworkModelOptions>(options_.model.kind)) refuse(".model", "linear models");
  if (network().interaction) refuse(".model.network.interaction", "network interactions");
  if (network().entropy) refuse(".model.network.entropy", "an entropy that is learned");
}

void TrainingModel::count() {
  const auto& simulated = std::get<SimulatedPopulations>(options_.populations.source);
  const std::set<Index> left_out(options_.leave_out.begin(), options_.leave_out.end());
  shape_ = weir::shape_of(simulated.initial);
  populations_ = count_steps(stepping(simulated.time, run_)) + 1;
  transitions_ = populations_ - Index(left_out.size()) - 1;
  if (transitions_ < 1)
    throw InputError(options_.where + ".leave_out", "leaves fewer than 2 populations to learn from");
  train_ = train_size(shape_.particles, options_.split);
  parameters_ = Mlp<Real>(network().potential->shape_in(shape_.dimension)).parameters();
  strata_ = std::max(Index(1), (network().train.batch + run_.tile / 2) / run_.tile);  // NetworkTraining
}

/// T(tiles) = step + tiles tile, from two batches.
void TrainingModel::measure(const Communicator& comm) {
  const Index many = std::min(std::max(strata_, Index(2)), Index(16));
  comm.barrier();
  const Real one = comm.max(seconds_of_iteration(network(), run_, 1, shape_.dimension));
  comm.barrier();
  const Real all = comm.max(seconds_of_iteration(network(), run_, many, shape_.dimension));
  tile_ = std::max(Real(0), all - one) / Real(many - 1);
  step_ = std::max(Real(0), one - tile_);
}

/// Mean over some batches of the most tiles of a batch that one rank has. A transition's tiles lie on ranks
/// as their places in the order of `grouped`, which mixes transitions, say.
Real TrainingModel::busiest_tiles(int ranks) const {
  constexpr Index draws = 64;
  const Index tiles = transitions_ * Partition(0, ranks, train_, run_.tile).tiles();
  const Batches batches({tiles}, strata_, run_.seed);
  Batches::Batch batch;
  std::map<Index, Index> of_rank;
  Real sum = 0;
  for (Index draw = 0; draw < draws; ++draw) {
    batches.draw(draw, batch);
    of_rank.clear();
    Index most = 0;
    for (const Index tile : batch.tiles)
      if (tile >= 0) most = std::max(most, ++of_rank[Index(Real(tile) / Real(tiles) * ranks)]);
    sum += Real(most) / draws;
  }
  return sum;
}

StepCost TrainingModel::at(int ranks) const {
  const Index limbs = run_.single_precision() ? 2 : 3;  // TileGradient
  StepCost cost;
  cost.traffic["velocity"] = gathering(parameters_ * real_size);  // NetworkTraining::take_parameters
  cost.traffic["velocity"] += exact_sum(ranks, parameters_, limbs);
  cost.traffic["check"] = reduction(ranks, real_size);  // Stage::Solver::check_finite
  if (std::get<ParameterRuleOptions>(network().train.rule.rule).clip)
    cost.traffic["rules"] = exact_sum(ranks, 1);  // ParameterRule::clipping
  cost.other_seconds = tile_ * busiest_tiles(ranks);
  cost.even_seconds = tile_ * busiest_tiles(1) / ranks;
  cost.serial_seconds = step_;
  cost.memory = memory_of(ranks);
  cost.tiles = strata_;
  return cost;
}

/// While the network is trained: populations, couplings and what is as long as the parameters.
Real TrainingModel::memory_of(int ranks) const {
  const Index d = shape_.dimension, p = parameters_;
  const Index size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  const Index limbs = run_.single_precision() ? 2 : 3;
  const Index train = Partition(0, ranks, train_, run_.tile).most_local_particles();
  const Index test = Partition(0, ranks, shape_.particles - train_, run_.tile).most_local_particles();
  const Index own = Partition(0, ranks, p, Index(256)).most_local_particles();
  Real bytes = Real(real_size * (populations_ * d * (train + test) + transitions_ * (d + 2) * train));
  bytes += Real(size * p * (strata_ + 1));                 // a gradient each tile; theta
  bytes += Real(real_size * (p * (limbs + 2) + 6 * own));  // Gather, limbs, total; states and what Adam keeps
  Index widths = 0;
  for (const Index width : network().potential->hidden) widths += width;
  return bytes + Real(size * run_.tile * 7 * widths);  // MlpTape
}

}  // namespace weir
