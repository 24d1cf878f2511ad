// What a `latent_diffusion` section holds.
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
#include "methods/latent_diffusion/decoder/ImageNetwork.hpp"
#include "weir/flows/RuleOptions.hpp"
#include "weir/networks/NetworkOptions.hpp"

namespace weir {

struct DiffusionLatentOptions {
  Index dimension = 16, particles = 5;
  std::string start = "pca";
  Real warm_up = 0;  ///< share of the epochs in which every datum has one particle
};

struct DecoderNetwork : NetworkOptions {
  static constexpr const char* key = "network";
  static constexpr const char* doc = "a multilayer perceptron";
  DecoderNetwork() {
    hidden = {128, 128};
    activation = "gelu";
  }
};
struct LinearDecoder {
  static constexpr const char* key = "linear";
  static constexpr const char* doc = "g(x) = W x + m";
};
/// ImageNetwork.hpp
struct ConvolutionalDecoder {
  static constexpr const char* key = "convolutional";
  static constexpr const char* doc = "a dense layer, then convolutions that double the image, level by level";
  std::optional<std::array<Index, 2>> image;  ///< height, width
  Index colours = 1;
  std::vector<Index> channels{32, 16};
  Index residual = 0;
  std::string activation = "gelu";
};
struct DecoderOptions {
  std::variant<DecoderNetwork, LinearDecoder, ConvolutionalDecoder> map;
  std::string likelihood = "gaussian";
  RealOrWord noise = Real(0.1);  ///< standard deviation of y given x, or learned

  const ConvolutionalDecoder* images() const { return std::get_if<ConvolutionalDecoder>(&map); }
  /// Of an Mlp; of a network of images the sizes of what goes in and comes out alone.
  MlpShape shape(Index latent, Index data) const;
  /// Throws InputError (key `where`) where rows of so many components are no such images.
  ImageShape image_shape(Index latent, Index data, const std::string& where) const;
  Index parameters(Index latent, Index data) const;
};

struct DiffusionPriorOptions {
  static constexpr const char* key = "diffusion";
  static constexpr const char* doc = "a diffusion model, by its score network";
  std::vector<Index> hidden{128, 128, 128};
  std::string activation = "gelu";
  bool residual = true, mixed = true, standardise = true;
  std::string schedule = "vp", force = "dsm", weight = "gaussian_log_snr";
  Index draws = 2;
  Real score_time = 3e-3;
};
struct GaussianPriorOptions {
  static constexpr const char* key = "gaussian";
  static constexpr const char* doc = "N(0, I)";
};
struct MixturePriorOptions {
  static constexpr const char* key = "mixture";
  static constexpr const char* doc =
      "a mixture of Gaussians, fitted to latents that were trained with N(0, I)";
  Index components = 10;
};
struct PriorOptions {
  std::variant<DiffusionPriorOptions, GaussianPriorOptions, MixturePriorOptions> law;

  const DiffusionPriorOptions* diffusion() const { return std::get_if<DiffusionPriorOptions>(&law); }
  const MixturePriorOptions* mixture() const { return std::get_if<MixturePriorOptions>(&law); }
};

struct DiffusionLatentBlock {
  ParticleRuleChoice rule;
  Index substeps = 1;
  DiffusionLatentBlock();
};
struct NetworkBlock {
  ParameterRuleChoice rule;
  NetworkBlock();
};
struct LatentDiffusionTrainOptions {
  Index epochs = 150, batch = 128;
  std::string order = "together";
  bool prior_afterwards = false, catch_up = false;
  Real temperature = 1;
  DiffusionLatentBlock latents;
  NetworkBlock decoder, prior;
  AmortisedOptions posterior;
  Index reports = 30;
  LatentDiffusionTrainOptions();
};

/// Rows of which columns [a, b) are known, and the rest is drawn.
struct CompleteOptions : GivenColumns {
  CompleteOptions() : GivenColumns(500) {}
};
/// Rows between pairs of held-out rows.
struct InterpolateOptions {
  Index pairs = 8, points = 9;
  std::string path = "arc";
};
struct LatentDiffusionGenerateOptions {
  Index count = 2000, steps = 200;
  std::string sampler = "reverse_sde";
  Real tolerance = 1e-4;
  std::optional<CompleteOptions> given;
  std::optional<InterpolateOptions> interpolate;
};
/// AnnealedLikelihood.hpp
struct DiffusionLikelihoodOptions {
  Index rows = 200, chains = 8, temperatures = 1000;
  Real step = 0.05;
};
struct LatentDiffusionMetricsOptions : GenerationMetricsOptions {};

struct LatentDiffusionOptions {
  GenerativeDataOptions data;
  SplitOptions split;
  DiffusionLatentOptions latent;
  DecoderOptions decoder;
  PriorOptions prior;
  std::string posterior = "particles";
  LatentDiffusionTrainOptions train;
  PathValue model;
  LatentDiffusionGenerateOptions generate;
  std::optional<DiffusionLikelihoodOptions> likelihood;
  LatentDiffusionMetricsOptions metrics;
  std::string where;

  bool amortised() const { return posterior == "amortised"; }
  bool wants_reconstructions() const { return metrics.wants("reconstruction") || generate.interpolate; }
};

void describe(Section& section, DiffusionLatentOptions& options);
void describe(Section& section, DecoderNetwork& options);
void describe(Section& section, LinearDecoder& options);
void describe(Section& section, ConvolutionalDecoder& options);
void describe(Section& section, DecoderOptions& options);
void describe(Section& section, DiffusionPriorOptions& options);
void describe(Section& section, GaussianPriorOptions& options);
void describe(Section& section, MixturePriorOptions& options);
void describe(Section& section, PriorOptions& options);
void describe(Section& section, CompleteOptions& options);
void describe(Section& section, InterpolateOptions& options);
void describe(Section& section, DiffusionLatentBlock& options);
void describe(Section& section, NetworkBlock& options);
void describe(Section& section, LatentDiffusionTrainOptions& options);
void describe(Section& section, LatentDiffusionGenerateOptions& options);
void describe(Section& section, DiffusionLikelihoodOptions& options);
void describe(Section& section, LatentDiffusionMetricsOptions& options);
void describe(Section& section, LatentDiffusionOptions& options);

}  // namespace weir
