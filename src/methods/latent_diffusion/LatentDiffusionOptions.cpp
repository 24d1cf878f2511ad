#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"

#include "weir/base/Error.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

namespace {

/// Adam with a second moment of .99, half of the training at full rate, then a cosine to 2%; averaged.
ParameterRuleOptions network_rule() {
  ParameterRuleOptions adam;
  adam.rate = 3e-3;
  adam.second_moment = 0.99;
  adam.schedule = "cosine";
  adam.hold = 0.5;
  adam.final = 0.02;
  adam.average = 0.999;
  return adam;
}

}  // namespace

DiffusionLatentBlock::DiffusionLatentBlock() {
  rule.rule = PreconditionedLangevinOptions();
}

NetworkBlock::NetworkBlock() {
  rule.rule = network_rule();
}

LatentDiffusionTrainOptions::LatentDiffusionTrainOptions() {
  posterior.network.hidden = {128, 128};
  posterior.network.activation = "gelu";
  posterior.rule.rule = network_rule();
}

MlpShape DecoderOptions::shape(Index latent, Index data) const {
  if (const auto* network = std::get_if<DecoderNetwork>(&map)) return network->shape(latent, data);
  MlpShape linear;
  linear.inputs = latent;
  linear.outputs = data;
  linear.hidden.clear();
  return linear;
}

ImageShape DecoderOptions::image_shape(Index latent, Index data, const std::string& where) const {
  const ConvolutionalDecoder& options = *images();
  ImageShape shape;
  shape.latent = latent;
  shape.height = (*options.image)[0];
  shape.width = (*options.image)[1];
  shape.colours = options.colours;
  shape.channels = options.channels;
  shape.residual = options.residual;
  shape.activation = activation_named(options.activation);
  const std::string key = where + ".decoder.convolutional";
  if (shape.outputs() != data)
    throw InputError(key + ".image",
                     fmt::format("{} x {} pixels of {} numbers make {}, and rows have {} components",
                                 shape.height, shape.width, shape.colours, shape.outputs(), data));
  const Index factor = Index(1) << shape.levels();
  if (shape.height % factor != 0 || shape.width % factor != 0)
    throw InputError(
        key + ".channels",
        fmt::format("{} levels double an image {} times, and {} x {} cannot be halved so often; give "
                    "fewer channels",
                    shape.levels(), shape.levels(), shape.height, shape.width));
  return shape;
}

Index DecoderOptions::parameters(Index latent, Index data) const {
  if (images()) return image_shape(latent, data, "").parameters();
  return Mlp<Real>(shape(latent, data)).parameters();
}

void describe(Section& section, DiffusionLatentOptions& options) {
  section.option("dimension", options.dimension, "components of a latent").at_least(1);
  section.option("particles", options.particles, "latents of every datum").at_least(1);
  section
      .option("start", options.start,
              "pca: at the datum's principal components, of unit variance with some noise; noise: standard "
              "normal")
      .one_of({"pca", "noise"});
  section
      .option("warm_up", options.warm_up,
              "share of the epochs in which every datum has one particle; copies of it start the rest")
      .at_least(0)
      .below(1);
}

void describe(Section& section, DecoderNetwork& options) {
  describe(section, static_cast<NetworkOptions&>(options));
}

void describe(Section&, LinearDecoder&) {}

void describe(Section& section, ConvolutionalDecoder& options) {
  section
      .option("image", options.image, "height and width of an image, whose rows of pixels are a row of data")
      .at_least(1);
  section.option("colours", options.colours, "numbers of a pixel, which stand side by side").at_least(1);
  section
      .option("channels", options.channels,
              "of the smallest feature map, then after each doubling of height and width")
      .at_least(1)
      .entries(1, 16);
  section.option("residual", options.residual, "residual blocks after each level").at_least(0);
  section.option("activation", options.activation, "of the hidden layers").one_of(activation_names());
  if (section.reading() && !options.image)
    section.error("image", "missing; give height and width of an image, [28, 28] say");
}

void describe(Section& section, DecoderOptions& options) {
  section.one_of(options.map, "g, which gives the data of a latent");
  section
      .option("likelihood", options.likelihood,
              "gaussian: y = g(x) + noise; bernoulli: y in [0, 1], of probability 1 / (1 + exp(-g(x)))")
      .one_of({"gaussian", "bernoulli"});
  section.option("noise", options.noise, "standard deviation of y given x, or learned")
      .one_of({"learned"})
      .above(0);
}

void describe(Section& section, DiffusionPriorOptions& options) {
  section.option("hidden", options.hidden, "widths of the score network's hidden layers")
      .at_least(1)
      .entries(1, 64);
  section.option("activation", options.activation, "of the hidden layers").one_of(activation_names());
  section.option("residual", options.residual, "hidden layers add what goes in, where their widths agree");
  section.option("mixed", options.mixed, "the network corrects the score of N(0, I)");
  section.option("standardise", options.standardise, "latents are standardised by running moments before it");
  section.option("schedule", options.schedule, "how data turn into noise").one_of({"vp", "cosine", "ve"});
  section
      .option("force", options.force,
              "of the prior on latents: dsm, the gradient of the bound; score, the score at `score_time`")
      .one_of({"dsm", "score"});
  section
      .option("weight", options.weight,
              "of the loss over noise: gaussian_log_snr, exp(-(lambda / 2.5)^2 / 2); likelihood, 1")
      .one_of({"gaussian_log_snr", "likelihood"});
  section
      .option("draws", options.draws,
              "of time and noise, for each particle and iteration; two are a pair of opposite noise")
      .at_least(1);
  section.option("score_time", options.score_time, "time of the diffusion at which `force: score` looks")
      .above(0)
      .below(1);
}

void describe(Section&, GaussianPriorOptions&) {}

void describe(Section& section, MixturePriorOptions& options) {
  section.option("components", options.components, "Gaussians of the mixture").at_least(1).at_most(64);
}

void describe(Section& section, PriorOptions& options) {
  section.one_of(options.law, "the law of latents");
}

void describe(Section& section, DiffusionLatentBlock& options) {
  section.section("rule", options.rule, "how latents move");
  section.option("substeps", options.substeps, "moves of a batch's latents in an iteration").at_least(1);
}

void describe(Section& section, NetworkBlock& options) {
  section.section("rule", options.rule, "how it descends");
}

void describe(Section& section, LatentDiffusionTrainOptions& options) {
  section.option("epochs", options.epochs, "times that every datum is used").at_least(1);
  section.option("batch", options.batch, "data an iteration, rounded to whole tiles").at_least(1);
  section
      .option("order", options.order,
              "together: every block from the old state; in_turn: each sees what moved before")
      .one_of({"together", "in_turn"});
  section.option("prior_afterwards", options.prior_afterwards,
                 "two stages: latents and decoder are trained with N(0, I), then the prior on these latents");
  section.option("catch_up", options.catch_up,
                 "a datum that missed r iterations makes a step of size (1 + r) h when its turn comes; for "
                 "`latents.rule: langevin`");
  section.option("temperature", options.temperature, "of the latents").above(0);
  section.section("latents", options.latents, "particles of x given a datum");
  section.section("decoder", options.decoder, "its parameters");
  section.section("prior", options.prior, "the score network's parameters");
  section.section("posterior", options.posterior, "the Gaussian q(x | y), where the posterior is amortised");
  section.option("reports", options.reports, "rows of metrics.csv").at_least(1);
}

void describe(Section& section, CompleteOptions& options) {
  describe_given(section, options, "moves of every latent");
}

void describe(Section& section, InterpolateOptions& options) {
  section.option("pairs", options.pairs, "of held-out rows: the first and the second, ..").at_least(1);
  section.option("points", options.points, "of each path, both ends included").at_least(2);
  section
      .option("path", options.path,
              "between the ends' standardised latents: line; arc, on which lengths go evenly from one to the "
              "other")
      .one_of({"arc", "line"});
}

void describe(Section& section, LatentDiffusionGenerateOptions& options) {
  section.option("count", options.count, "samples").at_least(1);
  section
      .option("sampler", options.sampler,
              "reverse_sde: ancestral steps, the last without noise; probability_flow: the flow of the same "
              "marginals, "
              "by PETSc's adaptive Runge-Kutta method")
      .one_of({"reverse_sde", "probability_flow"});
  section.option("steps", options.steps, "of reverse_sde").at_least(1);
  section.option("tolerance", options.tolerance, "of probability_flow: local error of a step").above(0);
  section.section("given", options.given, "rows are completed of which some columns are given");
  section.section("interpolate", options.interpolate, "rows between held-out rows are drawn");
}

void describe(Section& section, DiffusionLikelihoodOptions& options) {
  section.option("rows", options.rows, "most held-out rows whose likelihood is found").at_least(2);
  section.option("chains", options.chains, "of every row, from generated latents").at_least(1);
  section.option("temperatures", options.temperatures, "steps from the prior to the posterior").at_least(1);
  section.option("step", options.step, "of a chain, by preconditioned_langevin").above(0);
}

void describe(Section& section, LatentDiffusionMetricsOptions& options) {
  std::vector<std::string> allowed = generation_metric_names();
  allowed.push_back("reconstruction");
  describe_metrics(section, options, allowed);
}

void describe(Section& section, LatentDiffusionOptions& options) {
  if (section.reading()) options.where = section.path();
  section.required_section("data", options.data, "the rows whose law is learned");
  section.section("split", options.split, "what is kept from training", "test");
  section.section("latent", options.latent, "the latents");
  section.section("decoder", options.decoder, "the likelihood of data given latents");
  section.section("prior", options.prior, "the law of latents");
  section
      .option("posterior", options.posterior,
              "latents of data: particles; amortised: a Gaussian whose mean and deviation are a network of "
              "the datum")
      .one_of({"particles", "amortised"});
  section.section("train", options.train, "how it is trained");
  section.option("model", options.model, "networks.h5 of an earlier run, in place of a training");
  section.section("generate", options.generate, "samples that are drawn afterwards");
  section.section("likelihood", options.likelihood, "the likelihood of held-out rows, by annealed chains");
  section.section("metrics", options.metrics, "how samples are compared with the rows that were held out",
                  "report");
}

}  // namespace weir
