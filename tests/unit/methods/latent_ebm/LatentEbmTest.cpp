// latent_ebm through its decks: closed forms of the linear-Gaussian energy, and restarts on any number of
// ranks.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/Interrupted.hpp"
#include "methods/latent_ebm/SmallDecks.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/parallel/Random.hpp"

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
  EXPECT_NEAR(trained_w("langevin: {step: 0.1}", "langevin: {step: 0.1}"), 1.25455, 0.005);
  EXPECT_NEAR(trained_w("langevin: {step: 0.1}", "langevin: {step: 0.02}"), 1.09970, 0.005);
  EXPECT_NEAR(trained_w("mala: {step: 0.1}", "mala: {step: 0.1}"), 1.224745, 0.005);
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
      small_deck("", "  metrics: [w2, energy_distance, frechet_pca, nearest_neighbour, copying]\n"), 16);
}

// Completions, posteriors, reconstructions, annealing.
TEST(LatentEbmParallel, EveryStageEndsAsIfNobodyHadStoppedIt) {
  const SharedFolder folder;
  folder.write("latents.csv", "0.1,0\n1,-1\n-0.4,0.3\n");
  std::string deck =
      small_deck("",
                 "  likelihood: {by: annealing, rows: 9, chains: 11, temperatures: 6, repeats: 4}\n"
                 "  metrics: [energy_distance]\n");
  deck.replace(
      deck.find("steps: 15}"), 10,
      "steps: 4, given: {columns: [0, 1], steps: 4}, reconstruct: {steps: 3}, from_latents: {file: " +
          folder / "latents.csv" + ", steps: 3}}");
  deck.replace(deck.find("iterations: 12"), 14, "iterations: 4");
  expect_equal_when_interrupted(deck, 16);
}

// The other posteriors, with all that they can be asked for.
TEST(LatentEbmParallel, OtherPosteriorsEndAsIfNobodyHadStoppedThem) {
  const std::string more =
      "  likelihood: {by: annealing, rows: 9, chains: 11, temperatures: 5, repeats: 2}\n";
  for (const std::string posterior : {"amortised", "none"}) {
    std::string deck = small_deck("", "  posterior: " + posterior + "\n" + more + "  metrics: []\n");
    deck.replace(deck.find("steps: 15}"), 10, "steps: 4, given: {columns: [0, 1], steps: 3}}");
    deck.replace(deck.find("iterations: 12"), 14, "iterations: 6");
    expect_equal_when_interrupted(deck, 10);
  }
}

// The Gaussian bound, fitted in thousands of steps, and the grid: from a checkpoint in the midst, on other
// ranks.
TEST(LatentEbmParallel, TheGaussianBoundAndTheGridGoOnOnOtherRanks) {
  std::string deck = small_deck("",
                                "  likelihood: {by: grid, grid: 9, latent_grid: 8, rows: 20, repeats: 2, "
                                "temperatures: 5, gaussian_bound: true}\n  metrics: []\n");
  deck.replace(deck.find("steps: 15}"), 10, "steps: 1}");
  deck.replace(deck.find("latent: {dimension: 2"), 21, "latent: {dimension: 1");
  const SharedFolder folder;
  const DeckRun whole{folder, deck, "whole"};
  const Outcome outcome = whole(1);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const DeckRun part{folder, deck, "out", {"run.checkpoint.every=1700", "run.checkpoint.keep=9"}};
  ASSERT_EQ(part(1).code, ExitCode::done);
  forget_all_but(folder, "-1700.h5");
  ASSERT_EQ(checkpoints(folder).size(), 1u);
  ASSERT_EQ(part(0, "").code, ExitCode::done);
  expect_equal_runs(folder / "whole", folder / "out");
}

// A rate at which the pool cannot follow: the training goes back to where it was healthy, with half of it. A
// run that is stopped before or after that goes on as if it had not been.
TEST(LatentEbmParallel, ATrainingThatFailsGoesBackOnce) {
  std::string deck = small_deck(", parameters: {rule: {adam: {rate: 0.5, warm_up: 0}}}", "  metrics: []\n");
  deck.replace(deck.find("iterations: 12"), 14, "iterations: 260");
  deck.replace(deck.find("reports: 6"), 10, "reports: 65");
  const SharedFolder folder;
  const DeckRun whole{folder, deck, "whole"};
  const Outcome outcome = whole();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const std::string log = text_of(folder / "whole/log.txt");
  const std::string said = "with half the rate";
  ASSERT_NE(log.find(said), log.npos);
  EXPECT_EQ(log.find(said, log.find(said) + 1), log.npos);
  EXPECT_NE(log.find("it goes back to iteration"), log.npos);
  const DeckRun part{folder, deck, "out", {"run.checkpoint.every=20", "run.checkpoint.keep=99"}};
  ASSERT_EQ(part(1).code, ExitCode::done);
  for (const char* last : {"-220.h5", "-120.h5", "-20.h5"}) {
    forget_all_but(folder, last);
    ASSERT_EQ(part(0, "").code, ExitCode::done);
    expect_equal_runs(folder / "whole", folder / "out");
    ASSERT_EQ(part(1).code, ExitCode::done);
  }
}

// An iteration that ends in a number that is not finite is no end either, once.
TEST(LatentEbmParallel, ATrainingGoesBackFromWhatIsNotFinite) {
  std::string deck = small_deck(", parameters: {rule: {euler: 1.0e+6}}", "  metrics: []\n");
  deck.replace(deck.find("iterations: 12"), 14, "iterations: 4");
  deck.replace(deck.find("steps: 15}"), 10, "steps: 0}");
  const SharedFolder folder;
  trap_invalid_operations(false);
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const std::string log = text_of(folder / "out/log.txt");
  EXPECT_NE(log.find("is not finite"), log.npos);
  EXPECT_NE(log.find("it goes back to iteration 0, with half the rate"), log.npos);
  expect_equal_when_interrupted(deck, 4);
  const Outcome stopped = run_deck_text(folder, deck, {"latent_ebm.train.on_divergence=stop"});
  EXPECT_EQ(stopped.code, ExitCode::failed);
  EXPECT_NE(stopped.message.find("is not finite"), std::string::npos);
  trap_invalid_operations();
}

// The classifier that metrics need is a stage too.
TEST(LatentEbmParallel, AClassifierEndsAsIfNobodyHadStoppedIt) {
  const SharedFolder data;
  std::string rows = eight_columns(61);
  std::string labelled;
  Index row = 0;
  for (std::size_t at = 0, end; (end = rows.find('\n', at)) != rows.npos; at = end + 1)
    labelled += rows.substr(at, end - at) + (row++ % 3 ? ",1\n" : ",0\n");
  data.write("rows.csv", labelled);
  std::string deck = small_deck("",
                                "  metrics: {report: [sure, frechet_features, confidence], classifier: "
                                "{epochs: 2, batch: 16, network: {hidden: [6, 3]}}}\n");
  const std::size_t from = deck.find("  data: "), to = deck.find('\n', from);
  deck.replace(from, to - from,
               "  data: {file: {path: " + data / "rows.csv" + ", columns: [0, 2], labels: {column: 8}}}");
  deck.replace(deck.find("steps: 15}"), 10, "steps: 2}");
  deck.replace(deck.find("iterations: 12"), 14, "iterations: 2");
  expect_equal_when_interrupted(deck, 10);
}

TEST(LatentEbmParallel, AnAmortisedPosteriorIsTheSameOnAnyNumberOfRanks) {
  const std::string deck = small_deck("", "  posterior: amortised\n  metrics: [energy_distance]\n");
  const SharedFolder folder;
  const DeckRun all{folder, deck, "all"}, alone{folder, deck, "alone"};
  ASSERT_EQ(all().code, ExitCode::done);
  ASSERT_EQ(alone(1).code, ExitCode::done);
  expect_equal_runs(folder / "all", folder / "alone");
}

// What is given stays; in whitened units as in plain ones.
TEST(LatentEbmParallel, CompletionsKeepWhatIsGiven) {
  for (const std::string kind : {"true", "whiten"}) {
    std::string deck = small_deck("", "  metrics: []\n");
    deck.replace(deck.find("steps: 15}"), 10, "steps: 1, given: {columns: [1, 2], steps: 5}}");
    const SharedFolder folder;
    const Outcome outcome = run_deck_text(folder, deck, {"latent_ebm.standardise=" + kind});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const Hdf5File file(folder / "out/samples.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
    const auto completed = file.read("/completions"), held_out = file.read("/held_out");
    ASSERT_EQ(completed.size(), held_out.size());
    Real moved = 0;
    for (std::size_t i = 0; i < completed.size(); ++i) {
      if (i % 2 == 1) {
        EXPECT_EQ(completed[i], held_out[i]);
      }
      moved = std::max(moved, std::abs(completed[i] - held_out[i]));
    }
    EXPECT_GT(moved, 0.1);
  }
}

// Any columns may be given, by number or by name, from a file too: rows come back in its order.
TEST(LatentEbmParallel, AnySubsetOfTheColumnsMayBeGiven) {
  const SharedFolder folder;
  std::string rows = "a,b,c,d\n", some = "d,b\n";
  const Random random(3, Stream::initial_ensemble);
  for (Index i = 0; i < 60; ++i) {
    for (Index c = 0; c < 4; ++c) rows += fmt::format("{:.6f}{}", random.normal(i, 0, c), c < 3 ? "," : "\n");
    if (i < 9) some += fmt::format("{},{}\n", 0.1 * Real(i), -0.2 * Real(i));
  }
  folder.write("rows.csv", rows);
  folder.write("some.csv", some);
  std::string deck = small_deck("", "  metrics: []\n");
  const std::size_t from = deck.find("  data: "), to = deck.find('\n', from);
  deck.replace(from, to - from, "  data: {file: rows.csv}");
  deck.replace(deck.find("steps: 15}"), 10, "steps: 1, given: {columns: [d, b], file: some.csv, steps: 5}}");
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/samples.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
  const auto completed = file.read("/completions");
  ASSERT_EQ(completed.size(), 36u);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(completed[4 * i + 3], 0.1 * Real(i), 1e-6);
    EXPECT_NEAR(completed[4 * i + 1], -0.2 * Real(i), 1e-6);
    EXPECT_NE(completed[4 * i], 0);
    EXPECT_NE(completed[4 * i + 2], 0);
  }
}

// Latents of rows of one's own: as many as the file has, those of equal rows alike in law.
TEST(LatentEbmParallel, LatentsOfAFileAreInferred) {
  const SharedFolder folder;
  folder.write("own.csv", "x,y\n0.5,0.1\n-0.5,0.8\n1.5,-0.2\n");
  std::string deck = small_deck("", "  metrics: []\n");
  deck.replace(deck.find("steps: 15}"), 10,
               "steps: 1, reconstruct: {file: " + folder / "own.csv" + ", steps: 4}}");
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/samples.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
  EXPECT_EQ(file.shape("/posterior"), (std::vector<Index>{3, 2}));
  EXPECT_EQ(file.shape("/reconstructions"), (std::vector<Index>{3, 2}));
  expect_equal_when_interrupted(deck, 8);
}

// Rows drawn from latents that were given: of the linear Gaussian energy x | z = N(w z, 1/2).
TEST(LatentEbmParallel, RowsAreDrawnFromLatentsOfAFile) {
  constexpr Index rows = 4000;
  const SharedFolder folder;
  folder.write("data.csv", two_points(1024));
  std::string latents;
  for (Index i = 0; i < rows; ++i) latents += i < rows / 2 ? "2\n" : "-0.5\n";
  folder.write("latents.csv", latents);
  std::string deck = linear_gaussian_deck("mala: {step: 0.1}", "mala: {step: 0.1}");
  deck.replace(deck.find("iterations: 4000"), 16, "iterations: 200");
  const Outcome outcome =
      run_deck_text(folder, deck, {"latent_ebm.generate.from_latents={file: latents.csv, steps: 100}"});
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File networks(folder / "out/networks.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
  const Real w = networks.read("/networks/energy/parameters").at(0);
  const Hdf5File samples(folder / "out/samples.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
  const auto x = samples.read("/from_latents");
  ASSERT_EQ(Index(x.size()), rows);
  for (const Index half : {0, 1}) {
    Real mean = 0, square = 0;
    for (Index i = 0; i < rows / 2; ++i) mean += x[std::size_t(half * rows / 2 + i)] / (rows / 2);
    for (Index i = 0; i < rows / 2; ++i)
      square += std::pow(x[std::size_t(half * rows / 2 + i)] - mean, 2) / (rows / 2);
    EXPECT_NEAR(mean, w * (half == 0 ? 2 : -0.5), 4 * std::sqrt(0.5 / (rows / 2)));
    EXPECT_NEAR(square, 0.5, 4 * 0.5 * std::sqrt(2. / (rows / 2)));
  }
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

// A training at a constant rate may be made longer on a restart, and ends as one that was as long from the
// start.
TEST(LatentEbmParallel, ATrainingMayBeExtended) {
  const std::string rule = ", parameters: {rule: {adam: {rate: 1.0e-2, schedule: constant}}}";
  std::string deck = small_deck(rule, "  metrics: []\n");
  deck.replace(deck.find("reports: 6"), 10, "reports: 3");
  const SharedFolder folder;
  const DeckRun whole{
      folder, deck, "whole", {"latent_ebm.train.iterations=20", "latent_ebm.train.reports=5"}};
  ASSERT_EQ(whole().code, ExitCode::done);
  DeckRun part{folder, deck, "out", {"run.checkpoint.every=9", "run.checkpoint.keep=99"}};
  ASSERT_EQ(part(1).code, ExitCode::done);
  forget_all_but(folder, "-9.h5");
  part.settings.push_back("latent_ebm.train.iterations=20");
  const Outcome outcome = part(0, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_EQ(text_of(folder / "whole/metrics.csv"), text_of(folder / "out/metrics.csv"));
  EXPECT_TRUE(contents_of(folder / "whole/samples.h5") == contents_of(folder / "out/samples.h5"));

  std::string by_cosine = small_deck("", "  metrics: []\n");
  DeckRun other{folder, by_cosine, "out", {"run.checkpoint.every=9", "run.checkpoint.keep=99"}};
  ASSERT_EQ(other(1).code, ExitCode::done);
  forget_all_but(folder, "-9.h5");
  other.settings.push_back("latent_ebm.train.iterations=20");
  EXPECT_NE(other(0, "").message.find("with `schedule: cosine` the rate depends on the number of steps"),
            std::string::npos);
}

}  // namespace
}  // namespace weir
