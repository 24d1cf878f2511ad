#include "methods/schroedinger_bridge/latent/LatentBridge.hpp"

#include <algorithm>
#include <cmath>

#include "methods/generative/Samples.hpp"
#include "methods/populations/Partners.hpp"
#include "methods/schroedinger_bridge/BridgeStages.hpp"
#include "methods/schroedinger_bridge/latent/BridgeRun.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/CommittedFile.hpp"
#include "weir/output/Snapshots.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

namespace {

constexpr Index start_set = 1, pretraining_set = 2;  // numbers of the synthetic sets of one deck
constexpr Real least_point_ratio = 1.5;              // of sigma^2 to the data's largest variance
constexpr Real copies_below = 0.5;                   // of `copying`: samples lie at training rows

}  // namespace

LatentBridge::LatentBridge(const SchroedingerBridgeOptions& options, const Communicator& comm,
                           const RunOptions& run)
    : options_(options) {
  check(comm);
  data_ = make_data(*options.data, options.split, comm, run, run.tile);
  close_files(*options.data);
  check_labels(options.metrics.of_samples(), data_->train_labels, options.where);
  if (const auto* start = std::get_if<EnsembleStart>(&options.bridge->start.law)) {
    start_data_ = make_data(*start, options.split, comm, run, run.tile, start_set);
    close_files(*start);
    const Ensemble& begins = start_data_->test.particles() > 0 ? start_data_->test : start_data_->train;
    if (options.generate->from) {
      given_starts_ =
          rows_in_order(*options.generate->from, options.where + ".generate.from", comm, run).rows;
    } else if (options.generate->count > begins.particles())
      throw InputError(
          options.where + ".generate.count",
          fmt::format("found {}; paths start at the {} rows that are {} of `bridge.start`: give at most "
                      "so many, or more rows",
                      options.generate->count, begins.particles(),
                      start_data_->test.particles() > 0 ? "held out" : "left"));
  }
  if (options.autoencoder.data) {
    pretraining_ = make_data(*options.autoencoder.data, {}, comm, run, run.tile, pretraining_set).train;
    close_files(*options.autoencoder.data);
  }
  if (!options.metrics.report.empty() && data_->test.particles() < 2)
    throw InputError(
        options.where + ".split",
        "no rows are held out, which metrics compare with: give `split.test`, or leave `metrics` out");
}

/// What shapes of files and options say, before anything is read whole.
void LatentBridge::check(const Communicator& comm) {
  Problems problems;
  DataShape shape{};
  const bool known = problems.collect([&] { comm.agree([&] { shape = shape_of(*options_.data); }); });
  const auto same_components = [&](const auto& find_shape, const std::string& key) {
    return problems.collect([&] {
      DataShape of_other{};
      comm.agree([&] { of_other = find_shape(); });
      if (known && of_other.components != shape.components)
        throw InputError(
            key, fmt::format("has {} components where the data have {}: choose columns of the same number",
                             of_other.components, shape.components));
    });
  };
  if (const auto* start = std::get_if<EnsembleStart>(&options_.bridge->start.law))
    same_components([start] { return shape_of(*start); }, options_.bridge->where + ".start.ensemble");
  if (options_.autoencoder.data)
    same_components([&] { return shape_of(*options_.autoencoder.data); },
                    options_.autoencoder.where + ".data");
  const std::string from = options_.where + ".generate.from";
  if (!options_.generate->from ||
      same_components([&] { return shape_of(*options_.generate->from, from); }, from))
    problems.collect([&] {
      check_generated(options_.metrics.of_samples(), generated_count(options_, comm), options_.where);
    });
  if (!known) problems.raise();
  if (!options_.model.empty())
    problems.collect([&] { earlier_ = read_earlier_bridge(options_, shape.components, comm); });
  else
    check_space(shape.components, comm, problems);
  problems.raise();
}

/// What `latent` and `autoencoder` say.
void LatentBridge::check_space(Index components, const Communicator& comm, Problems& problems) const {
  const auto& dimension = options_.latent->dimension;
  problems.collect([&] {
    const std::string key = options_.where + ".latent.dimension";
    if (options_.autoencoder.is_identity() && dimension && *dimension != components)
      throw InputError(
          key, fmt::format("found {}; with `autoencoder: identity` it is {}, that of the data: leave it "
                           "out, or give an autoencoder",
                           *dimension, components));
    const bool read = std::holds_alternative<ReadAutoencoderOptions>(options_.autoencoder.kind);
    if (!options_.autoencoder.is_identity() && !read && !dimension)
      throw InputError(key, "is missing; an autoencoder needs it");
    if (std::holds_alternative<PrincipalOptions>(options_.autoencoder.kind) && *dimension > components)
      throw InputError(
          key, fmt::format("found {}; there are {} principal components at most", *dimension, components));
  });
  if (std::holds_alternative<ReadAutoencoderOptions>(options_.autoencoder.kind))
    problems.collect([&] {
      const Autoencoder found = read_autoencoder(options_.autoencoder, comm);
      if (found.data_components() != components)
        throw InputError(options_.autoencoder.where + ".model.path",
                         fmt::format("is for rows of {} components; the data have {}",
                                     found.data_components(), components));
      if (dimension && *dimension != found.latent_components())
        throw InputError(options_.where + ".latent.dimension",
                         fmt::format("found {}; the autoencoder that is read has {}: leave it out",
                                     *dimension, found.latent_components()));
    });
}

std::optional<Autoencoder> LatentBridge::find_autoencoder(RunOutput& output, RunControl& control) const {
  if (earlier_) return earlier_->autoencoder;
  const StageList stages = latent_stages();
  if (const Checkpoint* from = output.restart();
      from && from->standing().stage > stages.number("pretrain") && from->file().has("/autoencoder/kind"))
    return Autoencoder::read(from->file(), "/autoencoder", options_.autoencoder.where);
  const Ensemble& rows = pretraining_ ? *pretraining_ : data_->train;
  std::optional<Autoencoder> found;
  if (options_.autoencoder.is_identity()) found.emplace(data_->train.components());
  if (std::holds_alternative<PrincipalOptions>(options_.autoencoder.kind)) {
    const auto principal = principal_components(rows, *options_.latent->dimension);
    output.log(fmt::format("{} principal components of {} rows leave a variance of {:.4g} behind",
                           principal.kept(), rows.particles(), principal.rest));
    output.summarise("variance_left", principal.rest);
    found.emplace(principal);
  }
  if (std::holds_alternative<AutoencoderNetworkOptions>(options_.autoencoder.kind))
    found =
        train_autoencoder(options_.autoencoder, *options_.latent->dimension, rows, stages, output, control);
  if (std::holds_alternative<ReadAutoencoderOptions>(options_.autoencoder.kind))
    found = read_autoencoder(options_.autoencoder, output.comm());
  if (found && options_.standardises()) found->standardise(data_->train);
  return found;
}

/// The largest variance of the latents in any direction.
static Real largest_variance(const Ensemble& latents) {
  return principal_components(latents, 1).variances.front();
}

Real LatentBridge::find_sigma(RunOutput& output) const {
  if (earlier_) {
    output.summarise("sigma", earlier_->sigma);
    return earlier_->sigma;
  }
  const bool point = std::holds_alternative<PointStart>(options_.bridge->start.law);
  const Real variance = point ? largest_variance(ends_->train) : 0;
  const Real sigma = options_.bridge->sigma.value_or(point ? std::sqrt(2 * variance) : 1);
  if (point && sigma * sigma < least_point_ratio * variance)
    output.log(fmt::format(
        "sigma^2 = {:.4g} is below {:g} times the data's largest variance, {:.4g}: the drift from a "
        "point is then steep, and few rows carry it; raise `bridge.sigma`",
        sigma * sigma, least_point_ratio, variance));
  output.summarise("sigma", sigma);
  return sigma;
}

std::optional<Ensemble> LatentBridge::generate(const LearnedDrift& drift, RunOutput& output,
                                               RunControl& control) const {
  Ensemble latents = draw_starts(options_.bridge->start, *ends_, options_.generate->count, output.run());
  if (const Checkpoint* from = output.restart();
      from && from->standing().stage > latent_stages().number("generate")) {
    read_particles(from->file(), "/generated/latents", latents.partition, latents.x);
    return latents;
  }
  if (options_.generate->by == "plan") return drift.draw_ends(latents);
  const BridgeOptions& bridge = *options_.bridge;
  const BridgeGrid grid(bridge.steps, bridge.stop, bridge.grid, bridge.last_step);
  std::vector<Index> shown;
  const std::vector<Real> asked =
      options_.generate->times.empty() ? std::vector<Real>{0, 0.25, 0.5, 0.75, 1} : options_.generate->times;
  for (const Real t : asked) {
    shown.push_back(grid.nearest(t));
    const Real nearest = grid.times[std::size_t(shown.back())];
    if (!options_.generate->times.empty() && std::fabs(nearest - t) > 1e-6)
      output.log(fmt::format("time {:g} is shown at that of the nearest step, {:.6g}", t, nearest));
  }
  output.log(fmt::format("{} samples by {} steps of the bridge", latents.particles(), grid.steps()));
  const auto show = [&](Index k, const MatrixRef<const Real>& at) {
    if (std::find(shown.begin(), shown.end(), k) != shown.end())
      output.snapshots().write(k, grid.times[std::size_t(k)], "latents", latents.partition, at);
  };
  const auto at = drift.at(latents.partition);
  return BridgeRun{*at, grid, ends_->sigma, "generate", bridge.where}.follow(latents, output, control, show);
}

bool LatentBridge::measure(const Ensemble& samples, const Ensemble& latents,
                           const ReferenceBridges* references, RunOutput& output, RunControl& control) const {
  const StageList stages = latent_stages();
  const auto options = options_.metrics.of_samples();
  std::function<Ensemble(Index, Index)> fresh_latents;
  if (data_->fresh)
    fresh_latents = [this](Index rows, Index draw) { return autoencoder_->encode(data_->fresh(rows, draw)); };
  std::optional<Classifier> classifier;
  const auto classifier_kept = control.keep([&](Hdf5File& file) {
    if (classifier) classifier->save(file);
  });
  Metrics found;
  if (!find_classifier(options, *data_, options_.where, stages, output, control, classifier, found))
    return false;
  std::list<std::unique_ptr<GenerationMetrics>> all;
  if (references) all = references->distances(output.run());
  const std::size_t of_references = all.size();
  all.push_back(std::make_unique<GenerationMetrics>(
      options,
      GeneratedRows{samples, data_->test, data_->train, data_->fresh, classifier ? &*classifier : nullptr},
      output.run()));
  all.push_back(std::make_unique<GenerationMetrics>(
      options, GeneratedRows{latents, ends_->test, ends_->train, fresh_latents}, output.run(), "_latent"));
  std::list<RunControl::Kept> kept;
  for (const auto& metrics : all) {
    if (const Checkpoint* from = stages.checkpoint_of_round(output)) metrics->restore(from->file());
    kept.emplace_back(control, [&metrics](Hdf5File& file) { metrics->save(file); });
  }
  Metrics distances;
  std::size_t done = 0;
  for (const auto& metrics : all) {
    const bool last = std::all_of(all.begin(), all.end(),
                                  [&](const auto& other) { return other == metrics || other->all_done(); });
    if (!work_through(*metrics, stages, "measure", output, control, last ? AtEnd::go_on : AtEnd::ask))
      return false;
    Metrics& to = done++ < of_references ? distances : found;
    to.insert(to.end(), metrics->result().begin(), metrics->result().end());
  }
  if (references)
    for (const auto& part : ReferenceBridges::parts(distances, reconstruction_)) found.push_back(part);
  for (const auto& [name, value] : found) {
    const bool copies = name.rfind("copying", 0) == 0 && value < copies_below;
    output.log(fmt::format("{}: {:.6g}{}", name, value, copies ? " (copies of training rows)" : ""));
  }
  output.summarise(found);
  return true;
}

namespace {

/// (E |D(E(x)) - x|^2)^1/2 of rows that were not trained on: what pre-training leaves to be wrong.
Real reconstruction_error(const Autoencoder& autoencoder, const Ensemble& rows) {
  const Ensemble back = autoencoder.decode(autoencoder.encode(rows));
  const auto x = rows.x, y = back.x;
  const Index d = rows.components();
  TileSum sum(rows.comm, rows.partition, 1);
  const Real square = sum(
      "Weir::LatentBridge::reconstruction", "the reconstruction error",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) partial[0] += (y(c, i) - x(c, i)) * (y(c, i) - x(c, i));
      })[0];
  return std::sqrt(square / Real(rows.particles()));
}

}  // namespace

void LatentBridge::run(RunOutput& output, RunControl& control) {
  const StageList stages = latent_stages();
  const auto stopped = [&] { output.finish(control.status(), 0, 0); };
  if (const Checkpoint* from = output.restart(); from && from->file().has("/snapshots/blocks"))
    output.snapshots();
  output.log(fmt::format("{} rows to train on, {} held out, {} components", data_->train.particles(),
                         data_->test.particles(), data_->train.components()));
  autoencoder_ = find_autoencoder(output, control);
  if (!autoencoder_) return stopped();
  const auto autoencoder_kept =
      control.keep([&](Hdf5File& file) { autoencoder_->save(file, "/autoencoder"); });
  const auto encode = [&](const Ensemble& rows) { return autoencoder_->encode(rows); };
  ends_.emplace(BridgeEnds{encode(data_->train), encode(data_->test), {}, {}, {}, 1});
  if (start_data_) {
    ends_->start_train = encode(start_data_->train);
    ends_->start_test = encode(start_data_->test);
    if (given_starts_) ends_->given_starts = encode(*given_starts_);
  }
  ends_->sigma = find_sigma(output);
  if (!autoencoder_->is_identity() && data_->test.particles() > 0) {
    reconstruction_ = reconstruction_error(*autoencoder_, data_->test);
    output.log(fmt::format(
        "the autoencoder reconstructs rows held out to {:.4g} (root of the mean squared distance)",
        reconstruction_));
    output.summarise("reconstruction_error", reconstruction_);
  }

  const auto drift = LearnedDrift::learn(options_, *ends_, earlier_ ? &*earlier_ : nullptr, output, control);
  if (!drift) return stopped();
  commit_hdf5(output.comm(), output.path("networks.h5"), [&](Hdf5File& file) {
    autoencoder_->save(file, "/autoencoder");
    drift->save(file, "/drift");
    output.write_deck(file);
  });
  const auto drift_kept = control.keep([&](Hdf5File& file) { drift->save(file, "/drift"); });

  const auto latents = generate(*drift, output, control);
  if (!latents) return stopped();
  const auto latents_kept = control.keep(
      [&](Hdf5File& file) { write_particles(file, "/generated/latents", latents->partition, latents->x); });
  std::optional<ReferenceBridges> references;
  if (options_.metrics.want_error_parts()) {
    references.emplace(options_, *ends_, *latents);
    if (!references->follow(
            draw_starts(options_.bridge->start, *ends_, options_.generate->count, output.run()), output,
            control))
      return stopped();
  }
  const Ensemble samples = autoencoder_->decode(*latents);
  std::vector<NamedRows> tables{{"samples", &samples}};
  if (!autoencoder_->is_identity()) tables.push_back({"latents", &*latents});
  if (data_->test.particles() > 0)
    tables.push_back({"held_out", &data_->test});  // to look at beside the samples
  write_samples(output, tables, data_->columns);
  if (!measure(samples, *latents, references ? &*references : nullptr, output, control)) return stopped();
  output.finish(control.status(), options_.bridge->steps, 1);
}

}  // namespace weir
