// Paths through snapshots as whole runs: what they leave, interruptions, broken decks.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/BrokenDecks.hpp"
#include "methods/Interrupted.hpp"

namespace weir {
namespace {

using namespace testing_tools;

// A population that moves by (1, 0) a unit of time, doubling nothing: every path is straight.
const std::string snapshots_deck = R"(weir: 1
run: {name: snapshots, seed: 3, tile: 8}
schroedinger_bridge:
  populations:
    simulate:
      initial: {particles: 60, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: {quadratic: {stiffness: 1}}, entropy: 0.05}
      time: {step: 0.2, end: 0.8, scheme: langevin}
  leave_out: [2]
  snapshots:
    coupling: {method: network_simplex, batch: 25}
    path: {spline: {beta: 0.5}}
    times: [0, 0.1, 0.3, 0.4, 0.8]
)";

TEST(SnapshotBridgeParallel, GoesOnWhereverItIsStopped) {
  expect_equal_when_interrupted(snapshots_deck, 4);
}

TEST(SnapshotBridgeParallel, GoesOnWithGrowth) {
  std::string deck = snapshots_deck;
  const std::string exact = "coupling: {method: network_simplex, batch: 25}";
  deck.replace(deck.find(exact), exact.size(), "coupling: {growth: {rho: 1}, epsilon: 0.1}");
  const std::string spline = "{spline: {beta: 0.5}}";
  deck.replace(deck.find(spline), spline.size(), "{bridge: {sigma: 0.3}}");
  expect_equal_when_interrupted(deck, 4);
}

TEST(SnapshotBridgeParallel, LeavesPathsPredictionsAndDistances) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, snapshots_deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  for (const char* name :
       {"w1", "w1/2", "w1_displacement", "w1_identity", "w1_floor", "w2", "energy_distance"})
    EXPECT_TRUE(summary[name].is_number()) << name;
  EXPECT_EQ(summary["protocol/start"], "previous");
  const auto blocks = snapshots_of(folder / "out");
  // All times: those of the populations, 0 .2 .4 .6 .8, and .1, .3 between them.
  EXPECT_EQ(blocks.count("/snapshots/1/paths"), 1u);
  EXPECT_EQ(blocks.count("/snapshots/1/observed"), 0u);
  EXPECT_EQ(blocks.count("/snapshots/2/paths"), 0u);
  EXPECT_EQ(blocks.count("/snapshots/2/observed"), 1u);
  EXPECT_EQ(blocks.count("/snapshots/4/predicted"), 1u);
  EXPECT_EQ(blocks.at("/snapshots/0/paths"), blocks.at("/snapshots/0/observed"));  // of every particle
  EXPECT_EQ(blocks.at("/snapshots/4/paths").back(), 0.4);
}

// The trajectories are populations that learn_energies takes, each row the same particle.
TEST(SnapshotBridgeParallel, LeavesPathsThatEnergiesAreLearnedFrom) {
  const SharedFolder folder;
  ASSERT_EQ(run_deck_text(folder, snapshots_deck).code, ExitCode::done);
  const std::string learn = R"(weir: 1
run: {name: learn, tile: 8}
learn_energies:
  populations: {snapshots: )" +
                            folder / "out/snapshots.h5" +
                            R"(}
  pairing: paired
  split: {test: 0.25}
  model: {linear: {features_at: current, features: {polynomial: {degree: 2}}}}
  metrics: [w1]
)";
  DeckRun learned{folder, learn, "learned"};
  const Outcome outcome = learned();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_TRUE(summary_of(folder / "learned")["w1"].is_number());
  const auto blocks = snapshots_of(folder / "learned");
  EXPECT_EQ(blocks.at("/snapshots/1/observed").back(), 0.1);  // at the paths' times: 0, .1, .3, .4, .8
  DeckRun missing{
      folder,
      learn,
      "missing",
      {"learn_energies.populations={snapshots: {path: " + folder / "out/snapshots.h5" + ", block: tracks}}"}};
  EXPECT_NE(missing().message.find("has 0 snapshots with a block \"tracks\""), std::string::npos);
}

// What is true of a bridge: pinned at the snapshots, of variance sigma^2 u (1 - u) between.
TEST(SnapshotBridge, BrownianBridgesHaveTheirVariance) {
  const SharedFolder folder;
  const std::string deck = R"(weir: 1
run: {name: brownian, seed: 3}
schroedinger_bridge:
  populations:
    simulate:
      initial: {particles: 4000, dimension: 1, uniform: {low: -1, high: 1}}
      time: {step: 1, end: 2}
  snapshots: {coupling: {method: assignment}, path: {bridge: {sigma: 0.5}}, times: [0, 0.25, 0.5, 1, 1.5]}
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  // One dimension: the coupling is by rank, and particle i ends at a partner; straight paths give the mean.
  const auto straight_folder = folder / "straight";
  CommandLine command;
  command.deck = folder.write("deck.yaml", deck);
  command.settings = {"schroedinger_bridge.snapshots.path=displacement", "run.output=" + straight_folder};
  ASSERT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::done);
  const auto noisy = snapshots_of(folder / "out"), straight = snapshots_of(straight_folder);
  const auto moments = [&](const std::string& a, const std::string& b) {
    const auto &x = noisy.at(a), &s = straight.at(a), &y = noisy.at(b), &r = straight.at(b);
    Real sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) sum += (x[i] - s[i]) * (y[i] - r[i]);
    return sum / Real(x.size() - 1);
  };
  const Real error = 4 * std::sqrt(2. / 4000);
  EXPECT_NEAR(moments("/snapshots/1/paths", "/snapshots/1/paths") / (0.25 * 0.25 * 0.75), 1, error);
  EXPECT_NEAR(moments("/snapshots/2/paths", "/snapshots/2/paths") / (0.25 * 0.25), 1, error);
  EXPECT_NEAR(moments("/snapshots/1/paths", "/snapshots/2/paths") / (0.25 * 0.25 * 0.5), 1, 2 * error);
  EXPECT_NEAR(moments("/snapshots/3/paths", "/snapshots/3/paths"), 0, 1e-20);
}

TEST(BrokenSnapshotBridgesParallel, GiveTheirMessages) {
  const SharedFolder folder;
  const std::string d = snapshots_deck, k = "schroedinger_bridge.";
  for (const Broken& broken : std::vector<Broken>{
           {"no such population",
            d,
            {k + "leave_out=[7]"},
            "found 7; allowed: numbers of populations, 0 to 4"},
           {"left out twice", d, {k + "leave_out=[1, 2, 1]"}, "names population 1 twice; name each once"},
           {"first left out", d, {k + "leave_out=[0]"}, "which has no population before it"},
           {"last left out", d, {k + "leave_out=[4]"}, "which has no population after it"},
           {"unknown path", d, {k + "snapshots.path=spine"}, "did you mean \"spline\"?"},
           {"negative beta", d, {k + "snapshots.path={spline: -1}"}, "allowed: at least 0"},
           {"growth of an exact coupling",
            d,
            {k + "snapshots.coupling={method: assignment, growth: 3}"},
            "`growth` is for sinkhorn"},
           {"growth beside an exact coupling", d, {k + "snapshots.growth=3"}, "`growth` is for sinkhorn"},
           {"growth twice",
            d,
            {k + "snapshots.coupling={growth: 3}", k + "snapshots.growth=3"},
            "give it once"},
           {"no price of growth", d, {k + "snapshots.coupling={growth: 0}"}, "allowed: above 0"},
           {"time outside", d, {k + "snapshots.times=[0.1, 0.9]"}, "found 0.9; allowed: from 0 to 0.8"},
           {"times that go back", d, {k + "snapshots.times=[0.3, 0.1]"}, "each above the one before"},
           {"trajectories from one left out",
            d,
            {k + "snapshots.trajectories_from=2"},
            "allowed: numbers of populations that are not left out"},
           {"unknown metric", d, {k + "metrics=[w3]"}, "found \"w3\""},
           {"unknown start", d, {k + "snapshots.start=last"}, "snapshots.start: found \"last\""},
           {"exact limit", d, {k + "snapshots.coupling.exact_limit=5"}, "more than exact_limit = 5"},
           {"unequal assignment",
            d,
            {k + "populations={file: {path: " + std::string(WEIR_SOURCE_DIR) +
                 "/input/data/hsmm_10pc.csv, columns: [3, 5], labels: hours}}",
             k + "leave_out=[1]", k + "snapshots.times=[0]",
             k + "snapshots.coupling={method: assignment, batch: whole}"},
            "use network_simplex"},
       })
    expect_broken(folder, broken);
}

}  // namespace
}  // namespace weir
