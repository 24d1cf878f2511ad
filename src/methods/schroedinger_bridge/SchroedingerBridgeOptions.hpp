// What a `schroedinger_bridge` section holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "methods/generative/GenerationMetrics.hpp"
#include "methods/populations/Populations.hpp"
#include "methods/schroedinger_bridge/latent/BridgeOptions.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotMetrics.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotPathOptions.hpp"

namespace weir {

struct BridgeMetricsOptions {
  std::vector<std::string> report;
  IndexOrWord points = "auto";
  Index reference_steps = 1000;
  ClassifierOptions classifier;

  /// Through snapshots: w1, w2 and energy_distance of whole populations, unless the deck says otherwise.
  SnapshotMetricsOptions of_snapshots() const;
  /// Metrics of generated rows: 2000 points, unless the deck says otherwise.
  GenerationMetricsOptions of_samples() const;
  bool want_error_parts() const;
};

struct SchroedingerBridgeOptions {
  // Either through snapshots of a population ..
  std::optional<PopulationsOptions> populations;
  std::vector<Index> leave_out;
  std::optional<SnapshotPathOptions> snapshots;
  // .. or to the law of data.
  std::optional<GenerativeDataOptions> data;
  SplitOptions split;
  std::optional<LatentSpaceOptions> latent;
  std::optional<BridgeOptions> bridge;
  std::optional<ScoreOptions> score;  ///< of starts that are no ensemble
  std::optional<GenerateOptions> generate;

  PathValue model;  ///< of an earlier run, whose space and drift are taken
  AutoencoderOptions autoencoder;
  BridgeMetricsOptions metrics;
  std::string where;

  /// Once read, the sections of the bridge at hand are there, and no others.
  void complete();
  /// Whether latents are standardised.
  bool standardises() const;
};

/// Collective: samples that are drawn, of a bridge to the law of data.
Index generated_count(const SchroedingerBridgeOptions& options, const Communicator& comm);

void describe(Section& section, BridgeMetricsOptions& options);
void describe(Section& section, SchroedingerBridgeOptions& options);

}  // namespace weir
