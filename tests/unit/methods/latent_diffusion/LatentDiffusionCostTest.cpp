// What --estimate says of latent_diffusion is what a run counts, on any number of ranks.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/EstimatedParts.hpp"
#include "methods/Interrupted.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const char* const estimated_deck = R"(weir: 1
run: {name: estimate, seed: 5, tile: 8, precision: single}
latent_diffusion:
  data: {synthetic: {swiss_roll: {count: 100, lift: 5}}}
  split: {test: 0.21}
  latent: {dimension: 2, particles: 3}
  decoder: {network: {hidden: [8, 7]}}
  prior: {diffusion: {hidden: [8, 8]}}
  train: {epochs: 3, batch: 12, reports: 1}
  generate: {count: 21, steps: 5}
  metrics: [reconstruction]
)";

// 79 rows in 40 tiles of 2, 6 of them a batch: 7 iterations an epoch.
TEST(EstimateParallel, CountsOfLatentDiffusion) {
  const std::string e = "latent_diffusion.", t = e + "train.";
  struct Case {
    std::vector<std::string> settings;
    bool two_stages = false, prior = true, more = false;
  };
  for (const Case& c : {
           Case{{}},
           Case{{t + "order=in_turn", t + "latents={rule: {langevin: {step: 1e-3}}, substeps: 3}",
                 e + "decoder.noise=learned", "run.precision=double", t + "decoder.rule={adam: {clip: 1}}"}},
           Case{{t + "latents={rule: {preconditioned_langevin: {metric: fisher}}, substeps: 2}",
                 e + "prior.diffusion={hidden: [5], force: score, draws: 3}"}},
           Case{{e + "posterior=amortised", t + "posterior.rule={adam: {clip: 1}}",
                 e + "prior.diffusion={hidden: [5], standardise: false}"}},
           Case{{t + "prior_afterwards=true", e + "decoder={network: {hidden: [6], layer_norm: true}}"},
                true},
           Case{{e + "prior=gaussian", e + "decoder={linear: {}}"}, false, false},
           Case{{t + "order=in_turn", e + "decoder={convolutional: {image: [5, 1], channels: [3]}}"}},
           Case{{e + "latent.warm_up=0.4", e + "generate.given={columns: [0, 2], steps: 9}",
                 e + "likelihood={rows: 7, chains: 3, temperatures: 6}"},
                false,
                true,
                true},
       }) {
    const SharedFolder folder;
    std::map<std::string, Index> times{{"train", 21}, {"reconstruct", 100}};
    if (c.prior) times["sample"] = 5;
    if (c.two_stages) times["train_prior"] = 21;
    if (c.more)
      times = {{"warm_up", 7},       {"train", 14},   {"sample", 5},
               {"reconstruct", 100}, {"complete", 9}, {"likelihood", 6}};
    EstimatedParts expected = estimated_parts(estimated_deck, c.settings, times);
    for (Index stage = 0; stage < (c.two_stages || c.more ? 2 : 1); ++stage)
      expected.traffic["solver"] += gathering(6 * real_size);  // the block `running`, where a stage begins
    std::string text;
    for (const auto& setting : c.settings) text += setting + " ";
    SCOPED_TRACE(text);
    ASSERT_EQ(run_deck_text(folder, estimated_deck, c.settings).code, ExitCode::done);
    expect_counted(expected);
    EXPECT_EQ(Real(counted_flops()), std::round(expected.flops));
  }
}

// The shapes are those of the model that is read, whatever else the deck says.
TEST(EstimateParallel, CountsOfALatentDiffusionThatIsRead) {
  const SharedFolder folder;
  ASSERT_EQ((DeckRun{folder, estimated_deck, "first"})().code, ExitCode::done);
  const std::vector<std::string> settings{"latent_diffusion.model=" + folder / "first/networks.h5",
                                          "latent_diffusion.decoder.network.hidden=[31]",
                                          "latent_diffusion.latent.dimension=1"};
  const EstimatedParts expected =
      estimated_parts(estimated_deck, settings, {{"sample", 5}, {"reconstruct", 100}});
  const Outcome outcome = run_deck_text(folder, estimated_deck, settings);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_counted(expected);
  EXPECT_EQ(Real(counted_flops()), std::round(expected.flops));
}

}  // namespace
}  // namespace weir
