#include "methods/generative/GenerationMetrics.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/transport/Bures.hpp"
#include "weir/transport/Distances.hpp"
#include "weir/transport/NearestNeighbours.hpp"

namespace weir {

namespace {

constexpr Index measured_draws = 5, floor_draws = 10, frechet_components = 50;
// Ticks of the draws of rows: those of one use never meet those of another.
constexpr Index generated_tick = 1 << 20, held_out_tick = 2 << 20, floor_tick = 3 << 20,
                copying_tick = 4 << 20;

}  // namespace

bool GenerationMetricsOptions::wants(const std::string& name) const {
  return std::find(report.begin(), report.end(), name) != report.end();
}

bool GenerationMetricsOptions::want_classifier() const {
  return wants("frechet_features") || wants("confidence") || wants("sure");
}

void check_labels(const GenerationMetricsOptions& options, const std::optional<Ensemble>& labels,
                  const std::string& where) {
  if (!options.want_classifier()) return;
  check_labelled(labels.has_value(), where);
  classes_of(*labels, where + ".data");
}

void check_labelled(bool labelled, const std::string& where) {
  if (!labelled)
    throw InputError(where + ".metrics.report",
                     "frechet_features, confidence and sure need a classifier, and that needs labels: give "
                     "`labels` of `data.file`, or leave these metrics out");
}

void check_generated(const GenerationMetricsOptions& options, Index generated, const std::string& where) {
  if (!options.report.empty() && generated < 2)
    throw InputError(where + ".generate.count",
                     fmt::format("found {}; metrics compare at least 2 rows: give more, or leave `metrics` "
                                 "out",
                                 generated));
}

const std::vector<std::string>& generation_metric_names() {
  static const std::vector<std::string> names{"w2",          "energy_distance",   "energy_distance_gaussian",
                                              "frechet_pca", "frechet_features",  "confidence",
                                              "sure",        "nearest_neighbour", "copying"};
  return names;
}

void describe_metrics(Section& section, GenerationMetricsOptions& options,
                      const std::vector<std::string>& allowed) {
  section.option("report", options.report, "how generated rows are compared with those held out")
      .one_of(allowed);
  section
      .option("points", options.points, "most rows of each side that distances are taken of, drawn at random")
      .at_least(2);
  if (std::find(allowed.begin(), allowed.end(), "frechet_features") != allowed.end())
    section.section("classifier", options.classifier,
                    "of labelled rows, which frechet_features, confidence and sure need");
}

GenerationMetrics::GenerationMetrics(const GenerationMetricsOptions& options, const GeneratedRows& rows,
                                     const RunOptions& run, const std::string& suffix)
    : rows_(rows),
      run_(run),
      suffix_(suffix),
      most_points_(options.points),
      points_(std::min(
          {rows.generated.particles(), std::max(Index(1), rows.held_out.particles() / 2), options.points})) {
  for (const auto& name : generation_metric_names())
    if (options.wants(name + suffix)) names_.push_back(name);
}

void GenerationMetrics::advance() {
  const std::string& name = names_.at(done_);
  if (name == "w2") add_w2();
  if (name == "energy_distance") add(name, energy(rows_.generated));
  if (name == "energy_distance_gaussian") add(name, energy(gaussian_rows()));
  if (name == "frechet_pca") add_frechet_pca();
  if (name == "frechet_features") add(name, frechet_features());
  if (name == "confidence") add(name, confidence(*rows_.classifier, rows_.generated).mean);
  if (name == "sure") add(name, confidence(*rows_.classifier, rows_.generated).sure);
  if (name == "nearest_neighbour") add(name, neighbour_accuracy());
  if (name == "copying") add(name, copying());
  ++done_;
}

/// Draws go to the ranks in turn; what they measure is the same wherever they are.
Real GenerationMetrics::mean_over(Index draws, const std::function<Pair(Index, int)>& gather,
                                  const Measure& measure) const {
  const Communicator& comm = rows_.generated.comm;
  Real sum = 0;
  for (Index first = 0; first < draws; first += comm.size()) {
    const Index last = std::min(draws, first + comm.size());
    std::vector<Pair> pairs;
    for (Index draw = first; draw < last; ++draw) pairs.push_back(gather(draw, int(draw - first)));
    Real here = 0;
    comm.agree([&] {
      if (comm.rank() >= int(last - first)) return;
      const Pair& own = pairs[std::size_t(comm.rank())];
      here = measure(own.a, own.b);
    });
    for (Index draw = first; draw < last; ++draw) sum += comm.broadcast_value(here, int(draw - first));
  }
  return sum / Real(draws);
}

GenerationMetrics::Pair GenerationMetrics::with_held_out(const Ensemble& rows, Index draw, int rank,
                                                         Index most) const {
  return {sample_on(rank, rows, most, run_.seed, generated_tick + draw),
          sample_on(rank, rows_.held_out, most, run_.seed, held_out_tick + draw)};
}

GenerationMetrics::Pair GenerationMetrics::two_true_sets(Index draw, int rank) const {
  const Index wanted = 2 * points_;
  std::vector<Real> both = rows_.fresh
                               ? sample_on(rank, rows_.fresh(wanted, draw), wanted, run_.seed, floor_tick)
                               : sample_on(rank, rows_.held_out, wanted, run_.seed, floor_tick + draw);
  const auto middle = both.begin() + std::ptrdiff_t(both.size() / 2);
  return {{both.begin(), middle}, {middle, both.end()}};
}

namespace {

Points points_of(const std::vector<Real>& values, Index dimension) {
  return {values.data(), Index(values.size()) / dimension, dimension};
}

}  // namespace

void GenerationMetrics::add_w2() {
  const Index d = rows_.generated.components();
  const Measure distance = [d](const std::vector<Real>& a, const std::vector<Real>& b) {
    return wasserstein(points_of(a, d), points_of(b, d), 2);
  };
  const Real measured = mean_over(
      measured_draws,
      [&](Index draw, int rank) { return with_held_out(rows_.generated, draw, rank, points_); }, distance);
  const Real floor = mean_over(
      floor_draws, [&](Index draw, int rank) { return two_true_sets(draw, rank); }, distance);
  add("w2", measured);
  add("w2_floor", floor);
  add("w2_ratio", measured / floor);
}

Real GenerationMetrics::energy(const Ensemble& rows) const {
  const Index d = rows.components();
  return mean_over(
      1, [&](Index draw, int rank) { return with_held_out(rows, draw, rank, most_points_); },
      [d](const std::vector<Real>& a, const std::vector<Real>& b) {
        return energy_distance(points_of(a, d), points_of(b, d), Statistic::u);
      });
}

/// As many as were generated: m + sum_k sqrt(l_k) xi_k u_k over all principal components.
Ensemble GenerationMetrics::gaussian_rows() const {
  const auto principal = principal_components(rows_.training, rows_.training.components());
  Ensemble rows(rows_.generated.comm, rows_.generated.particles(), principal.kept(), run_.tile);
  fill_normals(rows.x, Random(run_.seed, Stream::gaussian_rows), rows.partition.first_particle(), 0);
  const auto scores = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  for (Index i = 0; i < rows.partition.local_particles(); ++i)
    for (Index k = 0; k < principal.kept(); ++k)
      scores(k, i) *= std::sqrt(std::max(Real(0), principal.variances[std::size_t(k)]));
  Kokkos::deep_copy(rows.x, scores);
  rows.x = from_scores(principal, rows.x);
  return rows;
}

namespace {

/// The distance of the laws of two ensembles, were they Gaussian.
Real frechet(const Ensemble& a, const Ensemble& b) {
  const auto of_a = mean_and_covariance(a), of_b = mean_and_covariance(b);
  Real distance = 0;
  a.comm.agree([&] {
    if (a.comm.is_root())
      distance = bures_wasserstein_squared({of_a.mean, of_a.covariance}, {of_b.mean, of_b.covariance});
  });
  return a.comm.broadcast_value(distance);
}

}  // namespace

void GenerationMetrics::add_frechet_pca() {
  const auto principal = principal_components(rows_.training, frechet_components);
  const auto projected = [&](const Ensemble& rows) {
    Ensemble scores = rows;
    scores.x = scores_of(principal, rows.x);
    return scores;
  };
  const Ensemble held_out = projected(rows_.held_out);
  add("frechet_pca", frechet(projected(rows_.generated), held_out));
  add("frechet_pca_floor", frechet(projected(rows_.training), held_out));
}

Real GenerationMetrics::frechet_features() const {
  const auto features = [&](const Ensemble& rows) {
    Ensemble of_rows = rows;
    of_rows.x = rows_.classifier->features(rows);
    return of_rows;
  };
  return frechet(features(rows_.generated), features(rows_.held_out));
}

Real GenerationMetrics::neighbour_accuracy() const {
  const Index d = rows_.generated.components();
  return mean_over(
      measured_draws,
      [&](Index draw, int rank) { return with_held_out(rows_.generated, draw, rank, points_); },
      [d](const std::vector<Real>& a, const std::vector<Real>& b) {
        return nearest_neighbour_accuracy(points_of(a, d), points_of(b, d));
      });
}

/// Every rank compares the rows with its own training rows.
Real GenerationMetrics::copying() const {
  const Communicator& comm = rows_.generated.comm;
  const Index d = rows_.generated.components();
  const auto training = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows_.training.x);
  const Points own{training.data(), rows_.training.partition.local_particles(), d};
  const auto median_distance = [&](const Ensemble& rows, Index tick) {
    std::vector<Real> drawn = sample_on(0, rows, points_, run_.seed, copying_tick + tick);
    comm.broadcast(drawn);
    std::vector<Real> distances;
    comm.agree([&] { distances = nearest_distances(points_of(drawn, d), own); });
    for (Real& distance : distances) distance = -distance;
    comm.max(distances.data(), Index(distances.size()));
    const auto middle = distances.begin() + std::ptrdiff_t(distances.size() / 2);
    std::nth_element(distances.begin(), middle, distances.end());
    return -*middle;
  };
  const Real generated = median_distance(rows_.generated, 0), held_out = median_distance(rows_.held_out, 1);
  return held_out > 0 ? generated / held_out : generated > 0 ? HUGE_VAL : 1;
}

void GenerationMetrics::save(Hdf5File& file) const {
  std::vector<std::string> names;
  std::vector<Real> values;
  for (const auto& [name, value] : values_) {
    names.push_back(name);
    values.push_back(value);
  }
  file.write(group() + "/done", {Real(done_)}, {1});
  if (names.empty()) return;
  file.write_strings(group() + "/names", names);
  file.write(group() + "/values", values, {Index(values.size())});
}

void GenerationMetrics::restore(const Hdf5File& file) {
  if (!file.has(group() + "/done")) return;
  done_ = std::size_t(file.read(group() + "/done").at(0));
  values_.clear();
  if (!file.has(group() + "/names")) return;
  const auto names = file.read_strings(group() + "/names");
  const auto values = file.read(group() + "/values");
  for (std::size_t m = 0; m < names.size(); ++m) values_.emplace_back(names[m], values.at(m));
}

bool find_classifier(const GenerationMetricsOptions& options, const Data& data, const std::string& where,
                     const StageList& stages, RunOutput& output, RunControl& control,
                     std::optional<Classifier>& classifier, Metrics& found) {
  if (!options.want_classifier()) return true;
  const Checkpoint* from = output.restart();
  if (from && from->standing().stage > stages.number("classify"))
    classifier = Classifier::read(from->file());
  else
    classifier = train_classifier(options.classifier, data.train, *data.train_labels,
                                  where + ".metrics.classifier", stages, output, control);
  if (!classifier) return false;
  found.emplace_back("classifier_accuracy", accuracy(*classifier, data.test, *data.test_labels));
  return true;
}

std::optional<Metrics> measure_samples(const GenerationMetricsOptions& options, const Ensemble& generated,
                                       const Data& data, const std::string& where, const StageList& stages,
                                       RunOutput& output, RunControl& control) {
  std::optional<Classifier> classifier;
  const auto classifier_kept = control.keep([&](Hdf5File& file) {
    if (classifier) classifier->save(file);
  });
  Metrics found;
  if (!find_classifier(options, data, where, stages, output, control, classifier, found)) return {};
  const GeneratedRows rows{generated, data.test, data.train, data.fresh, classifier ? &*classifier : nullptr};
  GenerationMetrics metrics(options, rows, output.run());
  const auto metrics_kept = control.keep(metrics);
  if (!work_through(metrics, stages, "measure", output, control, AtEnd::go_on)) return {};
  found.insert(found.end(), metrics.result().begin(), metrics.result().end());
  return found;
}

}  // namespace weir
