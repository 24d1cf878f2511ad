#include "methods/learn_energies/trajectory/ResidualTraining.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

namespace {

constexpr Index panel_columns = 384;  // of a panel, about

template <class T>
std::optional<Mlp<T>> network_of(const TrajectoryModelOptions& options, Index dimension) {
  if (!options.potential) return {};
  return Mlp<T>(options.potential->shape_in(dimension));
}

template <class T>
std::optional<TrajectoryInteraction<T>> interaction_of(const TrajectoryModelOptions& options,
                                                       const Communicator& comm, const Partition& particles,
                                                       Index dimension, Index knots, Index seed) {
  if (!options.interaction) return {};
  return TrajectoryInteraction<T>(*options.interaction, comm, particles, dimension, knots, seed);
}

}  // namespace

Index panel_particles(const Partition& particles, Index knots) {
  return std::min(particles.tile_size(), std::max(Index(1), panel_columns / knots));
}

template <class T>
ResidualTraining<T>::ResidualTraining(const TrajectoryModelOptions& options, const TimeGrid& grid,
                                      const std::vector<Ensemble>& snapshots, const Partition& particles,
                                      const RunOptions& run)
    : options_(options),
      grid_(grid),
      comm_(snapshots.front().comm),
      seed_(run.seed),
      d_(snapshots.front().components()),
      particles_(particles),
      potential_(network_of<T>(options, d_)),
      inputs_of_potential_(potential_ ? potential_->shape().inputs : d_),
      panel_(panel_particles(particles, grid.knots())),
      interaction_(interaction_of<T>(options, comm_, particles, d_, grid.knots(), run.seed)),
      parameters_(comm_, run.seed),
      likelihood_(snapshots, grid.snapshot_knots, particles,
                  options.bandwidth.is_word() ? 0 : options.bandwidth.number, options.blur, run.seed),
      times_("Weir::ResidualTraining::times", grid.knots()),
      inputs_("Weir::ResidualTraining::inputs", inputs_of_potential_, panel_ * grid.knots()),
      slope_("Weir::ResidualTraining::slope", inputs_of_potential_, panel_ * grid.knots()),
      u_("Weir::ResidualTraining::u", inputs_of_potential_, panel_ * grid.knots()),
      hessian_u_("Weir::ResidualTraining::hessian_u", inputs_of_potential_, panel_ * grid.knots()),
      particle_squares_("Weir::ResidualTraining::particle_squares", panel_),
      squares_("Weir::ResidualTraining::squares", 1, particles.local_tiles()),
      sum_(comm_, 1) {
  declare_parameters();
  const auto times = Kokkos::create_mirror_view(times_);
  for (Index j = 0; j < grid.knots(); ++j) times(j) = grid.times[j];
  Kokkos::deep_copy(times_, times);
  interpolate_bandwidths();
  if (potential_) tape_.emplace(*potential_, panel_ * grid.knots(), Purpose::mixed);
  if (options.entropy) {
    beta_ = *options.entropy;
    score_.emplace(comm_, particles, d_, grid.knots(), options.score == "blob");
    if (potential_) reference_.emplace(snapshots, particles, grid.knots());
  }
  if (!options.entropy && !options.interaction) return;
  field_ = Matrix<Real>("Weir::ResidualTraining::field", d_ * grid.knots(), particles.local_particles());
  field_u_ = Matrix<Real>("Weir::ResidualTraining::field_u", d_ * grid.knots(), particles.local_particles());
}

/// Between snapshots bandwidths are interpolated.
template <class T>
void ResidualTraining<T>::interpolate_bandwidths() {
  for (Index k = 0; k + 1 < likelihood_.snapshots(); ++k) {
    const Index first = grid_.snapshot_knots[k], steps = grid_.snapshot_knots[k + 1] - first;
    const Real from = likelihood_.bandwidth(k), to = likelihood_.bandwidth(k + 1);
    for (Index j = 0; j < steps; ++j) first_bandwidths_.push_back(from + Real(j) / Real(steps) * (to - from));
  }
  first_bandwidths_.push_back(likelihood_.bandwidth(likelihood_.snapshots() - 1));
  bandwidths_ = first_bandwidths_;
}

/// [V | W | log(s / s_0) | beta]: the bandwidths' common factor is one at the start.
template <class T>
void ResidualTraining<T>::declare_parameters() {
  if (potential_) potential_number_ = parameters_.add_network(potential_->shape(), 0);
  if (interaction_) interaction_number_ = parameters_.add_network(interaction_->network().shape(), 1);
  factor_number_ = parameters_.add_scalar(0, ScalarGradient::of_whole);
  if (options_.train_entropy)
    beta_number_ = parameters_.add_scalar(*options_.entropy, ScalarGradient::of_whole);
  parameters_.allocate(particles_.local_tiles());
  layout_ = std::make_shared<Layout>(
      comm_,
      std::vector<Block>{{"trajectory", particles_, d_ * grid_.knots(), rule_of(options_.train.particles)},
                         parameters_.block("parameters", rule_of(options_.train.rule))});
}

template <class T>
void ResidualTraining<T>::initialise(const MatrixRef<Real>& local) const {
  parameters_.initialise(local);
}

template <class T>
void ResidualTraining<T>::velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x,
                                   const BlockViews& v, const VectorRef<Real>&) {
  WEIR_CHECK(wanted.has(trajectory) && wanted.has(parameters), "one block without the other");
  const Index iteration = moment.step;
  parameters_.gather(x, parameters);
  use_parameters();
  compute_field(iteration, x[trajectory]);
  const MatrixRef<Real> gradient = v[trajectory];
  const LocalTiles tiles = particles_.local();
  for (Index local = 0; local < tiles.tiles; ++local) visit_tile(tiles[local], x[trajectory], gradient);
  const Real slope = add_field_gradient(iteration, x[trajectory], gradient) +
                     likelihood_.add_gradient(iteration, x[trajectory], log_factor_, gradient);
  parameters_.set_gradient(factor_number_, options_.train_bandwidth ? slope : 0);
  parameters_.sum_gradients(tiles.tiles, "the gradient of the energies' parameters", v[parameters]);

  const Index rows = Index(gradient.extent(0));
  Kokkos::parallel_for(
      "Weir::ResidualTraining::velocity", Range(0, Index(gradient.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < rows; ++c) gradient(c, i) = -gradient(c, i);
      });
}

template <class T>
void ResidualTraining<T>::compute_field(Index iteration, const MatrixRef<const Real>& x) {
  const auto field = field_;
  if (field.extent(0) > 0) Kokkos::deep_copy(field, 0);
  if (score_) {
    const auto scores = (*score_)(x, bandwidths_);
    const Real beta = beta_;
    const Index rows = Index(field.extent(0));
    Kokkos::parallel_for(
        "Weir::ResidualTraining::compute_field", Range(0, Index(field.extent(1))), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < rows; ++c) field(c, i) = beta * scores(c, i);
        });
    Kokkos::fence();
  }
  if (reference_) reference_->add_force(beta_, x, field);
  if (interaction_) interaction_->add_force(iteration, x, parameters_.network(interaction_number_), field);
}

template <class T>
Real ResidualTraining<T>::add_field_gradient(Index iteration, const MatrixRef<const Real>& x,
                                             const MatrixRef<Real>& gradient) {
  Real log_bandwidth = 0;
  if (score_) {
    const auto slopes = score_->add_gradient(x, bandwidths_, field_u_, beta_, gradient);
    log_bandwidth = beta_ * slopes.log_bandwidth;
    const Real of_reference = reference_ ? reference_->add_gradient(beta_, x, field_u_, gradient) : 0;
    if (options_.train_entropy) parameters_.set_gradient(beta_number_, slopes.scale + of_reference);
  }
  if (interaction_)
    interaction_->add_gradient(iteration, x, parameters_.network(interaction_number_), field_u_, gradient,
                               parameters_.tile_gradients(), parameters_.first(interaction_number_));
  return log_bandwidth;
}

template <class T>
TrajectoryTraining::Loss ResidualTraining<T>::loss(const MatrixRef<const Real>& x,
                                                   const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  use_parameters();
  compute_field(0, x);
  const LocalTiles tiles = particles_.local();
  for (Index local = 0; local < tiles.tiles; ++local) visit_tile(tiles[local], x, {});
  Loss loss{};
  sum_(squares_, &loss.residual, "the residual of the trajectory");
  loss.likelihood = likelihood_.value(0, x, log_factor_);
  return loss;
}

template <class T>
LearnedEnergy ResidualTraining<T>::energy(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  LearnedEnergy energy;
  energy.dimension = d_;
  for (std::size_t k = 0; k + 1 < grid_.snapshot_knots.size(); ++k)
    energy.times.push_back(grid_.times[grid_.snapshot_knots[k]]);
  if (potential_) energy.potential_network = parameters_.stored(potential_number_);
  if (interaction_) energy.interaction_network = parameters_.stored(interaction_number_);
  if (!options_.entropy) return energy;
  const Real found = options_.train_entropy ? parameters_.scalar(beta_number_) : *options_.entropy;
  energy.entropy = {found};
  if (reference_) energy.potential = reference_->expansion(found);
  return energy;
}

template <class T>
Real ResidualTraining<T>::bandwidth(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  use_parameters();
  Real sum = 0;
  for (Index knot : grid_.snapshot_knots) sum += bandwidths_[knot];
  return sum / Real(grid_.snapshot_knots.size());
}

template <class T>
void ResidualTraining<T>::use_parameters() {
  log_factor_ = parameters_.scalar(factor_number_);
  if (options_.train_entropy) beta_ = parameters_.scalar(beta_number_);
  for (std::size_t j = 0; j < bandwidths_.size(); ++j)
    bandwidths_[j] = first_bandwidths_[j] * std::exp(log_factor_);
}

template <class T>
void ResidualTraining<T>::visit_tile(const Tile& tile, const MatrixRef<const Real>& x,
                                     const MatrixRef<Real>& gradient) {
  const bool wanted = gradient.data() != nullptr;
  Kokkos::deep_copy(Kokkos::subview(squares_, 0, tile.local), Real(0));
  for (Index begin = 0; begin < tile.count; begin += panel_) {
    const Index first = tile.first + begin, count = std::min(panel_, tile.count - begin);
    const Index columns = count * grid_.knots();
    if (potential_) {
      gather_inputs(first, count, x);
      potential_->input_gradient(parameters_.network(potential_number_), first_columns(inputs_, columns),
                                 *tape_, first_columns(slope_, columns));
    }
    find_residual(tile.local, first, count, x, gradient);
    if (!wanted || !potential_) continue;
    potential_->mixed(parameters_.network(potential_number_), first_columns(u_, columns), *tape_,
                      parameters_.gradient(tile.local, potential_number_), first_columns(hessian_u_, columns),
                      begin > 0);
    add_hessian(first, count, gradient);
  }
}

template <class T>
void ResidualTraining<T>::gather_inputs(Index first, Index count, const MatrixRef<const Real>& x) {
  const auto inputs = inputs_;
  const auto times = times_;
  const Index d = d_, knots = grid_.knots();
  const bool timed = inputs_of_potential_ > d_;
  Kokkos::parallel_for(
      "Weir::ResidualTraining::inputs", Range(0, count), KOKKOS_LAMBDA(Index p) {
        for (Index j = 0; j < knots; ++j) {
          for (Index c = 0; c < d; ++c) inputs(c, p * knots + j) = T(x(d * j + c, first + p));
          if (timed) inputs(d, p * knots + j) = T(times(j));
        }
      });
  Kokkos::fence();
}

/// r_j = x_{j+1} - x_j + h_j v_j; u is the gradient of the residual with respect to g, the sum of slope and
/// field.
template <class T>
void ResidualTraining<T>::find_residual(Index tile, Index first, Index count, const MatrixRef<const Real>& x,
                                        const MatrixRef<Real>& gradient) {
  const auto slope = slope_, u = u_;
  const auto times = times_;
  const auto particle_squares = particle_squares_;
  const auto squares = squares_, field = field_, field_u = field_u_;
  const bool more = field_.extent(0) > 0;
  const Index d = d_, knots = grid_.knots(), inputs = inputs_of_potential_;
  const bool wanted = gradient.data() != nullptr;
  const Real later = options_.residual == "trapezoid" ? 0.5 : 0,
             share = options_.weight / Real(particles_.particles());
  Kokkos::parallel_for(
      "Weir::ResidualTraining::residual", Range(0, count), KOKKOS_LAMBDA(Index p) {
        const Index i = first + p;
        Real square = 0;
        for (Index j = 0; wanted && j < knots; ++j) {
          for (Index c = 0; c < d; ++c) gradient(d * j + c, i) = 0;
          for (Index c = 0; c < inputs; ++c) u(c, p * knots + j) = 0;
        }
        for (Index j = 0; j + 1 < knots; ++j) {
          const Real h = times(j + 1) - times(j), scale = share / h;
          const Index here = p * knots + j;
          for (Index c = 0; c < d; ++c) {
            Real v = (1 - later) * Real(slope(c, here)) + later * Real(slope(c, here + 1));
            if (more) v += (1 - later) * field(d * j + c, i) + later * field(d * (j + 1) + c, i);
            const Real r = x(d * (j + 1) + c, i) - x(d * j + c, i) + h * v;
            square += scale * r * r;
            if (!wanted) continue;
            gradient(d * j + c, i) -= 2 * scale * r;
            gradient(d * (j + 1) + c, i) += 2 * scale * r;
            u(c, here) += T(2 * scale * h * (1 - later) * r);
            u(c, here + 1) += T(2 * scale * h * later * r);
          }
        }
        for (Index j = 0; wanted && more && j < knots; ++j)
          for (Index c = 0; c < d; ++c) field_u(d * j + c, i) = Real(u(c, p * knots + j));
        particle_squares(p) = square;
      });
  Kokkos::parallel_for(
      "Weir::ResidualTraining::square", Range(0, 1), KOKKOS_LAMBDA(Index) {
        for (Index p = 0; p < count; ++p) squares(0, tile) += particle_squares(p);
      });
  Kokkos::fence();
}

template <class T>
void ResidualTraining<T>::add_hessian(Index first, Index count, const MatrixRef<Real>& gradient) {
  const auto hessian_u = hessian_u_;
  const Index d = d_, knots = grid_.knots();
  Kokkos::parallel_for(
      "Weir::ResidualTraining::hessian", Range(0, count), KOKKOS_LAMBDA(Index p) {
        for (Index j = 0; j < knots; ++j)
          for (Index c = 0; c < d; ++c) gradient(d * j + c, first + p) += Real(hessian_u(c, p * knots + j));
      });
  Kokkos::fence();
}

template class ResidualTraining<float>;
template class ResidualTraining<double>;

std::unique_ptr<TrajectoryTraining> make_trajectory_training(const TrajectoryModelOptions& options,
                                                             const TimeGrid& grid,
                                                             const std::vector<Ensemble>& snapshots,
                                                             const Partition& particles,
                                                             const RunOptions& run) {
  if (run.single_precision())
    return std::make_unique<ResidualTraining<float>>(options, grid, snapshots, particles, run);
  return std::make_unique<ResidualTraining<double>>(options, grid, snapshots, particles, run);
}

}  // namespace weir
