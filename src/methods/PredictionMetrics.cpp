#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/methods/Prediction.hpp"
#include "weir/parallel/Shuffle.hpp"
#include "weir/transport/Bures.hpp"
#include "weir/transport/Distances.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {

constexpr Index most_exact_points = 20000;

void describe(Section& section, PredictionMetricsOptions& options) {
  section
      .option("report", options.report,
              "per step and mean: w1 and w2 (exact Wasserstein distances), energy_distance, mmd, l2_uvp "
              "(simulated populations only), bures_uvp")
      .one_of({"w1", "w2", "energy_distance", "mmd", "l2_uvp", "bures_uvp"});
  section
      .option(
          "points", options.points,
          fmt::format("most points of each side that distances are taken of, drawn at random; above {}, w1 "
                      "and w2 are of whole populations by Sinkhorn",
                      most_exact_points))
      .at_least(1);
}

namespace {

/// At most `points` particles of an ensemble, drawn by counters, on one rank (empty elsewhere). Collective.
std::vector<Real> sample_on(int rank, const Ensemble& ensemble, Index points, Index seed, Index tick) {
  const Index n = ensemble.particles(), d = ensemble.components(), taken = std::min(points, n);
  const Shuffle shuffle(n, seed, Stream::metric_points, tick);
  RowExchange exchange(ensemble.comm, d);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
  for (Index i = 0; i < ensemble.partition.local_rows(); ++i) {
    const Index place = shuffle(ensemble.partition.first_row() + i);
    if (place < taken) exchange.send(rank, 0, place, &host(0, i));
  }
  std::vector<Real> values(ensemble.comm.rank() == rank ? taken * d : 0);
  exchange.deliver([&](const RowExchange::Row& row) { std::copy_n(row.values, d, &values[row.key * d]); });
  return values;
}

GaussianMoments moments_of(const Ensemble& ensemble) {
  Moments moments(ensemble.comm, ensemble.partition, ensemble.components());
  const auto covariance = moments.covariance(ensemble.x);
  return {moments.last_mean(), covariance};
}

/// E |x - mean|^2
Real total_variance(const Ensemble& ensemble) {
  return Real(ensemble.components()) *
         Moments(ensemble.comm, ensemble.partition, ensemble.components()).mean_variance(ensemble.x);
}

/// 100 tau^2 E |v - v_true|^2 / Var(rho), of the whole drift.
Real l2_uvp(const Ensemble& at, const Matrix<Real>& v, FreeEnergy& truth, Real t, Real tau) {
  const Index d = at.components();
  const Matrix<Real> w("Weir::l2_uvp::true", d, at.partition.local_particles());
  truth.velocity(t, at.x, w);
  TileSum sum(at.comm, at.partition, 1);
  const Real square = sum(
      "Weir::l2_uvp", "the learned drift", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) partial[0] += (v(c, i) - w(c, i)) * (v(c, i) - w(c, i));
      })[0];
  return 100 * tau * tau * square / Real(at.particles()) / total_variance(at);
}

/// The distances of one step, on the rank that has its points.
struct Step {
  Index k;
  int rank;
  bool entropic;  ///< w1 and w2 are left to entropic_distances
  std::vector<Real> predicted, observed, identity, floor, interpolated;
  Metrics values;

  void measure(const std::vector<std::string>& report, Index d) {
    const auto points = [d](const std::vector<Real>& values) {
      return Points{values.data(), Index(values.size()) / d, d};
    };
    const Points o = points(observed);
    const auto add = [&](const Points& p, const std::string& suffix) {
      for (const auto& name : report) {
        if (name == "w1" && !entropic) values.emplace_back(name + suffix, wasserstein(p, o, 1));
        if (name == "w2" && !entropic) values.emplace_back(name + suffix, wasserstein(p, o, 2));
        if (name == "energy_distance") values.emplace_back(name + suffix, energy_distance(p, o));
        if (name == "mmd") values.emplace_back(name + suffix, maximum_mean_discrepancy(p, o));
      }
    };
    add(points(predicted), "");
    if (!interpolated.empty()) add(points(interpolated), "_interpolation");
    if (entropic) return;
    values.emplace_back("w1_identity", wasserstein(points(identity), o, 1));
    values.emplace_back("w1_floor", wasserstein(points(floor), o, 1));
  }
};

bool asks_for(const std::vector<std::string>& report, const char* name) {
  return std::find(report.begin(), report.end(), name) != report.end();
}

/// w1 and w2 of whole populations, with their references. Collective.
Metrics entropic_distances(const std::vector<std::string>& report, const Ensemble& predicted,
                           const Ensemble& observed, const Ensemble& start, const Ensemble& train,
                           const std::optional<Ensemble>& interpolated, bool single) {
  Metrics values;
  for (const int order : {1, 2}) {
    const std::string name = order == 1 ? "w1" : "w2";
    if (!asks_for(report, name.c_str())) continue;
    values.emplace_back(name, entropic_wasserstein(predicted, observed, order, single));
    if (interpolated)
      values.emplace_back(name + "_interpolation",
                          entropic_wasserstein(*interpolated, observed, order, single));
  }
  if (values.empty()) return values;
  values.emplace_back("w1_identity", entropic_wasserstein(start, observed, 1, single));
  values.emplace_back("w1_floor", entropic_wasserstein(train, observed, 1, single));
  return values;
}

}  // namespace

Metrics prediction_metrics(const PredictionMetricsOptions& options, const PredictionOptions& prediction,
                           const Predictions& predictions, const Populations& populations,
                           const std::vector<Ensemble>& observed, const EnergyOptions* truth,
                           const RunOptions& run) {
  const Communicator& comm = observed.front().comm;
  const Index d = observed.front().components(), steps = Index(predictions.populations.size());
  std::vector<Step> all;
  for (Index k = 0; k < steps; ++k) {
    const Ensemble& goal = observed[k + 1];
    const bool entropic = std::min(options.points, goal.particles()) > most_exact_points;
    Step step{k, int(k % comm.size()), entropic, {}, {}, {}, {}, {}, {}};
    // Prediction and starting points are the same particles, the others independent draws.
    const auto points = [&](const Ensemble& ensemble, Index tick, Index most) {
      return sample_on(step.rank, ensemble, most, run.seed, 4 * k + tick);
    };
    const Index most = std::min(options.points, most_exact_points),
                predicted = std::min(most, predictions.populations[k].particles());
    step.predicted = points(predictions.populations[k], 0, most);
    step.observed = points(goal, 1, most);
    step.identity = points(observed[prediction.roll_out ? 0 : k], 0, most);
    step.floor = points(populations.train[k + 1], 2, predicted);
    if (predictions.interpolated[k + 1])
      step.interpolated = points(*predictions.interpolated[k + 1], 3, most);
    all.push_back(std::move(step));
  }
  comm.agree([&] {
    for (Step& step : all)
      if (step.rank == comm.rank()) step.measure(options.report, d);
  });

  for (Step& step : all) {
    const Index k = step.k, count = comm.broadcast_value(Index(step.values.size()), step.rank);
    Metrics values(count);
    for (Index m = 0; m < count; ++m) {
      const bool mine = comm.rank() == step.rank;
      values[m].first = comm.broadcast(mine ? step.values[m].first : std::string(), step.rank);
      values[m].second = comm.broadcast_value(mine ? step.values[m].second : Real(0), step.rank);
    }
    if (step.entropic) {
      const auto distances = entropic_distances(
          options.report, predictions.populations[k], observed[k + 1], observed[prediction.roll_out ? 0 : k],
          populations.train[k + 1], predictions.interpolated[k + 1], run.single_precision());
      values.insert(values.begin(), distances.begin(), distances.end());
    }
    if (asks_for(options.report, "l2_uvp") && truth) {
      const Index start = prediction.start(k);
      const Ensemble& from =
          prediction.roll_out && start > 0 ? predictions.populations[start - 1] : observed[start];
      FreeEnergy true_energy(*truth, comm, from.partition, d, false, from.x);
      const Real t = populations.times[start];
      values.emplace_back(
          "l2_uvp", l2_uvp(from, predictions.velocities[k], true_energy, t, populations.times[k + 1] - t));
    }
    if (asks_for(options.report, "bures_uvp")) {
      const auto p = moments_of(predictions.populations[k]), o = moments_of(observed[k + 1]);
      Real bures = 0;
      comm.agree([&] {
        if (comm.is_root()) bures = bures_wasserstein_squared(p, o);
      });
      values.emplace_back("bures_uvp",
                          100 * comm.broadcast_value(bures) / (0.5 * total_variance(observed[k + 1])));
    }
    step.values = std::move(values);
  }

  // Steps may differ in what they report: names in the order of their first appearance.
  std::vector<std::string> names;
  for (const Step& step : all)
    for (const auto& [name, value] : step.values)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  const auto& left_out = prediction.left_out;
  Metrics result;
  for (const auto& name : names) {
    Metrics of_steps;
    Real sum = 0, sum_left_out = 0;
    Index skipped = 0;
    for (const Step& step : all)
      for (const auto& [other, value] : step.values) {
        if (other != name) continue;
        of_steps.emplace_back(fmt::format("{}/{}", name, step.k + 1), value);
        sum += value;
        if (std::find(left_out.begin(), left_out.end(), step.k + 1) == left_out.end()) continue;
        sum_left_out += value;
        ++skipped;
      }
    result.emplace_back(name, sum / Real(of_steps.size()));
    if (skipped > 0 && skipped < Index(of_steps.size()))
      result.emplace_back(name + "_left_out", sum_left_out / Real(skipped));
    result.insert(result.end(), of_steps.begin(), of_steps.end());
  }
  return result;
}

}  // namespace weir
