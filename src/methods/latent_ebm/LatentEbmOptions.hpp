// What a `latent_ebm` section holds.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "methods/generative/AmortisedPosterior.hpp"
#include "methods/generative/Data.hpp"
#include "methods/generative/GenerationMetrics.hpp"
#include "methods/generative/GivenColumns.hpp"
#include "weir/flows/RuleOptions.hpp"
#include "weir/networks/NetworkOptions.hpp"

namespace weir {

/// f of the energy E(x, z) = f(x, z) + confinement.
struct EnergyNetworkOptions : NetworkOptions {
  static constexpr const char* key = "network";
  static constexpr const char* doc = "a network on data and latents, beside the confinement";
  Real first_layer_scale = 1.5;
  EnergyNetworkOptions() { activation = "silu"; }
};
/// E(x, z) = |x - W z - m|^2 / (2 noise^2) + |z|^2 / 2
struct LinearGaussianOptions {
  static constexpr const char* key = "linear_gaussian";
  static constexpr const char* doc = "|x - W z - m|^2 / (2 noise^2) + |z|^2 / 2, whose law is known";
  Real noise = 1;
  bool mean = true;  ///< whether m is learned, or 0
};
struct ConfinementOptions {
  Real data = 0.05, latent = 1;
};
struct LatentEnergyOptions {
  std::variant<EnergyNetworkOptions, LinearGaussianOptions> kind;
  ConfinementOptions confinement;
  Real magnitude_penalty = 0;

  bool is_network() const { return std::holds_alternative<EnergyNetworkOptions>(kind); }
};

struct LatentOptions {
  Index dimension = 1, particles = 2;
};

/// Proposals that are independent of where a particle stands, accepted by Metropolis and Hastings.
struct MetropolisedRestart {
  static constexpr const char* key = "metropolised";
  static constexpr const char* doc = "a new place is proposed, and accepted by Metropolis and Hastings";
  static constexpr const char* shorthand = "probability";
  Real probability = 0.05;
  Index centres = 256;
  Real bandwidth = 0.3;
};
struct NoiseRestart {
  static constexpr const char* key = "noise";
  static constexpr const char* doc = "a particle begins again at noise, whatever its energy there";
  static constexpr const char* shorthand = "probability";
  Real probability = 0.005;
};
struct RestartOptions {
  std::variant<MetropolisedRestart, NoiseRestart> kind;
};

struct LatentBlockOptions {
  ParticleRuleChoice rule;
  Index substeps = 3;
  LatentBlockOptions();
};
struct NegativeBlockOptions {
  Index particles = 1024;
  ParticleRuleChoice rule;
  Index substeps = 5;
  std::optional<RestartOptions> restart = RestartOptions();
  NegativeBlockOptions();
};
struct ParameterBlockOptions {
  ParameterRuleChoice rule;
  ParameterBlockOptions();
};

struct LatentEbmTrainOptions {
  Index iterations = 2000, batch = 512;
  LatentBlockOptions latents;
  NegativeBlockOptions negatives;
  ParameterBlockOptions parameters;
  AmortisedOptions posterior;  ///< where it is amortised
  Real data_noise = 0;
  Real temperature = 1;
  std::string on_divergence = "halve";
  Index reports = 40;
};

/// Samples of the rest of a row, given some of its columns.
struct GivenOptions : GivenColumns {
  GivenOptions() : GivenColumns(1500) {}
};
/// What is done with every held-out row x, or row of a file: z given x, and x given that z.
struct ReconstructOptions {
  std::optional<FileRows> file;
  Index steps = 300;
};
/// x given latents of a file, one a row, in the units that latents have inside.
struct FromLatentsOptions {
  FileRows file;
  Index steps = 1500;
};
struct LatentEbmGenerateOptions {
  Index count = 2000, steps = 3000;
  std::string start = "pool";
  bool denoise = false;
  std::optional<GivenOptions> given;
  std::optional<ReconstructOptions> reconstruct;
  std::optional<FromLatentsOptions> from_latents;
};

/// log p(x) of held-out rows.
struct LikelihoodOptions {
  std::string by = "auto";
  Index rows = 1000;
  std::optional<FileRows> file;  ///< rows to score in place of those held out
  Index grid = 160;              ///< points along each axis of x
  IndexOrWord latent_grid = "auto";
  Index chains = 2048;  ///< of log Z
  Index temperatures = 1000;
  Index repeats = 8;  ///< chains of every row
  bool gaussian_bound = false;
};

struct LatentEbmMetricsOptions : GenerationMetricsOptions {};

struct LatentEbmOptions {
  GenerativeDataOptions data;
  SplitOptions split;
  std::string standardise = "default";
  LatentOptions latent;
  LatentEnergyOptions energy;
  std::string posterior = "particles";
  LatentEbmTrainOptions train;
  PathValue model;
  LatentEbmGenerateOptions generate;
  std::optional<LikelihoodOptions> likelihood;
  LatentEbmMetricsOptions metrics;
  std::string where;

  Index latent_dimension() const { return posterior == "none" ? 0 : latent.dimension; }
  /// How columns are standardised.
  std::string standardisation() const;
};

void describe(Section& section, EnergyNetworkOptions& options);
void describe(Section& section, LinearGaussianOptions& options);
void describe(Section& section, ConfinementOptions& options);
void describe(Section& section, LatentEnergyOptions& options);
void describe(Section& section, LatentOptions& options);
void describe(Section& section, MetropolisedRestart& options);
void describe(Section& section, NoiseRestart& options);
void describe(Section& section, RestartOptions& options);
void describe(Section& section, LatentBlockOptions& options);
void describe(Section& section, NegativeBlockOptions& options);
void describe(Section& section, ParameterBlockOptions& options);
void describe(Section& section, LatentEbmTrainOptions& options);
void describe(Section& section, GivenOptions& options);
void describe(Section& section, ReconstructOptions& options);
void describe(Section& section, FromLatentsOptions& options);
void describe(Section& section, LatentEbmGenerateOptions& options);
void describe(Section& section, LikelihoodOptions& options);
void describe(Section& section, LatentEbmMetricsOptions& options);
void describe(Section& section, LatentEbmOptions& options);

}  // namespace weir
