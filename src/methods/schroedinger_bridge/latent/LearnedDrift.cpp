#include "methods/schroedinger_bridge/latent/LearnedDrift.hpp"

#include <cmath>

#include "methods/schroedinger_bridge/BridgeStages.hpp"
#include "methods/schroedinger_bridge/drifts/EmpiricalDrift.hpp"
#include "methods/schroedinger_bridge/drifts/EndpointTraining.hpp"
#include "methods/schroedinger_bridge/drifts/MixtureTraining.hpp"
#include "methods/schroedinger_bridge/latent/SampleWatch.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

/// Kernels in single precision meet marginals to 1e-4 at best.
constexpr Real least_single_tolerance = 1e-4;

/// The entropic plan of the two ensembles for the cost |x - y|^2 / 2 and eps = sigma^2, as one piece.
class PlanPiece : public Piecewise {
 public:
  /// `known`: whether the plan is there.
  PlanPiece(const BridgeOptions& options, const BridgeEnds& ends, bool single, EntropicPartners& plan,
            bool& known, RunOutput& output)
      : options_(options), ends_(ends), single_(single), plan_(plan), output_(output), known_(known) {}
  bool all_done() const override { return known_; }
  void advance() override {
    const Phase phase("plan");
    SinkhornProblem problem;
    problem.epsilon = 2 * ends_.sigma * ends_.sigma;
    problem.tolerance = options_.sinkhorn.tolerance;
    problem.max_iterations = options_.sinkhorn.max_iterations;
    problem.single = single_;
    const SinkhornResult result = sinkhorn(*ends_.start_train, ends_.train, problem);
    output_.log(
        fmt::format("entropic plan: mean squared distance {:.6g}, marginal error {:.1e} after {} iterations",
                    result.cost, result.marginal_error, result.iterations));
    if (!result.converged)
      throw RunError(
          fmt::format("the entropic plan did not converge: marginal error {:.2g} after {} iterations; raise "
                      "{}.sinkhorn.max_iterations or tolerance, or sigma",
                      result.marginal_error, result.iterations, options_.where));
    output_.summarise({{"plan_cost", result.cost}, {"plan_error", result.marginal_error}});
    plan_.keep(result);
    known_ = true;
  }
  void save(Hdf5File&) const override {}  // kept by the drift, as long as it is learned
  void restore(const Hdf5File& file) override {
    if (!file.has("/plan")) return;
    plan_.restore(file, "/plan");
    known_ = true;
  }

 private:
  const BridgeOptions& options_;
  const BridgeEnds& ends_;
  bool single_;
  EntropicPartners& plan_;
  RunOutput& output_;
  bool& known_;
};

std::optional<Real> slack_of(const std::string& keep) {
  constexpr Real watched = 0.1;
  if (keep == "last") return {};
  return keep == "best" ? 0 : watched;
}

/// The root of the mean square distance, a component, of every particle from its partners, which lie one
/// below the other.
Real root_of_squared_distance(const Ensemble& x, const Matrix<Real>& ends, Index partners) {
  const Index d = x.components();
  const auto from = x.x;
  const auto to = ends;
  TileSum sum(x.comm, x.partition, 1);
  const Real square = sum(
      "Weir::LearnedDrift::distance", "the pairs' distances", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index j = 0; j < partners * d; ++j)
            partial[0] += (to(j, i) - from(j % d, i)) * (to(j, i) - from(j % d, i));
      })[0];
  return std::sqrt(square / Real(x.particles() * partners * d));
}

}  // namespace

std::unique_ptr<LearnedDrift> LearnedDrift::learn(const SchroedingerBridgeOptions& options,
                                                  const BridgeEnds& ends, const EarlierBridge* earlier,
                                                  RunOutput& output, RunControl& control) {
  const StageList stages = latent_stages();
  std::unique_ptr<LearnedDrift> drift(new LearnedDrift(ends, output.run()));
  const BridgeOptions& bridge = *options.bridge;
  drift->start_ = bridge.start.name();
  if (earlier) {
    drift->network_ = earlier->network;
    drift->mixture_ = earlier->mixture;
    return drift;
  }
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > stages.number("train")) {
    drift->restore(from->file(), "/drift", options);
    return drift;
  }
  if (!bridge.start.is_ensemble()) {
    if (std::holds_alternative<ScoreNetworkOptions>(options.score->kind) &&
        !drift->train_score(options, output, control))
      return nullptr;
    return drift;
  }
  if (const auto* mixture = std::get_if<MixtureDriftOptions>(&bridge.drift->kind)) {
    drift->mixture_ = fit_mixture(*mixture, ends.sigma * ends.sigma, *ends.start_train, ends.train,
                                  bridge.drift->where, stages, output, control);
    return drift->mixture_ ? std::move(drift) : nullptr;
  }
  const auto kept = control.keep([&drift](Hdf5File& file) {
    if (drift->plan_known_) drift->plan_->save(file, "/plan");
  });
  if (!drift->couple(bridge, output, control)) return nullptr;
  if (std::holds_alternative<NetworkDriftOptions>(bridge.drift->kind) &&
      !drift->train_paired(options, output, control))
    return nullptr;
  return drift;
}

bool LearnedDrift::couple(const BridgeOptions& options, RunOutput& output, RunControl& control) {
  const bool single = run_.single_precision() && options.sinkhorn.tolerance >= least_single_tolerance;
  plan_ = std::make_unique<EntropicPartners>(*ends_.start_train, ends_.train, 2 * ends_.sigma * ends_.sigma,
                                             single);
  PlanPiece piece(options, ends_, single, *plan_, plan_known_, output);
  return work_through(piece, latent_stages(), "couple", output, control);
}

/// Blurred rows; from a point pairs of the origin and a row, which are independent.
bool LearnedDrift::train_score(const SchroedingerBridgeOptions& options, RunOutput& output,
                               RunControl& control) {
  const auto& score = std::get<ScoreNetworkOptions>(options.score->kind);
  const Index d = ends_.train.components();
  Moments moments(ends_.train.comm, ends_.train.partition, d);
  EndpointForm form;
  const bool from_point = start_ == PointStart::key;
  form.paired = from_point;
  form.sigma = ends_.sigma;
  form.deviation = std::sqrt(moments.mean_variance(ends_.train.x));
  form.middle = moments.last_mean();
  Real square = 0;
  for (const Real mean : form.middle) square += mean * mean / Real(d);
  form.distance = std::sqrt(square + form.deviation * form.deviation);
  const Ensemble origin(ends_.train.comm, ends_.train.particles(), d, ends_.train.partition.tile_size());
  const Ensemble held_origin(ends_.train.comm, ends_.test.particles(), d, ends_.test.partition.tile_size());
  const EndpointRows rows{from_point ? &origin : nullptr, ends_.train, 1},
      held_out{from_point ? &held_origin : nullptr, ends_.test, 1};
  EndpointWatch watched = watch(options, held_out, slack_of(options.score->keep));
  watched.patience = options.score->patience;
  network_ = fit_endpoint_network(form, score, options.score->train, rows, watched,
                                  options.score->where + ".train", latent_stages(), output, control);
  return network_.has_value();
}

/// Losses where `held_out` has rows, and copies where there are rows enough to compare with.
EndpointWatch LearnedDrift::watch(const SchroedingerBridgeOptions& options, const EndpointRows& held_out,
                                  std::optional<Real> slack) const {
  EndpointWatch watch;
  if (held_out.ends.particles() > 0) {
    watch.held_out = &held_out;
    watch.slack = slack;
  }
  if (!SampleWatch::can_tell(*options.bridge, ends_)) return watch;
  const auto samples = std::make_shared<const SampleWatch>(*options.bridge, ends_, run_);
  watch.copying = [samples](const EndpointNetwork& network) { return samples->copying(network); };
  return watch;
}

/// Each of these starts with ends that the plan gives it.
EndpointRows LearnedDrift::draw_pairs(const Ensemble& starts, Index partners, Index first_tick) const {
  const Index d = starts.components(), here = starts.partition.local_particles();
  EndpointRows pairs{&starts,
                     Ensemble(starts.comm, starts.particles(), partners * d, starts.partition.tile_size()),
                     partners};
  const Random random(run_.seed, Stream::partners);
  for (Index p = 0; p < partners; ++p) {
    Walkers walkers{copy_of(starts), std::vector<Index>(std::size_t(here))};
    plan_->draw(Towards::next, walkers, random, first_tick + p);
    Kokkos::deep_copy(
        Kokkos::subview(pairs.ends.x, Kokkos::pair<Index, Index>(p * d, (p + 1) * d), Kokkos::ALL),
        walkers.at.x);
  }
  return pairs;
}

bool LearnedDrift::train_paired(const SchroedingerBridgeOptions& options, RunOutput& output,
                                RunControl& control) {
  const auto& network = std::get<NetworkDriftOptions>(options.bridge->drift->kind);
  const Ensemble &x = *ends_.start_train, &y = ends_.train;
  const Index d = y.components();
  const EndpointRows rows = draw_pairs(x, network.partners, 0);
  const Ensemble& others = *ends_.start_test;
  const EndpointRows held_out = others.particles() > 0
                                    ? draw_pairs(others, network.partners, network.partners)
                                    : EndpointRows{&others, others, network.partners};
  Moments of_x(x.comm, x.partition, d), of_y(y.comm, y.partition, d);
  const Real variance_x = of_x.mean_variance(x.x), variance_y = of_y.mean_variance(y.x);
  EndpointForm form;
  form.paired = true;
  form.sigma = ends_.sigma;
  Real between = 0;
  for (Index c = 0; c < d; ++c) {
    const Real a = of_x.last_mean()[std::size_t(c)], b = of_y.last_mean()[std::size_t(c)];
    form.middle.push_back(0.5 * (a + b));
    between += 0.25 * (a - b) * (a - b) / Real(d);
  }
  form.deviation = std::sqrt(0.5 * (variance_x + variance_y) + between);
  form.distance = root_of_squared_distance(x, rows.ends.x, network.partners);
  // Weights of the end are kept: partners are drawn from a smooth plan, and are not memorised.
  network_ =
      fit_endpoint_network(form, network, network.train, rows, watch(options, held_out, {}),
                           options.bridge->drift->where + ".network.train", latent_stages(), output, control);
  return network_.has_value();
}

std::unique_ptr<BridgeDrift> LearnedDrift::at(const Partition& particles) const {
  const bool single = run_.single_precision();
  if (network_) return make_network_drift(*network_, particles, single);
  if (mixture_) return std::make_unique<MixtureDrift>(*mixture_);
  Matrix<Real> heights("Weir::LearnedDrift::heights", 1, ends_.train.x.extent(1));
  if (plan_) heights = plan_->heights(Towards::next);
  if (start_ == PointStart::key) heights = point_heights(ends_.train, ends_.sigma);
  return make_empirical_drift(ends_.train, heights, ends_.sigma, particles, single);
}

Ensemble LearnedDrift::draw_ends(const Ensemble& starts) const {
  const Random random(run_.seed, Stream::bridge_ends);
  Ensemble ends = copy_of(starts);
  if (mixture_) {
    draw_mixture(*mixture_, random, starts.partition.first_particle(), starts.x, ends.x);
    return ends;
  }
  Walkers walkers{ends, std::vector<Index>(std::size_t(starts.partition.local_particles()))};
  plan_->draw(Towards::next, walkers, random, 0);
  return walkers.at;
}

void LearnedDrift::save(Hdf5File& file, const std::string& group) const {
  file.write_strings(group + "/start", {start_});
  file.write(group + "/sigma", {ends_.sigma}, {1});
  if (plan_) plan_->save(file, group + "/plan");
  if (network_) network_->save(file, group + "/endpoint");
  if (mixture_) mixture_->save(file, group + "/mixture");
}

void LearnedDrift::restore(const Hdf5File& file, const std::string& group,
                           const SchroedingerBridgeOptions& options) {
  if (file.has(group + "/plan")) {
    plan_ = std::make_unique<EntropicPartners>(
        *ends_.start_train, ends_.train, 2 * ends_.sigma * ends_.sigma,
        run_.single_precision() && options.bridge->sinkhorn.tolerance >= least_single_tolerance);
    plan_->restore(file, group + "/plan");
  }
  if (file.has(group + "/endpoint"))
    network_ = EndpointNetwork::read(file, group + "/endpoint", options.where);
  if (file.has(group + "/mixture")) mixture_ = MixturePotential::read(file, group + "/mixture");
}

}  // namespace weir
