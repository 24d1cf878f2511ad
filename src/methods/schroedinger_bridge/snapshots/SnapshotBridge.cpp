#include "methods/schroedinger_bridge/snapshots/SnapshotBridge.hpp"

#include <algorithm>
#include <cmath>

#include "methods/populations/CouplingReport.hpp"
#include "methods/schroedinger_bridge/BridgeStages.hpp"
#include "methods/schroedinger_bridge/snapshots/PathShape.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/output/Snapshots.hpp"

namespace weir {

std::vector<Index> kept_snapshots(const SchroedingerBridgeOptions& options, Index count) {
  const std::string where = options.where + ".leave_out";
  std::vector<Index> kept;
  for (const Index k : options.leave_out) {
    if (k >= count)
      throw InputError(where,
                       fmt::format("found {}; allowed: numbers of populations, 0 to {}", k, count - 1));
    if (std::count(options.leave_out.begin(), options.leave_out.end(), k) > 1)
      throw InputError(where, fmt::format("names population {} twice; name each once", k));
  }
  for (Index k = 0; k < count; ++k)
    if (std::find(options.leave_out.begin(), options.leave_out.end(), k) == options.leave_out.end())
      kept.push_back(k);
  for (const Index k : {Index(0), count - 1})
    if (kept.empty() || (k == 0 ? kept.front() : kept.back()) != k)
      throw InputError(where,
                       fmt::format("found {}, which has no population {} it: paths do not go beyond what is "
                                   "known; leave out populations between others",
                                   k, k == 0 ? "before" : "after"));
  return kept;
}

SnapshotBridge::SnapshotBridge(const SchroedingerBridgeOptions& options, const Communicator& comm,
                               const RunOptions& run)
    : options_(options),
      populations_(make_populations(*options.populations, {}, false, comm, run, options.leave_out)),
      kept_(kept_snapshots(options, populations_.count())) {
  close_files(*options.populations);
  for (const Index k : kept_) kept_times_.push_back(populations_.times[std::size_t(k)]);
  check();
  const Index d = populations_.dimension();
  centre_.assign(std::size_t(d), 0);
  deviation_.assign(std::size_t(d), 1);
  if (options.snapshots->standardise != "none") standardise(options.snapshots->standardise);
  for (const Index k : kept_) kept_populations_.push_back(populations_.train[std::size_t(k)]);
}

void SnapshotBridge::check() const {
  Problems problems;
  std::vector<Index> sizes;
  for (const Index k : kept_) sizes.push_back(populations_.train[std::size_t(k)].particles());
  problems.collect([&] { check_couplings(options_.snapshots->coupling, sizes); });
  const auto& snapshots = *options_.snapshots;
  for (const Real t : snapshots.times)
    problems.collect([&] {
      if (t < kept_times_.front() || t > kept_times_.back())
        throw InputError(snapshots.where + ".times",
                         fmt::format("found {:g}; allowed: from {:g} to {:g}, the times of the snapshots", t,
                                     kept_times_.front(), kept_times_.back()));
    });
  problems.collect([&] {
    if (std::find(kept_.begin(), kept_.end(), snapshots.trajectories_from) == kept_.end())
      throw InputError(
          snapshots.where + ".trajectories_from",
          fmt::format("found {}; allowed: numbers of populations that are not left out, up to {}",
                      snapshots.trajectories_from, kept_.back()));
  });
  problems.raise();
}

/// Mean and deviation of the pooled rows.
void SnapshotBridge::standardise(const std::string& on) {
  const Index d = populations_.dimension();
  std::vector<Real> second(std::size_t(d), 0);
  Real rows = 0;
  for (Index k = 0; k < populations_.count(); ++k) {
    if (on == "kept" && std::find(kept_.begin(), kept_.end(), k) == kept_.end()) continue;
    const Ensemble& population = populations_.train[std::size_t(k)];
    Moments moments(population.comm, population.partition, d);
    const auto covariance = moments.covariance(population.x);
    const Real n = Real(population.particles());
    rows += n;
    for (Index c = 0; c < d; ++c) {
      const Real mean = moments.last_mean()[std::size_t(c)];
      centre_[std::size_t(c)] += n * mean;
      second[std::size_t(c)] += n * (covariance[std::size_t(c * d + c)] + mean * mean);
    }
  }
  for (std::size_t c = 0; c < centre_.size(); ++c) {
    centre_[c] /= rows;
    deviation_[c] = std::sqrt(second[c] / rows - centre_[c] * centre_[c]);
    if (!(deviation_[c] > 0))
      throw InputError(
          options_.snapshots->where + ".standardise",
          fmt::format("component {} is the same for all particles: choose other columns, or `none`", c));
  }
  for (Ensemble& population : populations_.train)
    for (Index i = 0; i < population.partition.local_particles(); ++i)
      for (Index c = 0; c < d; ++c)
        population.x(c, i) = (population.x(c, i) - centre_[std::size_t(c)]) / deviation_[std::size_t(c)];
}

Ensemble SnapshotBridge::in_units_of_data(const Ensemble& ensemble) const {
  if (options_.snapshots->standardise == "none") return in_units_of_file(populations_, ensemble);
  Ensemble back(ensemble.comm, ensemble.particles(), ensemble.components(), ensemble.partition.tile_size());
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < ensemble.components(); ++c)
      back.x(c, i) = centre_[std::size_t(c)] + deviation_[std::size_t(c)] * ensemble.x(c, i);
  return in_units_of_file(populations_, back);
}

/// Place in kept_ of the snapshot whose particles predict a snapshot left out.
Index SnapshotBridge::base_of(Index left_out) const {
  if (options_.snapshots->start == "first") return 0;
  const auto after = std::upper_bound(kept_.begin(), kept_.end(), left_out);
  return Index(after - kept_.begin()) - (options_.snapshots->start == "previous" ? 1 : 0);
}

std::vector<SnapshotPrediction> SnapshotBridge::predict(const RunOptions& run, RunOutput& output) {
  const auto& snapshots = *options_.snapshots;
  const bool straight = std::holds_alternative<DisplacementPathOptions>(snapshots.path.shape);
  if (std::holds_alternative<SplinePathOptions>(snapshots.path.shape) && kept_.size() < least_of_spline)
    output.log(fmt::format("{} snapshots are kept, and a spline bends from {} on: paths are straight",
                           kept_.size(), least_of_spline));
  std::vector<SnapshotPrediction> predictions;
  for (const Index k : options_.leave_out) {
    const Real t = populations_.times[std::size_t(k)];
    const Index base = base_of(k);
    Paths paths = draw_paths(kept_populations_, kept_times_, *couplings_, base, run.seed);
    if (snapshots.coupling.growth)
      paths = resampled(paths, copies_by_weight(paths, paths.weights(t), run.seed, k));
    const auto after = std::upper_bound(kept_.begin(), kept_.end(), k);
    SnapshotPrediction prediction{k,
                                  places_at(paths, snapshots.path, {t}, run.seed, k + 1).front(),
                                  {},
                                  kept_populations_[std::size_t(after - kept_.begin() - 1)],
                                  populations_.train[std::size_t(k)]};
    if (!straight) prediction.straight = places_at(paths, PathOptions(), {t}, run.seed, 0);
    output.log(
        fmt::format("population {} at time {:g} is left out: {} paths from population {} predict its {} rows",
                    k, t, paths.count(), kept_[std::size_t(base)], prediction.observed.particles()));
    predictions.push_back(std::move(prediction));
  }
  return predictions;
}

namespace {

/// Numbers of local particles, as a block of snapshots.h5.
Matrix<Real> table_of(const std::vector<Real>& weights, const std::vector<Real>& rates) {
  const Matrix<Real> table("Weir::SnapshotBridge::growth", 2, weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    table(0, i) = weights[i];
    table(1, i) = rates[i];
  }
  return table;
}

/// log of how much a path's weight changes over the interval that t begins or lies in, per unit of time.
std::vector<Real> growth_rates(const Paths& paths, Real t) {
  const std::size_t k = std::size_t(interval_of(paths.times, t));
  std::vector<Real> rates;
  for (std::size_t i = 0; i < paths.under_way[k].size(); ++i)
    rates.push_back(std::log(paths.at_snapshots[k + 1][i] / paths.at_snapshots[k][i]) /
                    (paths.times[k + 1] - paths.times[k]));
  return rates;
}

}  // namespace

/// Blocks: observed and predicted at the times of the snapshots; paths at the times that are asked for, and
/// with growth their weights and growth rates.
void SnapshotBridge::write_snapshots(const std::vector<SnapshotPrediction>& predictions,
                                     const RunOptions& run, RunOutput& output) {
  const auto& options = *options_.snapshots;
  const Index from = Index(std::find(kept_.begin(), kept_.end(), options.trajectories_from) - kept_.begin());
  const Paths paths = draw_paths(kept_populations_, kept_times_, *couplings_, from, run.seed);
  const std::vector<Real>& asked = options.times.empty() ? populations_.times : options.times;
  const auto places = places_at(paths, options.path, asked, run.seed, 0);
  std::vector<Real> all = populations_.times;  // the snapshots' numbers are those of all times
  all.insert(all.end(), asked.begin(), asked.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Snapshots& file = output.snapshots();
  for (std::size_t step = 0; step < all.size(); ++step) {
    const Real t = all[step];
    const auto write = [&](const char* block, const Ensemble& ensemble) {
      const Ensemble back = in_units_of_data(ensemble);
      file.write(Index(step), t, block, back.partition, back.x);
    };
    for (Index k = 0; k < populations_.count(); ++k)
      if (populations_.times[std::size_t(k)] == t) write("observed", populations_.train[std::size_t(k)]);
    for (const auto& prediction : predictions)
      if (populations_.times[std::size_t(prediction.k)] == t) write("predicted", prediction.predicted);
    const auto place = std::find(asked.begin(), asked.end(), t);
    if (place == asked.end()) continue;
    write("paths", places[std::size_t(place - asked.begin())]);
    if (options.coupling.growth)
      file.write(Index(step), t, "growth", paths.places.front().partition,
                 table_of(paths.weights(t), growth_rates(paths, t)));
  }
}

void SnapshotBridge::run(RunOutput& output, RunControl& control) {
  const RunOptions& run = output.run();
  const StageList stages = snapshot_stages();
  for (Index k = 0; k < populations_.count(); ++k)
    output.log(fmt::format("population {}{} at time {:g}: {} particles, {} components", k,
                           populations_.names.empty() ? "" : " (" + populations_.names[std::size_t(k)] + ")",
                           populations_.times[std::size_t(k)], populations_.train[std::size_t(k)].particles(),
                           populations_.dimension()));
  for (const auto& remark : populations_.remarks) output.log(remark);
  const auto& options = *options_.snapshots;
  const SnapshotMetricsOptions measured = options_.metrics.of_snapshots();
  output.summarise("protocol/standardise", options.standardise);
  output.summarise("protocol/start", options.start);
  output.summarise("protocol/points", measured.points.is_word() ? RunOutput::Value(measured.points.word)
                                                                : RunOutput::Value(measured.points.number));
  couplings_ = std::make_unique<Couplings>(options.coupling, kept_populations_, CoupledAt::current,
                                           run.single_precision(), CouplingKeeps::partners);
  const auto kept = control.keep(*couplings_);
  const Index steps = populations_.count() - 1;
  const Real end = populations_.times.back();
  if (!work_through(*couplings_, stages, "couple", output, control))
    return output.finish(control.status(), 0, populations_.times.front());
  describe_couplings(couplings_->result(), kept_, output);
  for (std::size_t k = 0; options.coupling.growth && k + 1 < kept_populations_.size(); ++k)
    output.log(fmt::format("population {}: particles grow by factors whose deviation is {:.3g}", kept_[k],
                           growth_spread(kept_populations_[k], couplings_->result()[k])));

  const auto predictions = predict(run, output);
  const Checkpoint* from = output.restart();
  if (from && from->file().has("/snapshots/blocks"))
    output.snapshots();
  else
    write_snapshots(predictions, run, output);
  SnapshotMetrics metrics(measured, predictions, run.seed, run.single_precision());
  const auto kept_metrics = control.keep(metrics);
  if (!work_through(metrics, stages, "measure", output, control, AtEnd::go_on))
    return output.finish(control.status(), 0, populations_.times.front());
  const Metrics found = metrics.result();
  for (const auto& [name, value] : found)
    if (name.find('/') == name.npos) output.log(fmt::format("{}: {:.6g}", name, value));
  output.report(steps, end, found);
  output.finish(control.status(), steps, end);
}

}  // namespace weir
