#include "methods/populations/PredictionMetrics.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/energies/FreeEnergy.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/transport/Bures.hpp"
#include "weir/transport/Distances.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {

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

}  // namespace

/// The exact distances of one step, on the rank that has its points.
struct PredictionMetrics::SampledStep {
  int rank;
  bool entropic;  ///< w1 and w2 are known already
  std::vector<Real> predicted, observed, identity, floor, floor_goal, interpolated;
  Metrics values = {};

  void measure(const std::vector<std::string>& report, Index d) {
    const auto points = [d](const std::vector<Real>& values) {
      return Points{values.data(), Index(values.size()) / d, d};
    };
    const Points o = points(observed);
    const auto add = [&](const Points& p, const std::string& suffix) {
      for (const auto& name : report)
        if (is_distance(name) && !(entropic && (name == "w1" || name == "w2")))
          values.emplace_back(name + suffix, distance_of(name, p, o));
    };
    add(points(predicted), "");
    if (!interpolated.empty()) add(points(interpolated), "_interpolation");
    if (!entropic) values.emplace_back("w1_identity", wasserstein(points(identity), o, 1));
    if (!floor.empty())
      values.emplace_back("w1_floor",
                          wasserstein(points(floor), floor_goal.empty() ? o : points(floor_goal), 1));
  }

  /// Collective: all ranks have the values.
  void share(const Communicator& comm) {
    values.resize(std::size_t(comm.broadcast_value(Index(values.size()), rank)));
    for (auto& [name, value] : values) {
      name = comm.broadcast(name, rank);
      value = comm.broadcast_value(value, rank);
    }
  }
};

/// An entropic distance of whole populations, to the one observed.
struct PredictionMetrics::Distance {
  std::string name;
  const Ensemble& from;
  int order;
};

PredictionMetrics::PredictionMetrics(const PredictionMetricsOptions& options, const Measured& measured,
                                     const RunOptions& run, Index most_exact)
    : options_(options),
      measured_(measured),
      run_(run),
      most_exact_(most_exact),
      values_(measured.predictions.populations.size()) {}

bool PredictionMetrics::asks_for(const char* name) const {
  return std::find(options_.report.begin(), options_.report.end(), name) != options_.report.end();
}

bool PredictionMetrics::is_entropic(Index k) const {
  return std::min(options_.points, measured_.observed[k + 1].particles()) > most_exact_;
}

/// What a prediction has to be better than: nothing has moved.
const Ensemble& PredictionMetrics::identity(Index k) const {
  return measured_.observed[measured_.prediction.roll_out ? 0 : k];
}

/// w1 and w2 of a large population, with their references.
std::vector<PredictionMetrics::Distance> PredictionMetrics::entropic_distances(Index k) const {
  std::vector<Distance> all;
  if (!is_entropic(k)) return all;
  const auto& interpolated = measured_.predictions.interpolated[k + 1];
  for (const int order : {1, 2}) {
    const std::string name = order == 1 ? "w1" : "w2";
    if (!asks_for(name.c_str())) continue;
    all.push_back({name, measured_.predictions.populations[k], order});
    if (interpolated) all.push_back({name + "_interpolation", *interpolated, order});
  }
  if (all.empty()) return all;
  all.push_back({"w1_identity", identity(k), 1});
  if (has_test()) all.push_back({"w1_floor", measured_.populations.train[k + 1], 1});
  return all;
}

bool PredictionMetrics::has_test() const {
  return measured_.populations.test.front().particles() > 0;
}

void PredictionMetrics::advance() {
  const auto entropic = entropic_distances(done_);
  Metrics& values = values_[done_];
  if (values.size() < entropic.size()) {
    const auto& [name, from, order] = entropic[values.size()];
    values.emplace_back(
        name, entropic_wasserstein(from, measured_.observed[done_ + 1], order, run_.single_precision()));
    return;
  }
  const Index steps = Index(values_.size()), ranks = measured_.observed.front().comm.size();
  Index last = done_ + 1;
  while (last < steps && last - done_ < ranks && !is_entropic(last)) ++last;
  measure_exactly(done_, last);
  for (; done_ < last; ++done_) {
    if (asks_for("l2_uvp") && measured_.truth) add_l2_uvp(done_);
    if (asks_for("bures_uvp")) add_bures_uvp(done_);
  }
}

/// Steps [first, last), each on a rank of its own.
void PredictionMetrics::measure_exactly(Index first, Index last) {
  const Communicator& comm = measured_.observed.front().comm;
  std::vector<SampledStep> all;
  for (Index k = first; k < last; ++k) all.push_back(sample(k, int(k - first)));
  comm.agree([&] {
    for (SampledStep& step : all)
      if (step.rank == comm.rank()) step.measure(options_.report, measured_.observed.front().components());
  });
  for (SampledStep& step : all) {
    step.share(comm);
    Metrics& values = values_[first + step.rank];
    values.insert(values.end(), step.values.begin(), step.values.end());
  }
}

PredictionMetrics::SampledStep PredictionMetrics::sample(Index k, int rank) const {
  // Prediction and starting points are the same particles, the others independent draws.
  const auto points = [&](const Ensemble& ensemble, Index tick, Index most) {
    return sample_on(rank, ensemble, most, run_.seed, 4 * k + tick);
  };
  const Ensemble& prediction = measured_.predictions.populations[k];
  const auto& interpolated = measured_.predictions.interpolated[k + 1];
  const Index most = std::min(options_.points, most_exact_),
              predicted = std::min(most, prediction.particles());
  SampledStep step{rank, is_entropic(k), {}, {}, {}, {}, {}, {}};
  step.predicted = points(prediction, 0, most);
  step.observed = points(measured_.observed[k + 1], 1, most);
  step.identity = points(identity(k), 0, most);
  const Ensemble& goal = measured_.observed[k + 1];
  if (!has_test()) {  // two halves of the population that was observed
    const Index half = std::min(predicted, goal.particles() / 2);
    step.floor = points(goal, 2, 2 * half);
    const auto middle = step.floor.begin() + std::ptrdiff_t(step.floor.size() / 2);
    step.floor_goal.assign(middle, step.floor.end());
    step.floor.erase(middle, step.floor.end());
  } else if (!step.entropic) {
    step.floor = points(measured_.populations.train[k + 1], 2, predicted);
  }
  if (interpolated) step.interpolated = points(*interpolated, 3, most);
  return step;
}

void PredictionMetrics::add_l2_uvp(Index k) {
  const Index start = measured_.prediction.start(k);
  const Ensemble& from =
      measured_.prediction.particles_at_start(k, measured_.predictions.populations, measured_.observed);
  FreeEnergy truth(*measured_.truth, from.comm, from.partition, from.components(), false, from.x);
  const auto& times = measured_.populations.times;
  values_[k].emplace_back("l2_uvp", l2_uvp(from, measured_.predictions.velocities[k], truth, times[start],
                                           times[k + 1] - times[start]));
}

void PredictionMetrics::add_bures_uvp(Index k) {
  const Ensemble& goal = measured_.observed[k + 1];
  const auto p = moments_of(measured_.predictions.populations[k]), o = moments_of(goal);
  Real bures = 0;
  goal.comm.agree([&] {
    if (goal.comm.is_root()) bures = bures_wasserstein_squared(p, o);
  });
  values_[k].emplace_back("bures_uvp", 100 * goal.comm.broadcast_value(bures) / (0.5 * total_variance(goal)));
}

void PredictionMetrics::save(Hdf5File& file) const {
  file.write("/metrics/done", {Real(done_)}, {1});
  for (std::size_t k = 0; k < values_.size(); ++k) {
    std::vector<std::string> names;
    std::vector<Real> values;
    for (const auto& [name, value] : values_[k]) {
      names.push_back(name);
      values.push_back(value);
    }
    file.write_strings(fmt::format("/metrics/{}/names", k), names);
    file.write(fmt::format("/metrics/{}/values", k), values, {Index(values.size())});
  }
}

void PredictionMetrics::restore(const Hdf5File& file) {
  if (!file.has("/metrics/done")) return;
  done_ = Index(file.read("/metrics/done").at(0));
  for (std::size_t k = 0; k < values_.size(); ++k) {
    const auto names = file.read_strings(fmt::format("/metrics/{}/names", k));
    const auto values = file.read(fmt::format("/metrics/{}/values", k));
    for (std::size_t m = 0; m < names.size(); ++m) values_[k].emplace_back(names[m], values.at(m));
  }
}

Metrics PredictionMetrics::result() const {
  // Steps may differ in what they report: names in the order of their first appearance.
  std::vector<std::string> names;
  for (const Metrics& values : values_)
    for (const auto& [name, value] : values)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  const auto& left_out = measured_.prediction.left_out;
  Metrics result;
  for (const auto& name : names) {
    Metrics of_steps;
    Real sum = 0, sum_left_out = 0;
    Index skipped = 0;
    for (Index k = 0; k < Index(values_.size()); ++k)
      for (const auto& [other, value] : values_[k]) {
        if (other != name) continue;
        of_steps.emplace_back(fmt::format("{}/{}", name, k + 1), value);
        sum += value;
        if (std::find(left_out.begin(), left_out.end(), k + 1) == left_out.end()) continue;
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
