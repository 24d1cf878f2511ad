#include <algorithm>
#include <cmath>

#include "methods/schroedinger_bridge/latent/Autoencoder.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/flows/Flow.hpp"
#include "weir/networks/MlpFlops.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainedParameters.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index encoder = 0, decoder = 1;

AutoencoderNetworkOptions reversed(AutoencoderNetworkOptions options) {
  std::reverse(options.hidden.begin(), options.hidden.end());
  return options;
}

}  // namespace

/// Both networks as one block: the mean of |D(E(y)) - y|^2 over y = (x - m) / a descends.
template <class T>
class AutoencoderTraining : public Flow {
 public:
  AutoencoderTraining(const AutoencoderNetworkOptions& network, const AutoencoderTrainOptions& train,
                      Index latent, const Ensemble& rows, const std::vector<Real>& middle, Real scale,
                      Index seed)
      : rows_(rows),
        scale_(scale),
        batches_({rows.partition.tiles()}, strata_of(train.batch, rows.partition.tile_size()), seed),
        encoder_(network.shape(rows.components(), latent)),
        decoder_(reversed(network).shape(latent, rows.components())),
        encoder_tape_(encoder_, rows.partition.tile_size(), Purpose::gradient),
        decoder_tape_(decoder_, rows.partition.tile_size(), Purpose::gradient),
        parameters_(rows.comm, seed),
        middle_("Weir::AutoencoderTraining::middle", middle.size()),
        y_("Weir::AutoencoderTraining::y", rows.components(), rows.partition.tile_size()),
        z_("Weir::AutoencoderTraining::z", latent, rows.partition.tile_size()),
        z_bar_("Weir::AutoencoderTraining::z_bar", latent, rows.partition.tile_size()),
        back_("Weir::AutoencoderTraining::back", rows.components(), rows.partition.tile_size()) {
    parameters_.add_network(encoder_.shape(), 2);
    parameters_.add_network(decoder_.shape(), 3);
    parameters_.allocate(batches_.strata());
    layout_ = std::make_shared<Layout>(
        rows.comm, std::vector<Block>{parameters_.block("parameters", rule_of(train.rule))});
    const auto host = Kokkos::create_mirror_view(middle_);
    for (std::size_t c = 0; c < middle.size(); ++c) host(c) = middle[c];
    Kokkos::deep_copy(middle_, host);
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void initialise(const MatrixRef<Real>& local) const { parameters_.initialise(local); }
  Index iterations_per_epoch() const { return batches_.per_epoch(); }
  Index parameters() const { return parameters_.count(); }

  void velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    parameters_.gather(x, 0);
    batches_.draw(moment.step, batch_);
    const LocalTiles local = rows_.partition.local();
    const Real scale = 2 * Real(batches_.per_epoch()) / Real(rows_.particles() * rows_.components());
    Index used = 0;
    for (const Index number : batch_.tiles) {
      const Index place = number - local.first_tile;
      if (number < 0 || place < 0 || place >= local.tiles) continue;
      const Tile tile = local[place];
      reconstruct(tile);
      find_residual(tile.count, scale);
      const auto z_bar = first_columns(z_bar_, tile.count);
      decoder_.vjp(parameters_.network(decoder), first_columns(back_, tile.count), decoder_tape_,
                   parameters_.gradient(used, decoder), z_bar);
      encoder_.vjp(parameters_.network(encoder), z_bar, encoder_tape_, parameters_.gradient(used, encoder),
                   {});
      counters().particle_steps += tile.count;
      ++used;
    }
    parameters_.sum_gradients(used, "the gradient of the autoencoder", v[0]);
  }

  /// Collective: the mean square over all rows, per component, in units of a^2.
  Real loss(const MatrixRef<const Real>& parameters) {
    parameters_.gather(parameters);
    const LocalTiles local = rows_.partition.local();
    std::vector<Real> partials;
    for (Index k = 0; k < local.tiles; ++k) {
      reconstruct(local[k]);
      partials.push_back(find_residual(local[k].count, 1));
    }
    ExactSum sum(rows_.comm, 1);
    return sum(partials.data(), Index(partials.size()), "the autoencoder's loss") /
           Real(rows_.particles() * rows_.components());
  }
  /// Collective.
  std::pair<StoredNetwork, StoredNetwork> networks(const MatrixRef<const Real>& parameters) {
    parameters_.gather(parameters);
    return {parameters_.stored(encoder), parameters_.stored(decoder)};
  }

  // Kernels, which nvcc takes in public functions only.
  void reconstruct(const Tile& tile) {
    const auto y = first_columns(y_, tile.count), z = first_columns(z_, tile.count);
    const auto x = rows_.x;
    const auto middle = middle_;
    const Real rate = 1 / scale_;
    const Index first = tile.first;
    Kokkos::parallel_for(
        "Weir::AutoencoderTraining::scale", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < Index(y.extent(0)); ++c) y(c, i) = T(rate * (x(c, first + i) - middle(c)));
        });
    encoder_.value(parameters_.network(encoder), y, encoder_tape_, z);
    decoder_.value(parameters_.network(decoder), z, decoder_tape_, first_columns(back_, tile.count));
  }
  /// back = scale (back - y), and the sum of squares before.
  Real find_residual(Index count, Real scale) {
    const auto y = y_, back = back_;
    Real square = 0;
    Kokkos::fence();
    for (Index i = 0; i < count; ++i)
      for (Index c = 0; c < Index(y.extent(0)); ++c) {
        const Real r = Real(back(c, i)) - Real(y(c, i));
        square += r * r;
        back(c, i) = T(scale * r);
      }
    return square;
  }

 private:
  const Ensemble& rows_;
  Real scale_;
  Batches batches_;
  Batches::Batch batch_;
  Mlp<T> encoder_, decoder_;
  MlpTape<T> encoder_tape_, decoder_tape_;
  TrainedParameters<T> parameters_;
  std::shared_ptr<Layout> layout_;
  Vector<Real> middle_;
  Matrix<T> y_, z_, z_bar_, back_;
};

namespace {

template <class T>
std::optional<Autoencoder> train_in(const AutoencoderOptions& options, Index latent, const Ensemble& rows,
                                    const StageList& stages, RunOutput& output, RunControl& control) {
  const auto& network = std::get<AutoencoderNetworkOptions>(options.kind);
  Moments moments(rows.comm, rows.partition, rows.components());
  const Real scale = std::sqrt(moments.mean_variance(rows.x));
  const std::vector<Real> middle = moments.last_mean();
  AutoencoderTraining<T> training(network, options.train, latent, rows, middle, scale > 0 ? scale : 1,
                                  output.run().seed);
  const Index per_epoch = training.iterations_per_epoch(), iterations = options.train.epochs * per_epoch;
  SteppingOptions steps = training_steps(iterations, output.run());
  steps.stage = stages.number("pretrain");
  Stage stage(steps, training, options.where + ".train");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  output.log(fmt::format("autoencoder of {} parameters; {} epochs of {} batches, {} rows",
                         training.parameters(), options.train.epochs, per_epoch, rows.particles()));
  const Index every = std::max(Index(1), options.train.epochs / options.train.reports) * per_epoch;
  const auto report = [&](const Tick& tick) {
    if (tick.step % every != 0 && tick.step != iterations) return;
    const Phase phase("metrics");
    const Real loss = training.loss(stage.learned(0));
    output.log(fmt::format("epoch {}: reconstruction loss {:.6g}", tick.step / per_epoch, loss));
  };
  if (!control.run(stage, stages.number("pretrain"), report)) return {};
  auto [to_latents, to_data] = training.networks(stage.learned(0));
  return Autoencoder(middle, scale > 0 ? scale : 1, std::move(to_latents), std::move(to_data));
}

}  // namespace

std::optional<Autoencoder> train_autoencoder(const AutoencoderOptions& options, Index latent,
                                             const Ensemble& rows, const StageList& stages, RunOutput& output,
                                             RunControl& control) {
  return output.run().single_precision() ? train_in<float>(options, latent, rows, stages, output, control)
                                         : train_in<double>(options, latent, rows, stages, output, control);
}

Index autoencoder_parameters(const AutoencoderNetworkOptions& network, Index components, Index latent) {
  return Mlp<Real>(network.shape(components, latent)).parameters() +
         Mlp<Real>(reversed(network).shape(latent, components)).parameters();
}

Index autoencoder_flops(const AutoencoderNetworkOptions& network, Index components, Index latent) {
  const MlpFlops encoder(network.shape(components, latent)),
      decoder(reversed(network).shape(latent, components));
  return encoder.value + encoder.vjp(true, false) + decoder.value + decoder.vjp(true, true);
}

namespace {

template <class T>
Real seconds_in(const AutoencoderOptions& options, Index latent, const Ensemble& rows,
                const RunOptions& run) {
  AutoencoderTraining<T> training(std::get<AutoencoderNetworkOptions>(options.kind), options.train, latent,
                                  rows, std::vector<Real>(std::size_t(rows.components()), 0), 1, run.seed);
  Stage stage(training_steps(1000000, run), training, "estimate");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

}  // namespace

Real autoencoder_iteration_seconds(const AutoencoderOptions& options, Index components, Index latent,
                                   Index tiles, const RunOptions& run) {
  const Ensemble rows(Communicator(MPI_COMM_SELF), tiles * run.tile, components, run.tile);
  fill_normals(rows.x, Random(run.seed, Stream::initial_ensemble), 0, 0);
  AutoencoderOptions few = options;
  few.train.batch = tiles * run.tile;
  return run.single_precision() ? seconds_in<float>(few, latent, rows, run)
                                : seconds_in<double>(few, latent, rows, run);
}

}  // namespace weir
