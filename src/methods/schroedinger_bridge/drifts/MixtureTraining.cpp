#include "methods/schroedinger_bridge/drifts/MixtureTraining.hpp"

#include <algorithm>
#include <cmath>

#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index second_seed = 1 << 20;  // of the batches of the other ensemble

MatrixRef<const Real> columns_of(const Ensemble& ensemble, const Tile& tile) {
  return MatrixRef<const Real>(&ensemble.x(0, tile.first), std::size_t(ensemble.components()),
                               std::size_t(tile.count));
}

}  // namespace

MixtureTraining::MixtureTraining(const MixtureDriftOptions& options, Real epsilon, const Ensemble& x,
                                 const Ensemble& y, Index seed)
    : x_(x),
      y_(y),
      of_x_({x.partition.tiles()}, strata_of(options.train.batch, x.partition.tile_size()), seed),
      of_y_({y.partition.tiles()}, strata_of(options.train.batch, y.partition.tile_size()),
            seed + second_seed),
      potential_(options.components, x.components(), epsilon),
      parameters_(x.comm, seed),
      shares_("Weir::MixtureTraining::shares", options.components,
              std::max(x.partition.tile_size(), y.partition.tile_size())),
      values_("Weir::MixtureTraining::values", shares_.extent(1)) {
  const Index count = options.components, d = x.components();
  std::vector<Real> centres = sample_on(0, y, count, seed, 0);
  x.comm.broadcast(centres);
  const auto mean = Moments(y.comm, y.partition, d).mean(y.x);
  for (std::size_t j = 0; j < centres.size(); ++j) {
    const Real middle = mean[j % std::size_t(d)];
    centres[j] = middle + options.spread * (centres[j] - middle);
  }
  const auto add = [&](Real start) { parameters_.add_scalar(start, ScalarGradient::of_tiles); };
  for (Index k = 0; k < count; ++k) add(-std::log(Real(count)));
  for (Index j = 0; j < count * d; ++j) add(centres[std::size_t(j) % centres.size()]);
  for (Index j = 0; j < count * d; ++j) add(std::log(options.shape));
  parameters_.allocate(of_x_.strata() + of_y_.strata());
  layout_ = std::make_shared<Layout>(
      x.comm, std::vector<Block>{parameters_.block("parameters", rule_of(options.train.rule))});
}

void MixtureTraining::set_potential() {
  const auto host = Kokkos::create_mirror_view(potential_.parameters);
  for (Index j = 0; j < parameters_.count(); ++j) host(j) = parameters_.scalar(j);
  Kokkos::deep_copy(potential_.parameters, host);
  potential_.find_shapes();
}

void MixtureTraining::velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                               const VectorRef<Real>&) {
  parameters_.gather(x, 0);
  set_potential();
  used_ = 0;
  of_x_.draw(moment.step, batch_);
  visit(true, x_, batch_, Real(of_x_.per_epoch()) / Real(x_.particles()));
  of_y_.draw(moment.step, batch_);
  visit(false, y_, batch_, -Real(of_y_.per_epoch()) / Real(y_.particles()));
  parameters_.sum_gradients(used_, "the gradient of the mixture", v[0]);
}

void MixtureTraining::visit(bool of_start, const Ensemble& ensemble, const Batches::Batch& batch,
                            Real scale) {
  const LocalTiles local = ensemble.partition.local();
  for (const Index tile : batch.tiles) {
    const Index place = tile - local.first_tile;
    if (tile < 0 || place < 0 || place >= local.tiles) continue;
    const auto x = columns_of(ensemble, local[place]);
    const auto shares = first_columns(shares_, Index(x.extent(1)));
    const VectorRef<Real> values(values_.data(), x.extent(1));
    of_start ? log_c(potential_, x, values, shares) : log_v(potential_, x, values, shares);
    add_gradient(of_start, x, scale, parameters_.gradient(used_++));
    counters().particle_steps += Index(x.extent(1));
  }
}

/// d log c / d (log alpha, r, log S) = p_k (1, x / eps, S x^2 / (2 eps)), and
/// d log v / d (..) = p_k (1, (y - r) / (eps S), (y - r)^2 / (2 eps S) - 1/2), times `scale`.
void MixtureTraining::add_gradient(bool of_start, const MatrixRef<const Real>& x, Real scale,
                                   const VectorRef<Real>& gradient) const {
  const MixturePotential p = potential_;
  const auto shares = shares_;
  Kokkos::parallel_for(
      "Weir::MixtureTraining::add_gradient", Range(0, p.components), KOKKOS_LAMBDA(Index k) {
        Real* centre = &gradient(p.components + k * p.dimension);
        Real* shape = centre + p.components * p.dimension;
        gradient(k) = 0;
        for (Index c = 0; c < p.dimension; ++c) centre[c] = shape[c] = 0;
        for (Index i = 0; i < Index(x.extent(1)); ++i) {
          const Real share = scale * shares(k, i);
          gradient(k) += share;
          for (Index c = 0; c < p.dimension; ++c) {
            const Real s = p.shape(k, c);
            if (of_start) {
              centre[c] += share * x(c, i) / p.epsilon;
              shape[c] += share * s * x(c, i) * x(c, i) / (2 * p.epsilon);
            } else {
              const Real r = x(c, i) - p.centre(k, c);
              centre[c] += share * r / (p.epsilon * s);
              shape[c] += share * (r * r / (2 * p.epsilon * s) - 0.5);
            }
          }
        }
      });
  Kokkos::fence();
}

Real MixtureTraining::mean_log(bool of_start, const Ensemble& ensemble) {
  const LocalTiles tiles = ensemble.partition.local();
  std::vector<Real> partials;
  for (Index t = 0; t < tiles.tiles; ++t) {
    const auto x = columns_of(ensemble, tiles[t]);
    const VectorRef<Real> values(values_.data(), x.extent(1));
    const auto shares = first_columns(shares_, Index(x.extent(1)));
    of_start ? log_c(potential_, x, values, shares) : log_v(potential_, x, values, shares);
    Kokkos::fence();
    Real sum = 0;
    for (Index i = 0; i < tiles[t].count; ++i) sum += values_(i);
    partials.push_back(sum);
  }
  ExactSum sum(ensemble.comm, 1);
  return sum(partials.data(), Index(partials.size()), "the mixture's loss") / Real(ensemble.particles());
}

Real MixtureTraining::loss(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  set_potential();
  return mean_log(true, x_) - mean_log(false, y_);
}

MixturePotential MixtureTraining::potential(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  set_potential();
  return potential_;
}

std::optional<MixturePotential> fit_mixture(const MixtureDriftOptions& options, Real epsilon,
                                            const Ensemble& x, const Ensemble& y, const std::string& where,
                                            const StageList& stages, RunOutput& output, RunControl& control) {
  MixtureTraining training(options, epsilon, x, y, output.run().seed);
  SteppingOptions steps = training_steps(options.train.iterations, output.run());
  steps.stage = stages.number("train");
  Stage stage(steps, training, where + ".mixture.train");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  output.log(fmt::format("mixture of {} components, {} parameters; {} iterations", options.components,
                         MixturePotential::size(options.components, x.components()),
                         options.train.iterations));
  const auto report = [&](const Tick& tick) -> Metrics {
    const Real loss = training.loss(stage.learned(0));
    output.log(fmt::format("iteration {}: loss {:.6g}", tick.step, loss));
    return {{"loss", loss}};
  };
  const Index every = std::max(Index(1), options.train.iterations / options.train.reports);
  if (!run_training(stage, stages, {every, 1, report}, output, control)) return {};
  return training.potential(stage.learned(0));
}

Real mixture_iteration_seconds(MixtureDriftOptions options, Index components, Index tiles,
                               const RunOptions& run) {
  const Communicator self(MPI_COMM_SELF);
  const Ensemble rows(self, tiles * run.tile, components, run.tile);
  fill_normals(rows.x, Random(run.seed, Stream::initial_ensemble), 0, 0);
  options.train.batch = tiles * run.tile;
  MixtureTraining training(options, 1, rows, rows, run.seed);
  Stage stage(training_steps(1000000, run), training, "estimate");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

}  // namespace weir
