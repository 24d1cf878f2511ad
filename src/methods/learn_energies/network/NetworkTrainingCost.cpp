#include "methods/learn_energies/network/NetworkTrainingCost.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "methods/populations/PopulationScores.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/networks/TileGradient.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

NetworkTrainingCost::NetworkTrainingCost(const LearnEnergiesOptions& options, const LearningShape& shape,
                                         const RunOptions& run)
    : options_(options), run_(run), shape_(shape) {
  const auto& model = network();
  if (model.potential) parameters_ += Mlp<Real>(model.potential->shape_in(shape.dimension)).parameters();
  if (model.interaction) parameters_ += Mlp<Real>(model.interaction->shape(shape.dimension, 1)).parameters();
  parameters_ += Index(model.entropy);
  strata_ = strata_of(model.train.batch, run_.tile);
}

const NetworkModelOptions& NetworkTrainingCost::network() const {
  return std::get<NetworkModelOptions>(options_.model.kind);
}

/// Times an iteration over so many tiles, on this rank alone: what a tile holds does not matter.
Real NetworkTrainingCost::seconds_of_iteration(Index tiles) const {
  const Communicator self(MPI_COMM_SELF);
  NetworkModelOptions model = network();
  model.train.batch = tiles * run_.tile;
  const Ensemble ensemble(self, tiles * run_.tile, shape_.dimension, run_.tile);
  fill_normals(ensemble.x, Random(run_.seed, Stream::initial_ensemble), 0, 0);
  const CoupledEnsemble coupled = at_rest(ensemble);
  std::vector<Transition> transitions{{ensemble, coupled, 1}};
  if (model.entropy) transitions.front().scores = scores_at(options_.density, ensemble, run_.seed);
  const auto training = make_energy_training(model, {0, 1}, transitions, self, run_);
  Stage stage(training_steps(1000000, run_), *training, model.where);
  training->initialise(BlockViews(*training->layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

/// T(tiles) = step + tiles tile, from two batches. With an interaction a tile meets all tiles of its batch:
/// tile is then proportional to their number.
void NetworkTrainingCost::measure(const Communicator& comm) {
  const Index many = std::min(std::max(strata_, Index(2)), Index(network().interaction ? 4 : 16));
  const Real one = slowest(comm, [&] { return seconds_of_iteration(1); });
  const Real all = slowest(comm, [&] { return seconds_of_iteration(many); });
  const Index units = network().interaction ? many * many : many;
  tile_ = std::max(Real(0), all - one) / Real(units - 1);
  step_ = std::max(Real(0), one - tile_);
  if (network().interaction) tile_ *= Real(strata_);
}

/// Tiles that batches are drawn from: of each transition with an interaction, else of all together.
std::vector<Index> NetworkTrainingCost::group_tiles(int ranks) const {
  const Index offset = network().features_at == "next" ? 1 : 0;
  std::vector<Index> tiles;
  for (Index k = 0; k < shape_.transitions(); ++k)
    tiles.push_back(Partition(0, ranks, shape_.train[k + offset], run_.tile).tiles());
  if (network().interaction) return tiles;
  return {std::accumulate(tiles.begin(), tiles.end(), Index(0))};
}

/// A transition's tiles lie on ranks as their places in the order of `grouped`, which mixes transitions, say.
Real NetworkTrainingCost::busiest_tiles(int ranks) const {
  return Batches(group_tiles(ranks), strata_, run_.seed).busiest_tiles(ranks);
}

Cost NetworkTrainingCost::at(int ranks) const {
  Cost cost;
  const bool single = run_.single_precision();
  cost.traffic["velocity"] = gathering_parameters(parameters_, single, network().entropy);
  if (network().interaction)  // BatchInteraction::gather
    cost.traffic["velocity"] += gathering(strata_ * run_.tile * shape_.dimension * real_size);
  const auto tiles = Batches(group_tiles(ranks), strata_, run_.seed).tiles_of_batches();
  cost.traffic["velocity"] += gradient_sum(ranks, parameters_, single, tiles);
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
Real NetworkTrainingCost::memory_of(int ranks) const {
  const Index p = parameters_, own = Partition(0, ranks, p, parameter_chunk).most_local_particles();
  const Index size = run_.single_precision() ? Index(sizeof(float)) : real_size;
  const Index limbs = gradient_limbs(run_.single_precision());
  Real bytes = shape_.memory(run_, ranks);
  bytes += Real(size * p * (strata_ + 1));                 // a gradient each tile; theta
  bytes += Real(real_size * (p * (limbs + 1) + 6 * own));  // Gather, limbs; states and what Adam keeps
  Index widths = 0;
  if (network().potential)
    for (const Index width : network().potential->hidden) widths += width;
  if (network().interaction)
    for (const Index width : network().interaction->hidden) widths += 2 * width;  // both signs of r
  return bytes + Real(size * run_.tile * 7 * widths);                             // MlpTape
}

}  // namespace weir
