#include "methods/latent_ebm/likelihood/PosteriorFit.hpp"

#include <algorithm>

#include "methods/latent_ebm/EbmStages.hpp"
#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainedParameters.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

/// (x, z) of a tile, its energy and its slopes, z drawn from q.
template <class T>
class DrawnTile {
 public:
  DrawnTile(const EbmModel& model, const AmortisedOptions& options, Index tile, Index seed, int stage)
      : shape_(model.shape),
        energy_(model.options, model.shape, tile, model.energy.parameters),
        posterior(options, model.shape.data, model.shape.latent, tile, seed, stage),
        x_("Weir::DrawnTile::x", model.shape.data, tile),
        z_("Weir::DrawnTile::z", model.shape.latent, tile),
        v_("Weir::DrawnTile::v", model.shape.components(), tile),
        slope_("Weir::DrawnTile::slope", model.shape.components(), tile),
        z_slope_("Weir::DrawnTile::z_slope", model.shape.latent, tile),
        energies_("Weir::DrawnTile::energies", tile) {}

  void draw(const VectorRef<const T>& theta, const Tile& tile, const MatrixRef<const Real>& rows,
            Index tick) {
    take(tile, rows);
    posterior.draw(theta, first_columns(x_, tile.count), tile.global, tick, first_columns(z_, tile.count));
    join(tile.count);
    energy_.energy->evaluate(energy_.parameters(), first_columns(v_, tile.count),
                             first_columns(slope_, tile.count), energies(tile.count));
    part(tile.count);
  }
  VectorRef<T> energies(Index count) const { return VectorRef<T>(energies_.data(), std::size_t(count)); }
  MatrixRef<const T> z_slope(Index count) const { return first_columns(z_slope_, count); }

  // Kernels, which nvcc takes in public functions only.
  void take(const Tile& tile, const MatrixRef<const Real>& rows) {
    const auto x = x_;
    const Index dx = shape_.data;
    Kokkos::parallel_for(
        "Weir::DrawnTile::take", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < dx; ++c) x(c, i) = T(rows(c, tile.first + i));
        });
    Kokkos::fence();
  }
  void join(Index count) {
    const auto x = x_, z = z_, v = v_;
    const Index dx = shape_.data, dz = shape_.latent;
    Kokkos::parallel_for(
        "Weir::DrawnTile::join", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < dx; ++c) v(c, i) = x(c, i);
          for (Index c = 0; c < dz; ++c) v(dx + c, i) = z(c, i);
        });
    Kokkos::fence();
  }
  void part(Index count) {
    const auto slope = slope_, z_slope = z_slope_;
    const Index dx = shape_.data, dz = shape_.latent;
    Kokkos::parallel_for(
        "Weir::DrawnTile::part", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < dz; ++c) z_slope(c, i) = slope(dx + c, i);
        });
    Kokkos::fence();
  }

 private:
  EnergyShape shape_;
  FixedEnergy<T> energy_;

 public:
  AmortisedPosterior<T> posterior;

 private:
  Matrix<T> x_, z_, v_, slope_, z_slope_;
  Vector<T> energies_;
};

template <class T>
class PosteriorFlow : public Flow {
 public:
  PosteriorFlow(const EbmModel& model, const PosteriorFitOptions& options, const Ensemble& rows,
                const RunOptions& run, int stage)
      : rows_(rows),
        seed_(run.seed),
        batches_({rows.partition.tiles()}, strata_of(options.batch, rows.partition.tile_size()), run.seed),
        active_(rows.partition),
        drawn_(model, options.posterior, rows.partition.tile_size(), run.seed, stage),
        theta_(rows.comm, run.seed) {
    theta_.add_network(drawn_.posterior.shape(), 2);
    theta_.allocate(std::min(batches_.strata(), rows.partition.local_tiles()));
    layout_ = std::make_shared<Layout>(
        rows.comm, std::vector<Block>{theta_.block("posterior", rule_of(options.posterior.rule))});
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void begin_step(Index step, State&) override {
    batches_.draw(step, batch_);
    active_.select(batch_.tiles);
  }
  void velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    theta_.gather(x, 0);
    const Index rows = batch_.particles_in(rows_.partition);
    const ActiveTiles tiles = active_.active();
    for (Index k = 0; k < tiles.count; ++k) {
      const Tile tile = tiles[k];
      drawn_.draw(theta_.network(0), tile, rows_.x, moment.step);
      drawn_.posterior.gradient(theta_.network(0), drawn_.z_slope(tile.count), T(1 / Real(rows)),
                                theta_.gradient(k, 0));
      counters().particle_steps += tile.count;
    }
    theta_.sum_gradients(tiles.count, "the gradient of the posterior's parameters", v[0]);
  }
  void initialise(const MatrixRef<Real>& local) const {
    const Vector<Real> all("Weir::PosteriorFlow::initial", theta_.count());
    initialise_posterior(drawn_.posterior.shape(), seed_, VectorRef<Real>(all.data(), all.extent(0)));
    write_own_part((*layout_)[0], all, local);
  }
  std::vector<Real> parameters(const MatrixRef<const Real>& local) {
    theta_.gather(local);
    return theta_.stored(0).parameters;
  }

 private:
  const Ensemble& rows_;
  Index seed_;
  Batches batches_;
  Batches::Batch batch_;
  TileList active_;
  DrawnTile<T> drawn_;
  TrainedParameters<T> theta_;
  std::shared_ptr<const Layout> layout_;
};

template <class T>
std::optional<std::vector<Real>> fit_in(const EbmModel& model, const PosteriorFitOptions& options,
                                        const Ensemble& rows, const std::string& where, RunOutput& output,
                                        RunControl& control) {
  const int number = latent_ebm_stages().number("bound");
  PosteriorFlow<T> flow(model, options, rows, output.run(), number);
  SteppingOptions stepping = training_steps(options.iterations, output.run());
  stepping.stage = number;
  Stage stage(stepping, flow, where);
  flow.initialise(BlockViews(*flow.layout(), stage.state().vec())[0]);
  output.log(fmt::format("bound: a Gaussian posterior by {} iterations", options.iterations));
  if (!control.run(stage, number, [](const Tick&) {})) return {};
  return flow.parameters(stage.learned(0));
}

template <class T>
Real seconds_in(const EbmModel& model, const PosteriorFitOptions& options, const Ensemble& rows,
                const RunOptions& run) {
  PosteriorFlow<T> flow(model, options, rows, run, 0);
  Stage stage(training_steps(1000000, run), flow, "likelihood");
  flow.initialise(BlockViews(*flow.layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

template <class T>
Ensemble bounds_in(const EbmModel& model, const AmortisedOptions& options,
                   const std::vector<Real>& parameters, const Ensemble& rows, Index draws,
                   const RunOptions& run) {
  Ensemble bounds(rows.comm, rows.particles(), 1, rows.partition.tile_size());
  DrawnTile<T> drawn(model, options, rows.partition.tile_size(), run.seed, -1);
  const auto theta = in_precision<T>(parameters);
  const Vector<T> entropies("Weir::gaussian_bounds::entropies", rows.partition.tile_size());
  const auto values = Kokkos::create_mirror_view(bounds.x);
  Kokkos::deep_copy(values, 0);
  const LocalTiles tiles = rows.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t)
    for (Index draw = 0; draw < draws; ++draw) {
      const Tile tile = tiles[t];
      drawn.draw(VectorRef<const T>(theta.data(), theta.extent(0)), tile, rows.x, draw);
      drawn.posterior.entropies(entropies);
      const auto e = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), drawn.energies(tile.count));
      const auto h = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), entropies);
      for (Index i = 0; i < tile.count; ++i)
        values(0, tile.first + i) += (Real(h(i)) - Real(e(i))) / Real(draws);
    }
  Kokkos::deep_copy(bounds.x, values);
  return bounds;
}

}  // namespace

PosteriorFitOptions careful_posterior_fit() {
  PosteriorFitOptions fit;
  fit.iterations = 3000;
  auto& adam = std::get<ParameterRuleOptions>(fit.posterior.rule.rule);
  adam.rate = 4e-3;
  adam.schedule = "cosine";
  adam.average = 0.99;
  return fit;
}

std::optional<std::vector<Real>> fit_posterior(const EbmModel& model, const PosteriorFitOptions& options,
                                               const Ensemble& rows, const std::string& where,
                                               RunOutput& output, RunControl& control) {
  if (output.run().single_precision()) return fit_in<float>(model, options, rows, where, output, control);
  return fit_in<double>(model, options, rows, where, output, control);
}

Real seconds_of_fit(const EbmModel& model, PosteriorFitOptions options, const Ensemble& rows,
                    const RunOptions& run) {
  options.batch = rows.particles();
  return run.single_precision() ? seconds_in<float>(model, options, rows, run)
                                : seconds_in<double>(model, options, rows, run);
}

Ensemble gaussian_bounds(const EbmModel& model, const AmortisedOptions& options,
                         const std::vector<Real>& parameters, const Ensemble& rows, Index draws,
                         const RunOptions& run) {
  if (run.single_precision()) return bounds_in<float>(model, options, parameters, rows, draws, run);
  return bounds_in<double>(model, options, parameters, rows, draws, run);
}

}  // namespace weir
