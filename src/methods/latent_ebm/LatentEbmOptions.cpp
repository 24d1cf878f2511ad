#include "methods/latent_ebm/LatentEbmOptions.hpp"

namespace weir {

LatentBlockOptions::LatentBlockOptions() {
  MalaOptions mala;
  mala.step = Real(0.1);
  mala.target = 0.75;
  rule.rule = mala;
}

NegativeBlockOptions::NegativeBlockOptions() {
  MalaOptions mala;
  mala.step = std::vector<Real>{0.01, 0.1};
  mala.target = 0.6;
  rule.rule = mala;
}

ParameterBlockOptions::ParameterBlockOptions() {
  ParameterRuleOptions adam;
  adam.rate = 1e-2;
  adam.clip = 1;
  adam.warm_up = 100;
  adam.schedule = "cosine";
  adam.final = 0.02;
  adam.average = 0.998;
  rule.rule = adam;
}

std::string LatentEbmOptions::standardisation() const {
  if (standardise != "default") return standardise;
  return energy.is_network() ? "true" : "false";
}

void describe(Section& section, EnergyNetworkOptions& options) {
  describe(section, static_cast<NetworkOptions&>(options));
  section
      .option(
          "first_layer_scale", options.first_layer_scale,
          "first weights have this deviation over the root of the inputs, in place of the usual gain: larger "
          "ones see finer structure")
      .above(0);
}

void describe(Section& section, LinearGaussianOptions& options) {
  section.option("noise", options.noise, "standard deviation of x given z").above(0);
  section.option("mean", options.mean, "learn m; false: it is 0");
}

void describe(Section& section, ConfinementOptions& options) {
  section.option("data", options.data, "a of a |x|^2 / 2, in standardised units").above(0);
  section.option("latent", options.latent, "b of b |z|^2 / 2").above(0);
}

void describe(Section& section, LatentEnergyOptions& options) {
  section.one_of(options.kind, "the energy of data and latents");
  section.section("confinement", options.confinement, "what keeps particles together, beside a network");
  section
      .option("magnitude_penalty", options.magnitude_penalty,
              "weight of the mean square of the network's values, which keeps energies small")
      .at_least(0);
  if (section.reading() && !options.is_network() && section.given("confinement"))
    section.error("confinement", "linear_gaussian takes none: its law has none; leave it out");
}

void describe(Section& section, LatentOptions& options) {
  section.option("dimension", options.dimension, "components of a latent").at_least(1);
  section.option("particles", options.particles, "latents of every datum").at_least(1);
}

void describe(Section& section, MetropolisedRestart& options) {
  section
      .option("probability", options.probability,
              "chance that a particle is offered a new place in an iteration")
      .above(0)
      .at_most(1);
  section.option("centres", options.centres, "training rows about which places are proposed").at_least(1);
  section.option("bandwidth", options.bandwidth, "standard deviation about them, in standardised units")
      .above(0);
}

void describe(Section& section, NoiseRestart& options) {
  section.option("probability", options.probability, "of a particle's beginning again, in an iteration")
      .above(0)
      .at_most(1);
}

void describe(Section& section, RestartOptions& options) {
  section.one_of(options.kind, "how particles are placed anew");
}

void describe(Section& section, LatentBlockOptions& options) {
  section.section("rule", options.rule, "how latents move");
  section.option("substeps", options.substeps, "moves of a batch's latents in an iteration").at_least(1);
}

void describe(Section& section, NegativeBlockOptions& options) {
  section.option("particles", options.particles, "particles of the pool").at_least(1);
  section.section("rule", options.rule,
                  "how they move; a step for data and one for latents, or one for both");
  section.option("substeps", options.substeps, "moves of the pool in an iteration").at_least(1);
  section.section("restart", options.restart, "whether particles are placed anew now and then; false: never");
}

void describe(Section& section, ParameterBlockOptions& options) {
  section.section("rule", options.rule, "how they ascend");
}

void describe(Section& section, LatentEbmTrainOptions& options) {
  section.option("iterations", options.iterations, "steps of the training").at_least(1);
  section.option("batch", options.batch, "rows of data an iteration, rounded to whole tiles").at_least(1);
  section.section("latents", options.latents, "particles of z given a datum");
  section.section("negatives", options.negatives, "the pool of particles of (x, z)");
  section.section("parameters", options.parameters, "the energy's parameters");
  section.section("posterior", options.posterior, "the Gaussian q(z | x), where the posterior is amortised");
  section
      .option(
          "data_noise", options.data_noise,
          "standard deviation of noise on the rows, in the units of the data, drawn anew in every iteration")
      .at_least(0);
  section.option("temperature", options.temperature, "of all particles while the energy is trained").above(0);
  section
      .option("on_divergence", options.on_divergence,
              "halve: a training that fails goes back, once, to where it was healthy, with half the rate; "
              "stop: the "
              "run ends there")
      .one_of({"halve", "stop"});
  section
      .option("reports", options.reports,
              "rows of metrics.csv; by them a training is watched, so not fewer than some 20")
      .at_least(1);
}

void describe(Section& section, GivenOptions& options) {
  describe_given(section, options, "moves of every chain");
}

void describe(Section& section, ReconstructOptions& options) {
  section.section("file", options.file, "rows of x in place of those held out", "path");
  section.option("steps", options.steps, "moves of every chain").at_least(1);
}

void describe(Section& section, FromLatentsOptions& options) {
  section.required_section("file", options.file, "latents z, one a row", "path");
  section.option("steps", options.steps, "moves of every chain").at_least(1);
}

void describe(Section& section, LikelihoodOptions& options) {
  section
      .option("by", options.by,
              "grid: sums over x and z, of at most 4 components together; annealing: annealed importance "
              "sampling; "
              "auto: a grid where that can be")
      .one_of({"auto", "grid", "annealing"});
  section.option("rows", options.rows, "most rows whose likelihood is found").at_least(2);
  section.section("file", options.file, "rows whose likelihood is found; by default those held out", "path");
  section.option("grid", options.grid, "points of the grid along each component of x")
      .at_least(8)
      .at_most(4096);
  section
      .option("latent_grid", options.latent_grid,
              "the same of z; auto: 64, 32 or 16 where z has 1, 2 or more components")
      .at_least(8)
      .at_most(4096)
      .one_of({"auto"});
  section.option("chains", options.chains, "of the annealing for log Z").at_least(2);
  section.option("temperatures", options.temperatures, "steps of the annealing").at_least(1);
  section.option("repeats", options.repeats, "chains of every row in the annealing for log p(x)").at_least(1);
  section.option(
      "gaussian_bound", options.gaussian_bound,
      "fit a Gaussian q(z | x) to the model, and report its bound beside that of annealed particles");
}

void describe(Section& section, LatentEbmGenerateOptions& options) {
  section.option("count", options.count, "samples").at_least(1);
  section.option("steps", options.steps, "moves of every chain").at_least(0);
  section.option("start", options.start, "where chains begin: at particles of the pool, or at normal noise")
      .one_of({"pool", "noise"});
  section.option("denoise", options.denoise, "take the noise of `data_noise` off the samples");
  section.section("given", options.given, "samples of the other columns where some are given", "columns");
  section.section("reconstruct", options.reconstruct,
                  "latents of every held-out row, and a row drawn from each of these, from noise");
  section.section("from_latents", options.from_latents, "a row drawn from each latent of a file", "file");
}

void describe(Section& section, LatentEbmMetricsOptions& options) {
  describe_metrics(section, options, generation_metric_names());
}

namespace {

/// Keys that would have no effect, or no meaning, beside others.
void check_together(Section& section, const LatentEbmOptions& options) {
  // What a model that is read has is known later (LatentEbm::check_model).
  const bool latents = options.latent_dimension() > 0 || !options.model.empty(),
             tempered = options.train.temperature != 1;
  if (!options.energy.is_network() && options.energy.magnitude_penalty > 0)
    section.error("energy", "`magnitude_penalty` is of a network's values; leave it out for linear_gaussian");
  if (!latents && options.generate.reconstruct)
    section.error("generate", "`reconstruct` goes through latents, and there are none; leave it out");
  if (!latents && options.generate.from_latents)
    section.error("generate", "`from_latents` is given latents, and there are none; leave it out");
  if (!latents && options.likelihood && options.likelihood->gaussian_bound)
    section.error("likelihood", "`gaussian_bound` is of latents, and there are none; leave it out");
  if (options.generate.denoise && options.train.data_noise == 0 && options.model.empty())
    section.error("generate",
                  "`denoise` takes off what `train.data_noise` put on, and that is 0; leave it out");
  if (tempered && !options.energy.is_network())
    section.error("train", "`temperature` other than 1 is for a network; leave it out for linear_gaussian");
  const auto has_momentum = [](const ParticleRuleChoice& choice) {
    return std::holds_alternative<UnderdampedLangevinOptions>(rule_of(choice));
  };
  if (tempered && (has_momentum(options.train.latents.rule) || has_momentum(options.train.negatives.rule)))
    section.error("train",
                  "`temperature` other than 1 is for movers without momentum; choose another rule than "
                  "underdamped_langevin, or leave it out");
  if (tempered && options.posterior == "amortised")
    section.error(
        "train",
        "`temperature` other than 1 is for particles; leave it out, or choose `posterior: particles`");
}

}  // namespace

void describe(Section& section, LatentEbmOptions& options) {
  if (section.reading()) options.where = section.path();
  section.required_section("data", options.data, "the rows whose law is learned");
  section.section("split", options.split, "what is kept from training", "test");
  section
      .option(
          "standardise", options.standardise,
          "columns have mean 0 and variance 1 inside, and are brought back on output: true, false, or whiten "
          "(uncorrelated besides); default: true for a network, false for linear_gaussian")
      .one_of({"default", "true", "false", "whiten"});
  section.section("latent", options.latent, "the latents");
  section.section("energy", options.energy, "the energy of data and latents");
  section
      .option("posterior", options.posterior,
              "latents of data: particles; amortised: a Gaussian whose mean and deviation are a network of "
              "x; none: "
              "an energy of x alone")
      .one_of({"particles", "amortised", "none"});
  section.section("train", options.train, "how it is trained");
  section.option("model", options.model, "networks.h5 of an earlier run, in place of a training");
  section.section("generate", options.generate, "samples that are drawn afterwards");
  section.section("likelihood", options.likelihood, "log p(x) of held-out rows", "by");
  section.section("metrics", options.metrics, "how samples are compared with the rows that were held out",
                  "report");
  if (section.reading()) check_together(section, options);
}

}  // namespace weir
