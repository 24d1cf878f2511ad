// What a deck says of a bridge to the law of data: its space, its start, its drift, its steps.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "methods/generative/Data.hpp"
#include "weir/networks/NetworkOptions.hpp"
#include "weir/training/TrainOptions.hpp"

namespace weir {

/// A training whose length is counted in iterations.
struct IterationTrainOptions : TrainOptions {
  Index iterations = 3000, batch = 128;
  IterationTrainOptions(Index iterations = 3000, Index batch = 128, Real rate = 2e-3, Real average = 0.999);
};
void describe(Section& section, IterationTrainOptions& options);

struct IdentityOptions {
  static constexpr const char* key = "identity";
  static constexpr const char* doc = "the data's own space";
};
struct PrincipalOptions {
  static constexpr const char* key = "linear";
  static constexpr const char* doc = "principal components";
};
struct AutoencoderNetworkOptions : NetworkOptions {
  static constexpr const char* key = "network";
  static constexpr const char* doc = "two perceptrons, the decoder with the widths in reverse order";
  AutoencoderNetworkOptions() {
    hidden = {128, 64};
    activation = "silu";
  }
};
struct ReadAutoencoderOptions {
  static constexpr const char* key = "model";
  static constexpr const char* doc = "read from the networks.h5 of an earlier run";
  static constexpr const char* shorthand = "path";
  PathValue path;
};
struct AutoencoderTrainOptions : BatchTrainOptions {
  AutoencoderTrainOptions() {
    epochs = 200;
    batch = 128;
  }
};
struct AutoencoderOptions {
  std::variant<IdentityOptions, PrincipalOptions, AutoencoderNetworkOptions, ReadAutoencoderOptions> kind;
  std::optional<GenerativeDataOptions> data;  ///< to pre-train on; else the training rows
  AutoencoderTrainOptions train;
  std::string where;

  bool is_identity() const { return std::holds_alternative<IdentityOptions>(kind); }
};
struct LatentSpaceOptions {
  std::optional<Index> dimension;
  std::string standardise = "auto";
};
void describe(Section& section, IdentityOptions& options);
void describe(Section& section, PrincipalOptions& options);
void describe(Section& section, AutoencoderNetworkOptions& options);
void describe(Section& section, ReadAutoencoderOptions& options);
void describe(Section& section, AutoencoderTrainOptions& options);
void describe(Section& section, AutoencoderOptions& options);
void describe(Section& section, LatentSpaceOptions& options);

struct ConvolvedStart {
  static constexpr const char* key = "convolved";
  static constexpr const char* doc = "the data's law, blurred by sigma";
};
struct PointStart {
  static constexpr const char* key = "point";
  static constexpr const char* doc = "the origin (Schroedinger-Foellmer)";
};
struct GaussianStart {
  static constexpr const char* key = "gaussian";
  static constexpr const char* doc = "the normal law with the moments of the blurred data";
};
struct EnsembleStart : GenerativeDataOptions {
  static constexpr const char* key = "ensemble";
  static constexpr const char* doc = "rows of another law, coupled with the data by entropic transport";
};
struct StartOptions {
  std::variant<ConvolvedStart, PointStart, GaussianStart, EnsembleStart> law;
  bool is_ensemble() const { return std::holds_alternative<EnsembleStart>(law); }
  /// As decks have it.
  std::string name() const {
    return std::visit([](const auto& start) { return std::string(start.key); }, law);
  }
};
void describe(Section& section, ConvolvedStart& options);
void describe(Section& section, PointStart& options);
void describe(Section& section, GaussianStart& options);
void describe(Section& section, EnsembleStart& options);
void describe(Section& section, StartOptions& options);

struct EmpiricalDriftOptions {
  static constexpr const char* key = "empirical";
  static constexpr const char* doc = "exact for the rows at hand, which it ends at";
};
struct MixtureDriftOptions {
  static constexpr const char* key = "mixture";
  static constexpr const char* doc = "potentials that are Gaussian mixtures (LightSB)";
  Index components = 50;
  Real shape = 0.1, spread = 1;
  IterationTrainOptions train{2000, 256, 2e-2, 0};
};
struct NetworkDriftOptions : NetworkOptions {
  static constexpr const char* key = "network";
  static constexpr const char* doc = "a perceptron, by bridge matching on the entropic plan";
  Index partners = 16;
  IterationTrainOptions train{4000, 256, 2e-3, 0.999};
  NetworkDriftOptions() {
    hidden = {128, 128, 128};
    activation = "silu";
  }
};
struct DriftOptions {
  std::variant<MixtureDriftOptions, EmpiricalDriftOptions, NetworkDriftOptions> kind;
  std::string where;
};
struct ScoreNetworkOptions : NetworkOptions {
  static constexpr const char* key = "network";
  static constexpr const char* doc = "a perceptron, by denoising";
  ScoreNetworkOptions() {
    hidden = {128, 128, 128};
    activation = "silu";
  }
};
struct ScoreOptions {
  std::variant<ScoreNetworkOptions, EmpiricalDriftOptions> kind;
  IterationTrainOptions train;
  std::string keep = "watched";
  Index patience = 10;  ///< reports; 0: for ever
  std::string where;
};
struct PlanOptions {
  Real tolerance = 1e-4;
  Index max_iterations = 5000;
};
struct BridgeOptions {
  StartOptions start;
  std::optional<Real> sigma;
  Index steps = 100;
  Real stop = 0.999;
  std::string grid = "geometric", last_step = "noise_free";
  std::optional<DriftOptions> drift;  ///< of a start from an ensemble
  PlanOptions sinkhorn;
  std::string where;
};
struct GenerateOptions {
  Index count = 1000;
  std::optional<FileRows> from;  ///< where paths start, in place of held-out rows of `bridge.start.ensemble`
  std::string by = "sde";
  std::vector<Real> times;
};
void describe(Section& section, EmpiricalDriftOptions& options);
void describe(Section& section, MixtureDriftOptions& options);
void describe(Section& section, NetworkDriftOptions& options);
void describe(Section& section, DriftOptions& options);
void describe(Section& section, ScoreNetworkOptions& options);
void describe(Section& section, ScoreOptions& options);
void describe(Section& section, PlanOptions& options);
void describe(Section& section, BridgeOptions& options);
void describe(Section& section, GenerateOptions& options);

}  // namespace weir
