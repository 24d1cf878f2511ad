// latent_ebm through its decks: closed forms of the linear-Gaussian energy, restarts on any number of ranks,
// and what is wrong with a deck.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/BrokenDecks.hpp"
#include "methods/Interrupted.hpp"
#include "weir/base/Lapack.hpp"
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

/// Rows of a law in eight dimensions with two strong directions.
std::string eight_columns(Index rows) {
  const Random random(17, Stream::initial_ensemble);
  std::string text;
  for (Index i = 0; i < rows; ++i)
    for (Index c = 0; c < 8; ++c) {
      const Real value = 0.6 * random.normal(i, 0, c) + (c < 4 ? 1.0 : -0.5) * random.normal(i, 1, 0) +
                         (c % 2 ? 0.7 : 0.2) * random.normal(i, 2, 0);
      text += fmt::format("{:.6f}{}", value, c < 7 ? "," : "\n");
    }
  return text;
}

// log Z of E = |x - W z - m|^2 / (2 s^2) + |z|^2 / 2 does not depend on W: (d/2) log(2 pi s^2) + (q/2) log 2
// pi; and p(x) = N(m, W W' + s^2 I).
TEST(LatentEbm, AnnealingMeetsTheClosedFormInTenDimensions) {
  const SharedFolder folder;
  folder.write("data.csv", eight_columns(600));
  const std::string deck = R"(weir: 1
run: {name: ten, seed: 4}
latent_ebm:
  data: {file: data.csv}
  split: {test: 0.5}
  latent: {dimension: 2, particles: 2}
  energy: {linear_gaussian: {noise: 0.6}}
  train: {iterations: 60, batch: 256, negatives: {particles: 256, restart: false}, reports: 1}
  generate: {count: 2, steps: 0}
  likelihood: {by: annealing, rows: 100, chains: 4096, temperatures: 1500, repeats: 16}
  metrics: []
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  const Real pi = M_PI, error = summary["log_z_error"];
  EXPECT_LT(error, 0.02);
  EXPECT_NEAR(Real(summary["log_z"]), 4 * std::log(2 * pi * 0.36) + std::log(2 * pi), 4 * error);

  const Hdf5File networks(folder / "out/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const Hdf5File found(folder / "out/likelihood.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto theta = networks.read("/networks/energy/parameters"), rows = found.read("/rows"),
             log_p = found.read("/log_likelihood");
  std::vector<Real> covariance(64);
  for (Index a = 0; a < 8; ++a)
    for (Index b = 0; b < 8; ++b)
      covariance[std::size_t(8 * a + b)] = theta[std::size_t(a)] * theta[std::size_t(b)] +
                                           theta[std::size_t(8 + a)] * theta[std::size_t(8 + b)] +
                                           (a == b ? 0.36 : 0);
  const auto factor = cholesky(covariance, 8);
  Real difference = 0;
  for (Index i = 0; i < 100; ++i) {
    std::vector<Real> centred(8), solved;
    for (Index c = 0; c < 8; ++c)
      centred[std::size_t(c)] = rows[std::size_t(8 * i + c)] - theta[std::size_t(16 + c)];
    solved = centred;
    cholesky_solve(factor, 8, solved.data(), 1);
    Real exact = -4 * std::log(2 * pi);
    for (Index c = 0; c < 8; ++c)
      exact -= 0.5 * centred[std::size_t(c)] * solved[std::size_t(c)] + std::log(factor[std::size_t(9 * c)]);
    difference += (log_p[std::size_t(i)] - exact) / 100;
  }
  const Real annealing_error = summary["annealing_error"], chains = summary["row_effective_chains"];
  EXPECT_NEAR(difference, 0, 4 * annealing_error);
  EXPECT_LT(annealing_error, 0.02);
  EXPECT_GT(annealing_error, error);
  EXPECT_GT(chains, 8);
  EXPECT_LT(chains, 16);
  const auto of_rows = found.read("/effective_chains");
  ASSERT_EQ(of_rows.size(), 100u);
  Real mean = 0;
  for (const Real value : of_rows) mean += value / 100;
  EXPECT_NEAR(mean, chains, 1e-10);
}

// In two dimensions a grid and annealing agree, and particles are nearer to the likelihood than any Gaussian.
TEST(LatentEbm, AnnealingAgreesWithTheGrid) {
  const SharedFolder folder;
  const std::string deck = R"(weir: 1
run: {name: grid, seed: 4}
latent_ebm:
  data: {synthetic: {moons: {count: 1000}}}
  split: {test: 0.4}
  energy: {network: {hidden: [16, 16]}}
  train: {iterations: 150, batch: 256, negatives: {particles: 256}, reports: 1}
  generate: {count: 2, steps: 0}
  likelihood: {by: grid, rows: 200, grid: 100, chains: 1024, temperatures: 400, gaussian_bound: true}
  metrics: []
)";
  const DeckRun grid{folder, deck, "grid"};
  ASSERT_EQ(grid().code, ExitCode::done);
  const DeckRun annealing{
      folder,
      deck,
      "annealing",
      {"latent_ebm.likelihood.by=annealing", "latent_ebm.model=" + folder / "grid/networks.h5"}};
  const Outcome outcome = annealing();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto of_grid = summary_of(folder / "grid"), annealed = summary_of(folder / "annealing");
  const Real error = annealed["log_z_error"];
  EXPECT_LT(error, 0.02);
  EXPECT_NEAR(Real(of_grid["log_z"]), Real(annealed["log_z"]), 4 * error);
  EXPECT_NEAR(Real(of_grid["log_likelihood"]), Real(annealed["log_likelihood"]), 0.05);
  EXPECT_LE(Real(of_grid["gaussian_bound"]), Real(of_grid["particle_bound"]) + 0.01);
  EXPECT_LE(Real(of_grid["particle_bound"]), Real(of_grid["log_likelihood"]) + 0.01);

  // Half the points show what a grid is worth, and the log says so.
  EXPECT_LT(std::abs(Real(of_grid["grid_error"])), 0.005);
  EXPECT_EQ(text_of(folder / "grid/log.txt").find("every other point"), std::string::npos);
  const DeckRun coarse{folder,
                       deck,
                       "coarse",
                       {"latent_ebm.likelihood={by: grid, rows: 20, grid: 12, latent_grid: 8}",
                        "latent_ebm.model=" + folder / "grid/networks.h5"}};
  ASSERT_EQ(coarse().code, ExitCode::done);
  EXPECT_GT(std::abs(Real(summary_of(folder / "coarse")["grid_error"])), 0.05);
  EXPECT_NE(text_of(folder / "coarse/log.txt").find("every other point"), std::string::npos);
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
      small_deck("", "  metrics: [w2, energy_distance, frechet_pca, nearest_neighbour, copying]\n"), 16);
}

// Completions, posteriors, reconstructions, annealing.
TEST(LatentEbmParallel, EveryStageEndsAsIfNobodyHadStoppedIt) {
  std::string deck =
      small_deck("",
                 "  likelihood: {by: annealing, rows: 9, chains: 11, temperatures: 6, repeats: 4}\n"
                 "  metrics: [energy_distance]\n");
  deck.replace(deck.find("steps: 15}"), 10,
               "steps: 4, given: {columns: [0, 1], steps: 4}, reconstruct: {steps: 3}}");
  deck.replace(deck.find("iterations: 12"), 14, "iterations: 4");
  expect_equal_when_interrupted(deck, 15);
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
      {"observed file that is not there", d, {e + "generate.reconstruct.file=nowhere.csv"}, "nowhere.csv"},
      {"scored file that is not there", d, {e + "likelihood={file: nowhere.csv}"}, "nowhere.csv"},
      {"penalty of a linear energy",
       d,
       {e + "energy={linear_gaussian: {}, magnitude_penalty: 0.1}"},
       "`magnitude_penalty` is of a network's values"},
      {"reconstruction without latents",
       d,
       {e + "posterior=none", e + "generate.reconstruct={}"},
       "goes through latents"},
      {"nothing to take off", d, {e + "generate.denoise=true"}, "`denoise` takes off"},
      {"a tempered linear energy",
       d,
       {e + "energy={linear_gaussian: {}}", t + "temperature=2"},
       "`temperature` other than 1 is for a network"},
      {"a tempered encoder", d, {e + "posterior=amortised", t + "temperature=2"}, "is for particles"},
      {"negative period", d, {e + "data={file: {path: nowhere.csv, period: -1}}"}, "found a negative number"},
      {"metrics that need labels", d, {e + "metrics=[sure]"}, "give `labels` of `data.file`"},
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
      {"completions given nothing", d, {e + "generate.given={steps: 3}"}, "missing; give the known columns"},
      {"completions given everything",
       d,
       {e + "generate.given={columns: [0, 2]}"},
       "found all 2 columns; allowed: some, so that others are to be drawn"},
      {"completions of no column", d, {e + "generate.given={columns: [1, 1]}"}, "found no column"},
      {"completions of a column twice",
       d,
       {e + "generate.given={columns: [1, 1, 0]}"},
       "column 1 is chosen twice"},
      {"completions of a column by a name",
       d,
       {e + "generate.given={columns: [x]}"},
       "found \"x\"; allowed: columns of the data, which has no names: 0 to 1"},
      {"one sample for metrics", d, {e + "generate.count=1"}, "found 1; metrics compare at least 2 rows"},
      {"grid of five components",
       d,
       {e + "latent.dimension=3", e + "likelihood=grid"},
       "a grid is for at most 4 components"},
      {"likelihood by a typo", d, {e + "likelihood=anealing"}, "did you mean \"annealing\"?"},
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
