// latent_ebm through its decks: closed forms of the linear-Gaussian energy, restarts on any number of ranks,
// and what is wrong with a deck.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/BrokenDecks.hpp"
#include "methods/Interrupted.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// +- sqrt 2 in equal numbers: variance exactly 2.
std::string two_points(Index rows) {
  std::string text;
  for (Index i = 0; i < rows; ++i) text += i % 2 ? "1.4142135623730951\n" : "-1.4142135623730951\n";
  return text;
}

std::string linear_gaussian_deck(const std::string& latents, const std::string& negatives) {
  return R"(weir: 1
run: {name: linear_gaussian, seed: 3}
latent_ebm:
  data: {file: data.csv}
  latent: {dimension: 1, particles: 2}
  energy: {linear_gaussian: {noise: 0.7071067811865476, mean: false}}
  train:
    iterations: 4000
    batch: 1024
    latents: {rule: {)" +
         latents + R"(}, substeps: 2}
    negatives: {particles: 4096, rule: {)" +
         negatives + R"(}, substeps: 3, restart: false}
    parameters: {rule: {euler: {rate: 0.02, average: 0.9995}}}
    on_divergence: stop
    reports: 1
  generate: {count: 1, steps: 0}
  metrics: []
)";
}

/// |w| as the running average of the parameters has it in the end.
Real trained_w(const std::string& latents, const std::string& negatives) {
  const SharedFolder folder;
  folder.write("data.csv", two_points(1024));
  const Outcome outcome = run_deck_text(folder, linear_gaussian_deck(latents, negatives));
  EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  return std::abs(file.read("/networks/energy/parameters").at(0));
}

// The trained fixed point of unadjusted Langevin is biased as its steps predict; with mala the bias is gone.
TEST(LatentEbm, LinearGaussianFixedPoints) {
  EXPECT_NEAR(trained_w("langevin: {step: 0.05}", "langevin: {step: 0.05}"), 1.23000, 0.005);
  EXPECT_NEAR(trained_w("langevin: {step: 0.1}", "langevin: {step: 0.02}"), 1.09970, 0.005);
  EXPECT_NEAR(trained_w("mala: {step: 0.1}", "mala: {step: 0.1}"), 1.224745, 0.005);
}

std::string small_deck(const std::string& train = "", const std::string& more = "") {
  return R"(weir: 1
run: {name: small, seed: 5, tile: 8, precision: single}
latent_ebm:
  data: {synthetic: {moons: {count: 203}}}
  split: {test: 0.4}
  latent: {dimension: 2, particles: 2}
  energy: {network: {hidden: [8, 8]}}
  train: {iterations: 12, batch: 20, negatives: {particles: 37}, reports: 6)" +
         train + "}\n  generate: {count: 30, steps: 15}\n" + more;
}

TEST(LatentEbmParallel, GoesOnBitForBitOnOtherRanks) {
  for (const std::string train :
       {"", ", data_noise: 0.1, latents: {rule: {langevin: {step: 0.05}}}",
        ", negatives: {particles: 21, rule: {underdamped_langevin: {step: 0.01}}, restart: noise}"}) {
    SCOPED_TRACE(train);
    std::string deck = small_deck(train, "  metrics: [w2, energy_distance, copying]\n");
    if (train.find("negatives") != train.npos)
      deck.replace(deck.find("negatives: {particles: 37}, "), 28, "");
    const SharedFolder folder;
    const DeckRun whole{folder, deck, "whole"};
    const Outcome uninterrupted = whole();
    ASSERT_EQ(uninterrupted.code, ExitCode::done) << uninterrupted.message;
    const DeckRun alone{folder, deck, "alone"};
    ASSERT_EQ(alone(1).code, ExitCode::done);
    expect_equal_runs(folder / "whole", folder / "alone");
    const DeckRun part{folder, deck, "out", {"run.checkpoint.every=5", "run.checkpoint.keep=99"}};
    ASSERT_EQ(part(1).code, ExitCode::done);
    forget_all_but(folder, "-5.h5");
    const Outcome outcome = part(0, "");
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    expect_equal_runs(folder / "whole", folder / "out");
  }
}

TEST(LatentEbmParallel, EndsAsIfNobodyHadStoppedIt) {
  expect_equal_when_interrupted(
      small_deck("", "  metrics: [w2, energy_distance, frechet_pca, nearest_neighbour, copying]\n"), 20);
}

TEST(LatentEbmParallel, AnEnergyWithoutLatents) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, small_deck(), {"latent_ebm.posterior=none"});
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/samples.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
  EXPECT_EQ(file.shape("/samples"), (std::vector<Index>{30, 2}));
  EXPECT_FALSE(file.has("/latents"));
}

// A finished model draws the samples that its own run drew.
TEST(LatentEbmParallel, AModelThatIsReadSamplesAsItDid) {
  const SharedFolder folder;
  const std::string deck = small_deck();
  ASSERT_EQ((DeckRun{folder, deck, "first"})().code, ExitCode::done);
  const DeckRun again{folder, deck, "second", {"latent_ebm.model=" + folder / "first/networks.h5"}};
  const Outcome outcome = again();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_TRUE(contents_of(folder / "first/samples.h5") == contents_of(folder / "second/samples.h5"));
}

std::vector<Broken> broken_latent_ebm() {
  const std::string d = small_deck("", "  metrics: [w2]\n"), e = "latent_ebm.", t = "latent_ebm.train.";
  return {
      {"no data", d, {e + "data={}"}, "latent_ebm.data"},
      {"unknown set", d, {e + "data={synthetic: moon}"}, "did you mean \"moons\"?"},
      {"set of no rows", d, {e + "data={synthetic: {moons: {count: 0}}}"}, "allowed: at least 4"},
      {"scale of 0", d, {e + "data={synthetic: {moons: {scale: 0}}}"}, "found 0, which makes all rows equal"},
      {"scale of three in the plane",
       d,
       {e + "data={synthetic: {moons: {scale: [1, 2, 3]}}}"},
       "moons.scale"},
      {"lift below the set", d, {e + "data={synthetic: {helix: {lift: 2}}}"}, "allowed: 3 at least"},
      {"noise of a set without", d, {e + "data={synthetic: {pinwheel: {noise: 1}}}"}, "noise"},
      {"missing file", d, {e + "data={file: nowhere.csv}"}, "nowhere.csv"},
      {"nothing held out", d, {e + "split.test=0"}, "give `split.test`, or "},
      {"all held out", d, {e + "split.test=0.9999"}, "rows, of which 0 would be for training"},
      {"unknown posterior", d, {e + "posterior=particle"}, "did you mean \"particles\"?"},
      {"latents of no components", d, {e + "latent.dimension=0"}, "allowed: at least 1"},
      {"energy of no layers", d, {e + "energy.network.hidden=[]"}, "hidden"},
      {"two energies", d, {e + "energy.linear_gaussian={}"}, "linear_gaussian"},
      {"confinement of a law that takes none",
       d,
       {e + "energy={linear_gaussian: {}, confinement: {data: 1}}"},
       "linear_gaussian takes none"},
      {"confinement of 0", d, {e + "energy.confinement.data=0"}, "allowed: above 0"},
      {"steps of three parts",
       d,
       {t + "negatives.rule={mala: {step: [1, 2, 3]}}"},
       "`step` has 3 entries, and block negatives has 2 parts"},
      {"step of 0", d, {t + "latents.rule={mala: {step: 0}}"}, "give steps above 0"},
      {"target above 1", d, {t + "latents.rule={mala: {target: 2}}"}, "allowed: above 0 and below 1"},
      {"restart of probability 2", d, {t + "negatives.restart={noise: {probability: 2}}"}, "at most 1"},
      {"unknown restart", d, {t + "negatives.restart=metropolized"}, "did you mean \"metropolised\"?"},
      {"an optimiser for latents", d, {t + "latents.rule=adam"}, "latents.rule"},
      {"a mover for parameters", d, {t + "parameters.rule=mala"}, "parameters.rule"},
      {"no iterations", d, {t + "iterations=0"}, "allowed: at least 1"},
      {"unknown answer to divergence", d, {t + "on_divergence=half"}, "allowed: halve, stop"},
      {"unknown start", d, {e + "generate.start=data"}, "allowed: pool, noise"},
      {"unknown metric", d, {e + "metrics=[w1]"}, "latent_ebm.metrics"},
      {"no model there", d, {e + "model=nowhere.h5"}, "give the networks.h5 of a finished run"},
      {"model that is a deck", d, {e + "model=deck.yaml"}, "is not the networks.h5 of a finished run"},
      {"standardised by a typo", d, {e + "standardise=whitened"}, "did you mean \"whiten\"?"},
  };
}

TEST(LatentEbmParallel, BrokenDecksGiveTheirMessage) {
  const SharedFolder folder;
  for (const Broken& broken : broken_latent_ebm()) expect_broken(folder, broken);
}

}  // namespace
}  // namespace weir
