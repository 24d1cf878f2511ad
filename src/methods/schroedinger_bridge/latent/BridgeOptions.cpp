#include "methods/schroedinger_bridge/latent/BridgeOptions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

IterationTrainOptions::IterationTrainOptions(Index steps, Index rows, Real rate, Real average)
    : iterations(steps), batch(rows) {
  ParameterRuleOptions adam;
  adam.rate = rate;
  adam.schedule = "cosine";
  adam.warm_up = steps / 10;
  if (average > 0) adam.average = average;
  rule.rule = adam;
}

void describe(Section& section, IterationTrainOptions& options) {
  section.option("iterations", options.iterations, "steps of the training").at_least(1);
  section.option("batch", options.batch, "rows an iteration, rounded to whole tiles").at_least(1);
  describe(section, static_cast<TrainOptions&>(options));
}

void describe(Section&, IdentityOptions&) {}
void describe(Section&, PrincipalOptions&) {}
void describe(Section& section, AutoencoderNetworkOptions& options) {
  describe(section, static_cast<NetworkOptions&>(options));
}
void describe(Section& section, ReadAutoencoderOptions& options) {
  section.required("path", options.path, "networks.h5 of a run whose autoencoder is taken");
}
void describe(Section& section, AutoencoderTrainOptions& options) {
  describe(section, static_cast<BatchTrainOptions&>(options));
}
void describe(Section& section, AutoencoderOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.kind, "what the bridge's space is");
  section.section("data", options.data,
                  "rows to pre-train on, which may be of another law; false: the training rows");
  section.section("train", options.train, "how networks are trained");
}
void describe(Section& section, LatentSpaceOptions& options) {
  section
      .option("dimension", options.dimension,
              "components of the latent space; with `identity` those of the data")
      .at_least(1);
  section
      .option("standardise", options.standardise,
              "true: latents are centred, and divided by their deviation over all components, so that sigma "
              "is in "
              "units of it; auto: with an autoencoder")
      .one_of({"auto", "true", "false"});
}

void describe(Section&, ConvolvedStart&) {}
void describe(Section&, PointStart&) {}
void describe(Section&, GaussianStart&) {}
void describe(Section& section, EnsembleStart& options) {
  describe(section, static_cast<GenerativeDataOptions&>(options));
}
void describe(Section& section, StartOptions& options) {
  section.one_of(options.law, "where paths begin");
}

void describe(Section&, EmpiricalDriftOptions&) {}
void describe(Section& section, MixtureDriftOptions& options) {
  section.option("components", options.components, "of the mixture").at_least(1);
  section.option("shape", options.shape, "their variances at the start, in units of sigma^2").above(0);
  section
      .option("spread", options.spread,
              "their centres start at rows of the data, moved towards the mean to this share of the way; "
              "less than 1 in "
              "many dimensions, where one component else takes all")
      .above(0)
      .at_most(1);
  section.section("train", options.train, "how it is fitted");
}
void describe(Section& section, NetworkDriftOptions& options) {
  describe(section, static_cast<NetworkOptions&>(options));
  section.option("partners", options.partners, "rows that each start is paired with, drawn from the plan")
      .at_least(1);
  section.section("train", options.train, "how it is trained");
}
void describe(Section& section, DriftOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.kind, "the drift of a bridge from an ensemble");
}
void describe(Section& section, ScoreNetworkOptions& options) {
  describe(section, static_cast<NetworkOptions&>(options));
}
void describe(Section& section, ScoreOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.kind, "the score of the blurred law");
  section.section("train", options.train, "how a network is trained");
  section
      .option("keep", options.keep,
              "the weights that are kept, by the loss on rows held out (so that these, which samples are "
              "compared with, are not wholly unseen): best: those of the least; watched: of those whose "
              "samples are no copies, the last within 10% of the least, as samples get better for a while "
              "yet before the network memorises; last: those of the end")
      .one_of({"best", "watched", "last"});
  section
      .option("patience", options.patience,
              "the training ends when no weights were kept in so many reports, of which there are "
              "`train.reports`; 0: it runs to its end, as it does with `keep: last`")
      .at_least(0);
}
void describe(Section& section, PlanOptions& options) {
  section.option("tolerance", options.tolerance, "error of the plan's marginals at which to stop").above(0);
  section.option("max_iterations", options.max_iterations, "most iterations").at_least(1);
}

void describe(Section& section, BridgeOptions& options) {
  if (section.reading()) options.where = section.path();
  section.section("start", options.start, "the law at time 0");
  section
      .option("sigma", options.sigma,
              "deviation of the reference Brownian motion at time 1; none: 1, and for the start `point` the "
              "root of "
              "twice the largest variance of the data")
      .above(0);
  section.option("steps", options.steps, "K, of the scheme of Euler and Maruyama").at_least(1);
  section.option("stop", options.stop, "time that the steps with noise end at: 1 - delta")
      .above(0)
      .at_most(1);
  section
      .option("grid", options.grid,
              "uniform: equal steps; geometric: 1 - t falls by the same factor in every step, for laws near "
              "a surface")
      .one_of({"uniform", "geometric"});
  section
      .option("last_step", options.last_step,
              "noise_free: the last step goes to time 1 without noise; none: all steps have noise, and end "
              "at `stop`")
      .one_of({"noise_free", "none"});
  section.section("drift", options.drift, "of a bridge from an ensemble");
  section.section("sinkhorn", options.sinkhorn, "entropic plan of a bridge from an ensemble");
  if (!section.reading()) return;
  if (options.grid == "geometric" && options.stop >= 1)
    section.error(
        "stop", fmt::format("found {:g}; a geometric grid ends before 1: give .999, say, or `grid: uniform`",
                            options.stop));
  if (options.last_step == "noise_free" && options.stop < 1 && options.steps < 2)
    section.error("steps", "found 1; a noise-free step after those with noise makes 2 at least");
  if (options.drift && !options.start.is_ensemble())
    section.error("drift", "is for `start: {ensemble: ..}`; other starts take `score`");
}

void describe(Section& section, GenerateOptions& options) {
  section.option("count", options.count, "samples; at most as many as `from` has rows").at_least(1);
  section.section("from", options.from,
                  "rows that paths start at, of any kind of origin; by default those that are held out of "
                  "`bridge.start.ensemble`",
                  "path");
  section
      .option(
          "by", options.by,
          "sde: by the steps of the bridge; plan: ends are drawn given starts, without steps (starts from an "
          "ensemble, drifts `mixture` and `empirical`)")
      .one_of({"sde", "plan"});
  section
      .option("times", options.times,
              "times whose particles snapshots.h5 shows (those of the nearest steps); none: five, evenly")
      .at_least(0)
      .at_most(1);
}

}  // namespace weir
