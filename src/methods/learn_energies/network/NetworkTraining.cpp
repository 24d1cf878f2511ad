#include "methods/learn_energies/network/NetworkTraining.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

/// With an interaction a batch is of one population; else transitions are mixed, in the order of the tiles'
/// relative places, so that strata lie on few ranks.
std::vector<std::vector<TrainingTile>> grouped(const std::vector<Transition>& transitions, bool apart) {
  std::vector<std::vector<TrainingTile>> groups(apart ? transitions.size() : 1);
  for (std::size_t k = 0; k < transitions.size(); ++k)
    for (Index tile = 0; tile < transitions[k].at.partition.tiles(); ++tile)
      groups[apart ? k : 0].push_back({Index(k), tile});
  const auto place = [&](const TrainingTile& s) {
    return (2 * Real(s.tile) + 1) / Real(transitions[s.transition].at.partition.tiles());
  };
  for (auto& group : groups)
    std::stable_sort(group.begin(), group.end(),
                     [&](const TrainingTile& a, const TrainingTile& b) { return place(a) < place(b); });
  return groups;
}

std::vector<Index> sizes_of(const std::vector<std::vector<TrainingTile>>& groups) {
  std::vector<Index> sizes;
  for (const auto& group : groups) sizes.push_back(Index(group.size()));
  return sizes;
}

}  // namespace

template <class T>
NetworkTraining<T>::NetworkTraining(const NetworkModelOptions& options, const std::vector<Real>& times,
                                    const std::vector<Transition>& transitions, const Communicator& comm,
                                    const RunOptions& run)
    : options_(options),
      times_(times.begin(), times.begin() + Index(transitions.size())),
      transitions_(transitions),
      comm_(comm),
      seed_(run.seed),
      d_(transitions.front().at.components()),
      tile_(transitions.front().at.partition.tile_size()),
      tiles_(grouped(transitions, options.interaction.has_value())),
      batches_(sizes_of(tiles_), strata_of(options.train.batch, tile_), run.seed),
      parameters_(comm, run.seed) {
  if (options.potential) {
    const MlpShape shape = options.potential->shape_in(d_);
    potential_.emplace(shape);
    potential_tape_.emplace(*potential_, tile_, Purpose::mixed);
    potential_number_ = parameters_.add_network(shape, 0);
  }
  if (options.interaction) {
    const MlpShape shape = options.interaction->shape(d_, 1);
    interaction_.emplace(comm, shape, options.interaction->statistic == "u", batches_.strata(), tile_);
    interaction_number_ = parameters_.add_network(shape, 1);
  }
  if (options.entropy) beta_number_ = parameters_.add_scalar(0, ScalarGradient::of_tiles);
  parameters_.allocate(batches_.strata());
  layout_ = std::make_shared<Layout>(
      comm, std::vector<Block>{parameters_.block("parameters", rule_of(options.train.rule))});
  for (const auto& transition : transitions_)
    WEIR_CHECK(!options.entropy || Index(transition.scores.extent(0)) == d_, "scores of {} components",
               transition.scores.extent(0));
  allocate_workspace();
  compute_unexplained();
}

template <class T>
void NetworkTraining<T>::allocate_workspace() {
  const Index inputs = potential_ ? potential_->shape().inputs : d_;
  batch_tiles_.resize(batches_.strata());
  x_ = Matrix<T>("Weir::NetworkTraining::x", inputs, tile_);
  slope_ = Matrix<T>("Weir::NetworkTraining::slope", inputs, tile_);
  u_ = Matrix<T>("Weir::NetworkTraining::u", inputs, tile_);
  force_ = Matrix<Real>("Weir::NetworkTraining::force", d_, tile_);
  Index tiles = 0;
  for (const auto& group : tiles_) tiles += Index(group.size());
  squares_ = Matrix<Real>("Weir::NetworkTraining::squares", 1, tiles);
}

/// sum over transitions of E |(y - x) - E[y - x | z]|^2
template <class T>
void NetworkTraining<T>::compute_unexplained() {
  for (const auto& transition : transitions_) {
    const auto mass = transition.coupled.mass, variance = transition.coupled.variance;
    TileSum sum(comm_, transition.at.partition, 1);
    unexplained_ += sum(
        "Weir::NetworkTraining::unexplained", "the variance of a coupling",
        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i) partial[0] += mass(i) * variance(i);
        })[0];
  }
}

template <class T>
void NetworkTraining<T>::initialise(const MatrixRef<Real>& parameters) const {
  parameters_.initialise(parameters);
}

template <class T>
void NetworkTraining<T>::velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                                  const VectorRef<Real>&) {
  parameters_.gather(x, 0);
  visit_batch(2 * Real(batches_.per_epoch()) / Real(transitions_.size()));
  parameters_.sum_gradients(used_, "the gradient of the energy's parameters", v[0]);
}

template <class T>
Real NetworkTraining<T>::loss(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  used_ = 0;
  for (Index i = 0; i < batches_.per_epoch(); ++i) {
    batches_.draw(i, batch_);
    visit_batch(0);
  }
  ExactSum sum(comm_, 1);
  Real square = 0;
  sum(MatrixRef<const Real>(squares_.data(), 1, used_), &square, "the loss");
  return (square + unexplained_) / Real(transitions_.size());
}

template <class T>
LearnedEnergy NetworkTraining<T>::energy(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  LearnedEnergy energy;
  energy.dimension = d_;
  energy.times = times_;
  if (potential_) energy.potential_network = parameters_.stored(potential_number_);
  if (interaction_) energy.interaction_network = parameters_.stored(interaction_number_);
  if (options_.entropy) energy.entropy = {parameters_.scalar(beta_number_)};
  return energy;
}

template <class T>
void NetworkTraining<T>::visit_batch(Real scale) {
  if (scale > 0) used_ = 0;
  if (interaction_) {
    for (Index slot = 0; slot < batches_.strata(); ++slot)
      batch_tiles_[slot] = batch_.tiles[slot] < 0 ? -1 : tiles_[batch_.group][batch_.tiles[slot]].tile;
    const Ensemble& at = transitions_[batch_.group].at;
    interaction_->gather(at.partition, at.x, batch_tiles_);
  }
  for (Index slot = 0; slot < batches_.strata(); ++slot) {
    if (batch_.tiles[slot] < 0) continue;
    const TrainingTile& wanted = tiles_[batch_.group][batch_.tiles[slot]];
    const LocalTiles local = transitions_[wanted.transition].at.partition.local();
    const Index place = wanted.tile - local.first_tile;
    if (place >= 0 && place < local.tiles) visit_tile(wanted.transition, local[place], slot, scale);
  }
}

template <class T>
void NetworkTraining<T>::visit_tile(Index k, const Tile& tile, Index slot, Real scale) {
  Kokkos::deep_copy(force_, 0);
  if (potential_) add_potential_force(k, tile);
  if (interaction_)
    interaction_->add_force(interaction_->in_batch(slot), parameters_.network(interaction_number_), force_);
  find_residual(k, tile, scale);
  if (scale > 0) add_gradient(slot, tile.count);
  if (scale > 0) counters().particle_steps += tile.count;
  ++used_;
}

/// The gradients of <u_, force> with respect to the networks' parameters.
template <class T>
void NetworkTraining<T>::add_gradient(Index slot, Index count) {
  const auto u = first_columns(u_, count);
  if (potential_)
    potential_->mixed(parameters_.network(potential_number_), u, *potential_tape_,
                      parameters_.gradient(used_, potential_number_));
  if (interaction_)
    interaction_->gradient(interaction_->in_batch(slot), parameters_.network(interaction_number_), u,
                           {parameters_.gradient(used_, interaction_number_)});
}

/// force_ += grad V; what it leaves on the tape the gradient with respect to the parameters needs.
template <class T>
void NetworkTraining<T>::add_potential_force(Index k, const Tile& tile) {
  const auto x = transitions_[k].at.x;
  const auto force = force_;
  const auto inputs = x_, slope = slope_;
  const Index d = d_;
  const bool timed = Index(x_.extent(0)) > d;
  const T t = T(times_[k]);
  Kokkos::parallel_for(
      "Weir::NetworkTraining::inputs", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) inputs(c, i) = T(x(c, tile.first + i));
        if (timed) inputs(d, i) = t;
      });
  Kokkos::fence();
  potential_->input_gradient(parameters_.network(potential_number_), first_columns(x_, tile.count),
                             *potential_tape_, first_columns(slope_, tile.count));
  Kokkos::parallel_for(
      "Weir::NetworkTraining::potential_force", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) force(c, i) += Real(slope(c, i));
      });
}

/// residual = tau (force + beta score) + displacement; u = scale mass tau residual, whose product with the
/// force's derivatives is the gradient; squares_ gets the tile's sum of mass |residual|^2.
template <class T>
void NetworkTraining<T>::find_residual(Index k, const Tile& tile, Real scale) {
  const auto displacement = transitions_[k].coupled.displacement;
  const auto mass = transitions_[k].coupled.mass;
  const auto scores = transitions_[k].scores, force = force_, squares = squares_;
  const auto u = u_;
  const auto theta_bar = parameters_.gradient(scale > 0 ? used_ : 0);
  const Real tau = transitions_[k].tau;
  const bool entropy = options_.entropy, timed = Index(u_.extent(0)) > d_;
  const Index d = d_, used = used_, place = entropy ? parameters_.place_of_scalar(beta_number_) : 0;
  const Real beta = entropy ? Real(T(parameters_.scalar(beta_number_))) : 0;  // as kernels see it
  Kokkos::parallel_for(
      "Weir::NetworkTraining::residual", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        const Index particle = tile.first + i;
        for (Index c = 0; c < d; ++c) {
          const Real entropic = entropy ? beta * scores(c, particle) : 0;
          force(c, i) = tau * (force(c, i) + entropic) + displacement(c, particle);
          u(c, i) = T(scale * mass(particle) * tau * force(c, i));
        }
        if (timed) u(d, i) = 0;
      });
  Kokkos::parallel_for(
      "Weir::NetworkTraining::square", Range(0, 1), KOKKOS_LAMBDA(Index) {
        Real square = 0, slope = 0;
        for (Index i = 0; i < tile.count; ++i)
          for (Index c = 0; c < d; ++c) {
            square += mass(tile.first + i) * force(c, i) * force(c, i);
            if (entropy) slope += Real(u(c, i)) * scores(c, tile.first + i);
          }
        squares(0, used) = square;
        if (entropy && scale > 0) theta_bar(place) = T(slope);
      });
  Kokkos::fence();
}

template class NetworkTraining<float>;
template class NetworkTraining<double>;

std::unique_ptr<EnergyTraining> make_energy_training(const NetworkModelOptions& options,
                                                     const std::vector<Real>& times,
                                                     const std::vector<Transition>& transitions,
                                                     const Communicator& comm, const RunOptions& run) {
  if (run.single_precision())
    return std::make_unique<NetworkTraining<float>>(options, times, transitions, comm, run);
  return std::make_unique<NetworkTraining<double>>(options, times, transitions, comm, run);
}

}  // namespace weir
