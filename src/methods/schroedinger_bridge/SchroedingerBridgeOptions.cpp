#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "weir/input/DataFile.hpp"

namespace weir {

namespace {

const std::vector<std::string> of_samples{"w2", "energy_distance", "frechet_pca", "nearest_neighbour",
                                          "copying"};
const std::vector<std::string> by_classifier{"frechet_features", "confidence", "sure"};
const std::vector<std::string> of_snapshots{"w1", "w2", "energy_distance"};

std::vector<std::string> all_metrics() {
  std::vector<std::string> all{"w1"};
  all.insert(all.end(), of_samples.begin(), of_samples.end());
  for (const auto& name : of_samples) all.push_back(name + "_latent");
  all.insert(all.end(), by_classifier.begin(), by_classifier.end());
  all.push_back("error_parts");
  return all;
}

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

SnapshotMetricsOptions BridgeMetricsOptions::of_snapshots() const {
  SnapshotMetricsOptions options;
  if (!report.empty()) options.report = report;
  if (points.word != "auto") options.points = points;
  return options;
}

GenerationMetricsOptions BridgeMetricsOptions::of_samples() const {
  GenerationMetricsOptions options;
  options.report = report;
  options.classifier = classifier;
  if (!points.is_word()) options.points = points.number;
  return options;
}

bool BridgeMetricsOptions::want_error_parts() const {
  return is_among("error_parts", report);
}

Index generated_count(const SchroedingerBridgeOptions& options, const Communicator& comm) {
  Index count = options.generate->count;
  if (options.generate->from)
    comm.agree([&] { count = std::min(count, open_data(*options.generate->from)->rows()); });
  return count;
}

bool SchroedingerBridgeOptions::standardises() const {
  return latent->standardise == "true" || (latent->standardise == "auto" && !autoencoder.is_identity());
}

void describe(Section& section, BridgeMetricsOptions& options) {
  section
      .option(
          "report", options.report,
          "of samples: how they compare with the rows held out, in the data's space or (`_latent`) the "
          "bridge's, also as a classifier of labelled rows sees them, and error_parts: how much of the "
          "squared error pre-training, score, steps and early "
          "stopping make; through snapshots w1, w2, energy_distance of predictions (which are the default "
          "there)")
      .one_of(all_metrics());
  section
      .option("points", options.points,
              "most points of each side that distances are taken of, drawn at random; whole: all; auto: "
              "whole through "
              "snapshots, else 2000")
      .at_least(2)
      .one_of({"auto", "whole"});
  section
      .option("reference_steps", options.reference_steps,
              "of error_parts: steps that make as good as no error")
      .at_least(2);
  section.section("classifier", options.classifier,
                  "of labelled rows, which frechet_features, confidence and sure need");
}

namespace {

/// What belongs to one kind of bridge only.
void check_keys(Section& section, const SchroedingerBridgeOptions& options) {
  const bool through = options.populations.has_value();
  const auto refuse = [&](bool given, const char* key, const char* other) {
    if (given)
      section.error(key, fmt::format("belongs to bridges with `{}`; leave it out, or give that", other));
  };
  refuse(through && options.split.test > 0, "split", "data");
  refuse(through && !options.model.empty(), "model", "data");
  refuse(through && options.latent, "latent", "data");
  refuse(through && options.bridge, "bridge", "data");
  refuse(through && options.score, "score", "data");
  refuse(through && options.generate, "generate", "data");
  refuse(!through && !options.leave_out.empty(), "leave_out", "populations");
  refuse(!through && options.snapshots, "snapshots", "populations");
  for (const auto& name : options.metrics.report)
    if (!is_among(name, through ? of_snapshots : all_metrics()) || (!through && name == "w1"))
      section.error("metrics", fmt::format("found {}, which is not measured {}", name,
                                           through ? "through snapshots; allowed: w1, w2, energy_distance"
                                                   : "of samples; allowed: w2, energy_distance, frechet_pca, "
                                                     "nearest_neighbour, copying, these with _latent, "
                                                     "frechet_features, confidence, sure, and error_parts"));
  if (through && !options.autoencoder.is_identity())
    section.error("autoencoder",
                  "paths through snapshots go through the data's own space; leave it out, or give "
                  "principal components as `columns`");
  const bool between = options.bridge && options.bridge->start.is_ensemble();
  if (between && options.metrics.want_error_parts())
    section.error("metrics", "error_parts is for starts that are no ensemble; leave it out");
  if (between && options.score)
    section.error("score", "a bridge from an ensemble takes `bridge.drift` in its place; leave it out");
  if (options.generate && options.generate->by == "plan" && options.model.empty() &&
      (!between ||
       (options.bridge->drift && std::holds_alternative<NetworkDriftOptions>(options.bridge->drift->kind))))
    section.error("generate",
                  "`by: plan` is for starts from an ensemble with the drift `mixture` or `empirical`; give "
                  "`by: sde`");
  if (!between && options.generate && options.generate->from)
    section.error("generate", "`from` is for starts from an ensemble; leave it out");
  if (options.generate && options.generate->by == "plan" && !options.generate->times.empty())
    section.error("generate",
                  "`by: plan` draws ends alone, and has no `times`; leave them out, or give `by: sde`");
  if (!through && options.autoencoder.is_identity() && options.autoencoder.data)
    section.error("autoencoder", "`identity` has nothing to pre-train; leave `data` out");
}

}  // namespace

void describe(Section& section, SchroedingerBridgeOptions& options) {
  if (section.reading()) options.where = section.path();
  section.section("data", options.data, "rows whose law is the bridge's end");
  section.section("populations", options.populations, "in place of data: snapshots of a population");
  section.section("split", options.split, "what is kept from training", "test");
  section
      .option("leave_out", options.leave_out,
              "numbers of populations, from 0, that are not used, but predicted from their neighbours")
      .at_least(0);
  section.option("model", options.model,
                 "networks.h5 of an earlier run, whose space and drift are taken in place of what "
                 "`autoencoder`, `score` and `bridge.drift` say");
  section.section("latent", options.latent, "the space of the bridge", "dimension");
  section.section("autoencoder", options.autoencoder, "the way into that space and back");
  section.section("snapshots", options.snapshots, "paths through the populations");
  section.section("bridge", options.bridge, "the bridge's start and its steps");
  section.section("score", options.score, "the score, for starts that are no ensemble");
  section.section("generate", options.generate, "samples that are drawn afterwards");
  section.section("metrics", options.metrics, "what is measured", "report");
  if (!section.reading()) return;
  if (options.data.has_value() == options.populations.has_value())
    section.error("data", options.data ? "stands beside `populations`; give one of them"
                                       : "is missing; give `data: {..}` or `populations: {..}`");
  else
    check_keys(section, options);
  options.complete();
}

void SchroedingerBridgeOptions::complete() {
  const auto make = [&](auto& section, const char* key) {
    if (section) return;
    section.emplace();
    section->where = where + "." + key;
  };
  if (populations && !data) make(snapshots, "snapshots");
  if (!data || populations) return;
  if (!latent) latent.emplace();
  if (!generate) generate.emplace();
  make(bridge, "bridge");
  if (!bridge->start.is_ensemble()) return make(score, "score");
  if (bridge->drift) return;
  bridge->drift.emplace();
  bridge->drift->where = bridge->where + ".drift";
}

}  // namespace weir
