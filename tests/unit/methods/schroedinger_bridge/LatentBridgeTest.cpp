// Bridges to the law of data as whole runs: marginals, interruptions, samples.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "methods/Interrupted.hpp"
#include "methods/schroedinger_bridge/BridgeDecks.hpp"
#include "methods/schroedinger_bridge/latent/Autoencoder.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/transport/Bures.hpp"

namespace weir {
namespace {

using namespace testing_tools;

TEST(LatentBridgeParallel, GoesOnWhereverItIsStopped) {
  expect_equal_when_interrupted(latent_deck, 10);
}

TEST(LatentBridgeParallel, ReferenceBridgesGoOnWhereverTheyAreStopped) {
  std::string deck = latent_deck;
  const std::string metrics = "[w2, nearest_neighbour_latent, copying_latent]";
  deck.replace(deck.find(metrics), metrics.size(), "{report: [w2_latent, error_parts], reference_steps: 7}");
  expect_equal_when_interrupted(deck, 10);
}

// The empirical score is the reference's own: it adds nothing, and as many steps as its own add nothing.
TEST(LatentBridge, ErrorPartsVanishWhereTheBridgeIsItsReference) {
  const SharedFolder folder;
  const std::string deck = R"(weir: 1
run: {name: parts, seed: 2, tile: 8}
schroedinger_bridge:
  data: {synthetic: {moons: {count: 100}}}
  split: {test: 0.5}
  bridge: {start: convolved, steps: 30, stop: 0.9}
  score: empirical
  generate: {count: 40}
  metrics: {report: [w2, error_parts], reference_steps: 30}
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  const auto value = [&](const char* name) { return summary[name].get<Real>(); };
  EXPECT_EQ(value("error_score"), 0);
  EXPECT_EQ(value("error_discretisation"), 0);
  EXPECT_EQ(value("error_pretraining"), 0);
  EXPECT_NE(value("error_early_stopping"), 0);
  EXPECT_NEAR(value("error"), value("error_early_stopping") + value("error_rest"), 1e-12);
}

// Of equal rows nothing is smoothed away but by stopping early: the error of a law at one point is the spread
// that is left there, d sigma^2 (1 - T), where steps keep their noise.
TEST(LatentBridge, StoppingEarlyLeavesItsShareOfTheVariance) {
  const SharedFolder folder;
  std::string rows;
  for (int i = 0; i < 60; ++i) rows += "0.5,-1\n";
  folder.write("rows.csv", rows);
  const std::string deck = R"(weir: 1
run: {name: point, seed: 2, tile: 8}
schroedinger_bridge:
  data: {file: rows.csv}
  split: {test: 0.5}
  bridge: {start: convolved, sigma: 2, steps: 1000, stop: 0.75, last_step: none}
  score: empirical
  generate: {count: 2000}
  metrics: {report: [error_parts], points: 2000}
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  // The mean of 15 squares and more, drawn anew five times.
  EXPECT_NEAR(summary["error_early_stopping"].get<Real>(), 2 * 4 * 0.25, 4 * 2 / std::sqrt(5 * 15.));
  EXPECT_NEAR(summary["error_rest"].get<Real>(), 0, 1e-3);
}

TEST(LatentBridgeParallel, BetweenEnsemblesGoesOnWhereverItIsStopped) {
  expect_equal_when_interrupted(with_drift("{mixture: {components: 4, train: {iterations: 6, batch: 32}}}"),
                                8);
  expect_equal_when_interrupted(
      with_drift("{network: {hidden: [8], partners: 3, train: {iterations: 6, batch: 32}}}"), 9);
  expect_equal_when_interrupted(with_drift("empirical"), 5);
}

/// Normal rows as text; their moments are those of the sample.
std::string rows_text(Index rows, const std::vector<Real>& mean, const std::vector<Real>& deviation,
                      std::vector<Real>& sample_mean, std::vector<Real>& sample_variance) {
  const Random random(5, Stream::initial_ensemble);
  std::string text;
  sample_mean.assign(mean.size(), 0);
  sample_variance.assign(mean.size(), 0);
  for (Index i = 0; i < rows; ++i)
    for (std::size_t c = 0; c < mean.size(); ++c) {
      const Real x = mean[c] + deviation[c] * random.normal(i, 0, Index(c));
      text += fmt::format("{:.17g}{}", x, c + 1 < mean.size() ? "," : "\n");
      sample_mean[c] += x / Real(rows);
      sample_variance[c] += x * x / Real(rows);
    }
  for (std::size_t c = 0; c < mean.size(); ++c) sample_variance[c] -= sample_mean[c] * sample_mean[c];
  return text;
}

/// Means and variances of the block `latents` nearest to time t.
void expect_marginal(const std::map<std::string, std::vector<Real>>& snapshots, Real t, std::size_t c,
                     std::size_t d, Real mean, Real variance, Real slack) {
  for (const auto& [name, values] : snapshots) {
    if (std::fabs(values.back() - t) > 0.02) continue;
    const std::size_t n = (values.size() - 1) / d;
    Real m = 0, s = 0;
    for (std::size_t i = 0; i < n; ++i) m += values[i * d + c] / Real(n);
    for (std::size_t i = 0; i < n; ++i) s += std::pow(values[i * d + c] - m, 2) / Real(n);
    const Real at = values.back();
    EXPECT_NEAR(m, mean, 4 * std::sqrt(variance / Real(n)) + slack) << name << " at " << at;
    EXPECT_NEAR(s, variance, variance * (4 * std::sqrt(2 / Real(n)) + slack) + 1e-9) << name << " at " << at;
    return;
  }
  ADD_FAILURE() << "no snapshot at " << t;
}

// Of any rows: q_{sigma (1-t)^1/2} from the blurred law; t Y + sigma (t (1-t))^1/2 xi from a point, Y one of
// them.
TEST(LatentBridge, MarginalsOfEveryStart) {
  std::vector<Real> mean, variance;
  const SharedFolder folder;
  folder.write("rows.csv", rows_text(400, {0.5, -1}, {1, 0.6}, mean, variance));
  const std::string deck = R"(weir: 1
run: {name: marginals, seed: 2}
schroedinger_bridge:
  data: {file: rows.csv}
  bridge: {start: convolved, sigma: 1.5, steps: 250, stop: 1, grid: uniform}
  score: empirical
  generate: {count: 8000, times: [0, 0.25, 0.5, 0.75, 1]}
)";
  const Real square = 1.5 * 1.5;
  for (const std::string start : {"convolved", "gaussian", "point"}) {
    const Outcome outcome = run_deck_text(folder, deck, {"schroedinger_bridge.bridge.start=" + start});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const auto snapshots = snapshots_of(folder / "out");
    for (const Real t : {0., 0.25, 0.5, 0.75, 1.})
      for (std::size_t c = 0; c < 2; ++c) {
        if (start == "point")
          expect_marginal(snapshots, t, c, 2, t * mean[c], t * t * variance[c] + square * t * (1 - t) + 1e-12,
                          0.02);
        else
          expect_marginal(snapshots, t, c, 2, mean[c], variance[c] + square * (1 - t), 0.02);
      }
  }
}

// Principal components: what is left of rows is the sum of the variances that are not kept.
TEST(AutoencoderParallel, PrincipalComponentsLeaveTheRest) {
  const Communicator comm;
  Ensemble rows(comm, 300, 6, 8);
  fill_normals(rows.x, Random(4, Stream::initial_ensemble), rows.partition.first_particle(), 0);
  for (Index i = 0; i < rows.partition.local_particles(); ++i)
    for (Index c = 0; c < 6; ++c) rows.x(c, i) *= 1 + Real(c);
  const auto principal = principal_components(rows, 2);
  Autoencoder autoencoder(principal);
  autoencoder.standardise(rows);
  const Ensemble back = autoencoder.decode(autoencoder.encode(rows));
  TileSum sum(comm, rows.partition, 1);
  const auto x = rows.x, y = back.x;
  const Real left = sum(
      "test", "test", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < 6; ++c) partial[0] += (x(c, i) - y(c, i)) * (x(c, i) - y(c, i));
      })[0];
  EXPECT_NEAR(left / 300 / principal.rest, 1, 1e-10);
}

// End to end through principal components: the distance to the data is that in latent space and the variance
// that they leave, W_2^2(D # p, q) = W_2^2(p, E # q) + sum_{k > q} lambda_k, between Gaussians of these
// moments.
TEST(LatentBridge, PrincipalComponentsEndToEnd) {
  std::vector<Real> mean, variance;
  const SharedFolder folder;
  folder.write("rows.csv", rows_text(300, {0.5, -1, 2, 0, 1}, {3, 2, 1, 0.5, 0.3}, mean, variance));
  const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: ends, seed: 2}
schroedinger_bridge:
  data: {file: rows.csv}
  latent: {dimension: 2, standardise: false}
  autoencoder: {linear: {}}
  bridge: {start: convolved, sigma: 1.5, steps: 40}
  score: empirical
  generate: {count: 200}
)");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble_of = [&](const std::vector<Real>& values, Index d) {
    Ensemble ensemble(self, Index(values.size()) / d, d, 16);
    for (Index i = 0; i < ensemble.particles(); ++i)
      for (Index c = 0; c < d; ++c) ensemble.x(c, i) = values[std::size_t(i * d + c)];
    return ensemble;
  };
  const Hdf5File samples(folder / "out/samples.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  std::vector<Real> numbers;
  std::string text = text_of(folder / "rows.csv");
  for (char& letter : text)
    if (letter == ',' || letter == '\n') letter = ' ';
  std::istringstream words(text);
  for (Real number; words >> number;) numbers.push_back(number);
  const Ensemble rows = ensemble_of(numbers, 5);
  const auto principal = principal_components(rows, 2);
  const auto distance = [](const Ensemble& a, const Ensemble& b) {
    const auto moments = [](const Ensemble& of) {
      const auto found = mean_and_covariance(of);
      return GaussianMoments{found.mean, found.covariance};
    };
    return bures_wasserstein_squared(moments(a), moments(b));
  };
  const Real latent = distance(ensemble_of(samples.read("/latents"), 2), Autoencoder(principal).encode(rows));
  EXPECT_NEAR(distance(ensemble_of(samples.read("/samples"), 5), rows), latent + principal.rest, 1e-6);
  EXPECT_GT(latent, 1e-4);
}

// A run of an earlier run's autoencoder, and one that ends where the empirical plan says.
TEST(LatentBridge, AnEarlierAutoencoderIsTaken) {
  const SharedFolder folder;
  ASSERT_EQ(run_deck_text(folder, latent_deck).code, ExitCode::done);
  DeckRun again{folder,
                latent_deck,
                "again",
                {"schroedinger_bridge.autoencoder={model: " + folder / "out/networks.h5" + "}"}};
  const Outcome outcome = again();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_EQ(summary_of(folder / "out")["reconstruction_error"],
            summary_of(folder / "again")["reconstruction_error"]);
  EXPECT_EQ(summary_of(folder / "out")["w2"], summary_of(folder / "again")["w2"]);
  again.settings.push_back("schroedinger_bridge.latent.dimension=3");
  EXPECT_NE(again().message.find("found 3; the autoencoder that is read has 2"), std::string::npos);
}

// A look at samples during training finds what is found of all of them at the end.
TEST(LatentBridge, SamplesAreWatchedDuringTheTraining) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: watched, seed: 4, precision: single}
schroedinger_bridge:
  data: {synthetic: {moons: {count: 600}}}
  split: {test: 0.5}
  bridge: {sigma: 1.0, steps: 30}
  score:
    network: {hidden: [32, 32]}
    train: {iterations: 3000, reports: 3}
    keep: last
  generate: {count: 256}
  metrics: [copying]
)");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  std::istringstream lines(text_of(folder / "out/metrics.csv"));
  std::string line, first, last;
  std::getline(lines, line);
  EXPECT_EQ(line.substr(line.rfind(',') + 1), "copying_watched");
  while (std::getline(lines, line)) {
    if (first.empty()) first = line;
    last = line;
  }
  const auto copying = [](const std::string& row) { return std::stod(row.substr(row.rfind(',') + 1)); };
  const Real at_the_end = summary_of(folder / "out")["copying"];
  EXPECT_NEAR(copying(last) / at_the_end, 1, 0.35);
  EXPECT_GT(copying(first), 1.5 * at_the_end);
}

// A training that nothing is kept of any more ends, with the weights that were kept, however often it is
// stopped on its way.
TEST(LatentBridgeParallel, ATrainingEndsBeforeItMemorises) {
  std::string deck = latent_deck;
  const std::string train = "train: {iterations: 8, batch: 32, reports: 4}";
  deck.replace(deck.find(train), train.size(),
               "train: {iterations: 120, batch: 128, reports: 60, rule: {adam: {rate: 1}}}\n"
               "    keep: best\n    patience: 3");
  const SharedFolder folder;
  const DeckRun run{folder, deck};
  ASSERT_EQ(run().code, ExitCode::done);
  const Index kept = summary_of(folder / "out")["kept_iteration"], last = kept + 3 * 2;
  ASSERT_LT(last, 120);
  EXPECT_NE(text_of(folder / "out/log.txt")
                .find(fmt::format("iteration {}: no weights of the last 3 reports are kept", last)),
            std::string::npos);
  const std::string rows = text_of(folder / "out/metrics.csv");
  EXPECT_NE(rows.find(fmt::format("\n{},", last)), std::string::npos);
  EXPECT_EQ(rows.find(fmt::format("\n{},", last + 2)), std::string::npos);
  expect_equal_when_interrupted(deck, 8);
  const DeckRun whole{folder, deck, "whole", {"schroedinger_bridge.score.patience=0"}};
  ASSERT_EQ(whole().code, ExitCode::done);
  EXPECT_NE(text_of(folder / "whole/metrics.csv").find("\n120,"), std::string::npos);
}

// With labels, a classifier says what it thinks of samples.
TEST(LatentBridgeParallel, AClassifierJudgesSamplesWhereverItIsStopped) {
  const SharedFolder folder;
  std::string rows = "label,x,y\n";
  const Random random(5, Stream::initial_ensemble);
  for (Index i = 0; i < 90; ++i)
    rows += fmt::format("{},{:.6f},{:.6f}\n", i % 3, 3 * Real(i % 3) + 0.3 * random.normal(i, 0, 0),
                        0.3 * random.normal(i, 0, 1));
  folder.write("rows.csv", rows);
  const std::string deck = R"(weir: 1
run: {name: judged, seed: 3, tile: 8}
schroedinger_bridge:
  data: {file: {path: )" + folder / "rows.csv" +
                           R"(, columns: [x, "y"], labels: label}}
  split: {test: 0.3}
  bridge: {sigma: 1.0, steps: 5}
  score: empirical
  generate: {count: 30}
  metrics: {report: [frechet_features, confidence, sure], classifier: {network: {hidden: [8]}, epochs: 3, batch: 16}}
)";
  expect_equal_when_interrupted(deck, 8);
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  for (const char* name : {"classifier_accuracy", "frechet_features", "confidence", "sure"})
    EXPECT_TRUE(summary.contains(name)) << name;
  EXPECT_NE(run_deck_text(folder, latent_deck, {"schroedinger_bridge.metrics=[sure]"}).message.find("labels"),
            std::string::npos);
}

// Rows of a file begin where they are told, in its order; fewer than `count`, so all of them.
TEST(LatentBridgeParallel, AnyStartingPointsAreCarried) {
  const SharedFolder folder;
  folder.write("starts.csv", "x,y\n3,-1\n0.5,0.25\n-2,2\n");
  for (const char* drift : {"empirical", "{mixture: {components: 4, train: {iterations: 6, batch: 32}}}"}) {
    const Outcome outcome =
        run_deck_text(folder, with_drift(drift),
                      {"schroedinger_bridge.generate={from: starts.csv}", "schroedinger_bridge.metrics=[]"});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const Hdf5File samples(folder / "out/samples.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
    EXPECT_EQ(samples.shape("/samples"), (std::vector<Index>{3, 2}));
    const Hdf5File snapshots(folder / "out/snapshots.h5", MPI_COMM_WORLD, Hdf5File::Access::read);
    EXPECT_EQ(snapshots.read("/snapshots/0/latents"), (std::vector<Real>{3, -1, 0.5, 0.25, -2, 2}));
  }
}

TEST(LatentBridge, EndsMayBeDrawnFromThePlan) {
  const SharedFolder folder;
  for (const char* drift : {"empirical", "{mixture: {components: 4, train: {iterations: 6, batch: 32}}}"}) {
    const Outcome outcome =
        run_deck_text(folder, with_drift(drift), {"schroedinger_bridge.generate.by=plan"});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const auto copying = summary_of(folder / "out")["copying"];
    if (std::string(drift) == "empirical")
      EXPECT_EQ(copying, 0);  // they are rows
    else
      EXPECT_GT(copying, 0);
  }
}

}  // namespace
}  // namespace weir
