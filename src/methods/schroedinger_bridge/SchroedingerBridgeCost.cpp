#include "methods/schroedinger_bridge/SchroedingerBridgeCost.hpp"

#include "methods/generative/BatchTrainingCost.hpp"
#include "methods/generative/ClassifierCost.hpp"
#include "methods/populations/CouplingCost.hpp"
#include "methods/schroedinger_bridge/cost/BridgeStepCost.hpp"
#include "methods/schroedinger_bridge/drifts/EmpiricalDrift.hpp"
#include "methods/schroedinger_bridge/drifts/EndpointTraining.hpp"
#include "methods/schroedinger_bridge/drifts/MixtureTraining.hpp"
#include "methods/schroedinger_bridge/latent/Autoencoder.hpp"
#include "methods/schroedinger_bridge/latent/EarlierBridge.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotBridge.hpp"
#include "weir/networks/MlpFlops.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

/// Two normal populations on this rank alone.
CouplingCost::Sample normal_pair(Index d, const RunOptions& run) {
  return [=](Index n, Index m) {
    std::vector<Ensemble> two;
    for (const Index size : {n, m}) {
      const int number = int(two.size());
      two.emplace_back(Communicator(MPI_COMM_SELF), size, d, run.tile);
      fill_normals(two.back().x, Random(run.seed, Stream::initial_ensemble, number), 0, 0);
    }
    return two;
  };
}

/// The couplings, and the paths' places at every snapshot.
std::vector<CostedPart> snapshot_costs(const SchroedingerBridgeOptions& options, const Communicator& comm,
                                       const RunOptions& run) {
  const Populations populations = make_populations(*options.populations, {}, false, comm, run);
  const Index d = populations.dimension();
  CouplingCost::Round sizes;
  for (const Index k : kept_snapshots(options, populations.count()))
    sizes.push_back(populations.train[std::size_t(k)].particles());
  std::vector<Index> all = sizes_of(populations.train);
  const auto held = [=](int ranks) {
    const auto most = [&](Index particles) {
      return Partition(0, ranks, particles, run.tile).most_local_particles();
    };
    Index numbers = 0, longest = 0;
    for (const Index particles : all) numbers += d * most(particles);
    for (const Index particles : sizes) {
      numbers += 3 * (d + 2) * most(particles);  // moments, and entries of plans at both their ends
      longest = std::max(longest, most(particles));
    }
    return Real((numbers + longest * Index(sizes.size()) * d) * real_size);
  };
  std::vector<CostedPart> parts;
  parts.push_back({"coupling", std::make_unique<CouplingCost>(options.snapshots->coupling, d,
                                                              std::vector<CouplingCost::Round>{sizes},
                                                              normal_pair(d, run), held, run,
                                                              CoupledAt::current, CouplingKeeps::partners)});
  return parts;
}

/// Costs of a bridge to the law of data, from its sizes alone.
class LatentCosts {
 public:
  LatentCosts(const SchroedingerBridgeOptions& options, const Communicator& comm, const RunOptions& run)
      : options_(options), run_(run) {
    comm.agree([&] {
      const DataShape shape = shape_of(*options.data);
      components_ = shape.components;
      rows_ = train_size(shape.rows, options.split);
      pretraining_rows_ = options.autoencoder.data ? shape_of(*options.autoencoder.data).rows : rows_;
      if (const auto* start = std::get_if<EnsembleStart>(&options.bridge->start.law))
        start_rows_ = train_size(shape_of(*start).rows, options.split);
    });
    generated_ = generated_count(options, comm);
    latent_ = options.latent->dimension.value_or(components_);
    earlier_ = read_earlier_bridge(options, components_, comm);
    if (earlier_)
      latent_ = earlier_->autoencoder.latent_components();
    else if (std::holds_alternative<ReadAutoencoderOptions>(options.autoencoder.kind))
      latent_ = read_autoencoder(options.autoencoder, comm).latent_components();
  }

  std::vector<CostedPart> parts() const {
    std::vector<CostedPart> parts;
    if (!earlier_) add_learning(parts);
    if (options_.generate->by == "sde") parts.push_back({"step", step(rows_of_step())});
    if (options_.metrics.want_error_parts()) parts.push_back({"reference step", step(rows_)});
    return parts;
  }

 private:
  void add_learning(std::vector<CostedPart>& parts) const {
    if (std::holds_alternative<AutoencoderNetworkOptions>(options_.autoencoder.kind))
      parts.push_back({"pretrain", pretraining()});
    const auto& drift = options_.bridge->drift->kind;
    const bool between = options_.bridge->start.is_ensemble();
    if (between && !std::holds_alternative<MixtureDriftOptions>(drift)) parts.push_back({"plan", plan()});
    if (between && std::holds_alternative<MixtureDriftOptions>(drift)) parts.push_back({"train", mixture()});
    if (between && std::holds_alternative<NetworkDriftOptions>(drift)) {
      const auto& network = std::get<NetworkDriftOptions>(drift);
      parts.push_back({"train", endpoint(network, network.train, start_rows_, network.partners + 1)});
    }
    if (!between && std::holds_alternative<ScoreNetworkOptions>(options_.score->kind))
      parts.push_back({"train", endpoint(std::get<ScoreNetworkOptions>(options_.score->kind),
                                         options_.score->train, rows_, 1)});
  }
  static bool is_clipped(const ParameterRuleChoice& choice) {
    return std::get<ParameterRuleOptions>(choice.rule).clip.has_value();
  }
  Real tape(const std::vector<Index>& hidden) const {
    Index widths = 0;
    for (const Index width : hidden) widths += width;
    return Real((run_.single_precision() ? Index(sizeof(float)) : real_size) * run_.tile * 7 * widths);
  }

  std::unique_ptr<CostModel> pretraining() const {
    const auto& network = std::get<AutoencoderNetworkOptions>(options_.autoencoder.kind);
    const auto& train = options_.autoencoder.train;
    const BatchTrainingShape shape{autoencoder_parameters(network, components_, latent_),
                                   {pretraining_rows_},
                                   train.batch,
                                   is_clipped(train.rule),
                                   run_.single_precision(),
                                   2 * tape(network.hidden),
                                   components_,
                                   autoencoder_flops(network, components_, latent_)};
    return std::make_unique<BatchTrainingCost>(
        shape,
        [=, *this](Index tiles) {
          return autoencoder_iteration_seconds(options_.autoencoder, components_, latent_, tiles, run_);
        },
        run_);
  }

  std::unique_ptr<CostModel> endpoint(const NetworkOptions& network, const IterationTrainOptions& train,
                                      Index rows, Index copies) const {
    const MlpShape of_network = network.shape(latent_ + endpoint_time_inputs, latent_);
    const MlpFlops flops(of_network);
    const BatchTrainingShape shape{Mlp<Real>(of_network).parameters(),
                                   {rows},
                                   train.batch,
                                   is_clipped(train.rule),
                                   run_.single_precision(),
                                   tape(network.hidden),
                                   copies * latent_,
                                   flops.value + flops.vjp(true, false)};
    const bool paired = !std::holds_alternative<ConvolvedStart>(options_.bridge->start.law) &&
                        !std::holds_alternative<GaussianStart>(options_.bridge->start.law);
    return std::make_unique<BatchTrainingCost>(
        shape,
        [=, d = latent_, run = run_](Index tiles) {
          return endpoint_iteration_seconds(network, train, paired, d, tiles, run);
        },
        run_);
  }

  std::unique_ptr<CostModel> mixture() const {
    const auto& drift = std::get<MixtureDriftOptions>(options_.bridge->drift->kind);
    const BatchTrainingShape shape{MixturePotential::size(drift.components, latent_),
                                   {start_rows_, rows_},
                                   drift.train.batch,
                                   is_clipped(drift.train.rule),
                                   false,
                                   Real(real_size * drift.components * run_.tile),
                                   latent_};
    return std::make_unique<BatchTrainingCost>(
        shape,
        [=, d = latent_, run = run_](Index tiles) { return mixture_iteration_seconds(drift, d, tiles, run); },
        run_);
  }

  std::unique_ptr<CostModel> plan() const {
    CouplingOptions coupling;
    coupling.method = "sinkhorn";
    coupling.tolerance = options_.bridge->sinkhorn.tolerance;
    coupling.max_iterations = options_.bridge->sinkhorn.max_iterations;
    const Index d = latent_, all = start_rows_ + rows_;
    const auto held = [=](int ranks) { return Real(real_size * (d + 4) * all) / ranks; };
    return std::make_unique<CouplingCost>(coupling, d, std::vector<CouplingCost::Round>{{start_rows_, rows_}},
                                          normal_pair(d, run_), held, run_);
  }

  /// Rows that a step of the bridge sums over: none where its drift is learned.
  Index rows_of_step() const {
    if (earlier_) return 0;
    const bool empirical = options_.bridge->start.is_ensemble()
                               ? std::holds_alternative<EmpiricalDriftOptions>(options_.bridge->drift->kind)
                               : std::holds_alternative<EmpiricalDriftOptions>(options_.score->kind);
    return empirical ? rows_ : 0;
  }
  std::unique_ptr<CostModel> step(Index summed) const {
    const BridgeStepShape shape{generated_, latent_, summed, (rows_ + start_rows_) * (latent_ + 1),
                                summed > 0 ? 0 : network_flops()};
    return std::make_unique<BridgeStepCost>(
        shape, [=, *this](Index particles, Index rows) { return drift_seconds(particles, rows); }, run_);
  }

  /// Of the drift at a particle.
  Index network_flops() const {
    if (earlier_) return earlier_->network ? MlpFlops(earlier_->network->network.shape).value : 0;
    const bool between = options_.bridge->start.is_ensemble();
    if (between && !std::holds_alternative<NetworkDriftOptions>(options_.bridge->drift->kind)) return 0;
    return MlpFlops(endpoint_network().network.shape).value;
  }

  /// Times the drift alone: moving the particles is nothing beside it.
  Real drift_seconds(Index particles, Index rows) const {
    const Communicator self(MPI_COMM_SELF);
    const Ensemble at(self, particles, latent_, run_.tile);
    fill_normals(at.x, Random(run_.seed, Stream::initial_ensemble), 0, 0);
    const Matrix<Real> to_end("Weir::LatentCosts::to_end", latent_, particles);
    const auto drift = sample_drift(at, rows);
    return shortest_time([&] { drift->displacement(0.5, at.x, to_end); });
  }
  std::unique_ptr<BridgeDrift> sample_drift(const Ensemble& at, Index rows) const {
    const bool between = options_.bridge->start.is_ensemble(), single = run_.single_precision();
    if (rows > 0) {
      const Ensemble data(at.comm, rows, latent_, run_.tile);
      fill_normals(data.x, Random(run_.seed, Stream::initial_ensemble, 1), 0, 0);
      return make_empirical_drift(data, Matrix<Real>("Weir::LatentCosts::heights", 1, rows), 1, at.partition,
                                  single);
    }
    if (earlier_ && earlier_->mixture) return std::make_unique<MixtureDrift>(*earlier_->mixture);
    if (earlier_) return make_network_drift(*earlier_->network, at.partition, single);
    if (between && std::holds_alternative<MixtureDriftOptions>(options_.bridge->drift->kind)) {
      const Index count = std::get<MixtureDriftOptions>(options_.bridge->drift->kind).components;
      const MixturePotential potential(count, latent_, 1);
      potential.find_shapes();
      return std::make_unique<MixtureDrift>(potential);
    }
    return make_network_drift(endpoint_network(), at.partition, single);
  }
  /// Of the deck's shape, with any parameters.
  EndpointNetwork endpoint_network() const {
    const bool between = options_.bridge->start.is_ensemble();
    const NetworkOptions& network =
        between
            ? static_cast<const NetworkOptions&>(std::get<NetworkDriftOptions>(options_.bridge->drift->kind))
            : std::get<ScoreNetworkOptions>(options_.score->kind);
    EndpointNetwork endpoint;
    endpoint.form.middle.assign(std::size_t(latent_), 0);
    endpoint.network.shape = network.shape(latent_ + endpoint_time_inputs, latent_);
    endpoint.network.parameters.assign(std::size_t(Mlp<Real>(endpoint.network.shape).parameters()), 0.01);
    return endpoint;
  }

  SchroedingerBridgeOptions options_;
  RunOptions run_;
  std::optional<EarlierBridge> earlier_;
  Index components_ = 0, latent_ = 0, rows_ = 0, pretraining_rows_ = 0, start_rows_ = 0, generated_ = 0;
};

}  // namespace

std::vector<CostedPart> schroedinger_bridge_costs(const SchroedingerBridgeOptions& options,
                                                  const Communicator& comm, const RunOptions& run) {
  if (!options.data) return snapshot_costs(options, comm, run);
  auto parts = LatentCosts(options, comm, run).parts();
  add_classifier_cost(options.metrics.of_samples(), *options.data, options.split, options.where, comm, run,
                      parts);
  return parts;
}

}  // namespace weir
