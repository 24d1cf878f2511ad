// What --estimate says of bridges that are trained is what a run counts, on any number of ranks.
#include <gtest/gtest.h>

#include "methods/EstimatedParts.hpp"
#include "methods/Interrupted.hpp"
#include "methods/populations/CouplingCost.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const std::string estimated_deck = R"(weir: 1
run: {name: estimate, tile: 8, precision: single}
schroedinger_bridge:
  data: {synthetic: {moons: {count: 150, lift: 5}}}
  bridge: {steps: 4}
  generate: {count: 61}
)";
const std::string b = "schroedinger_bridge.";
const std::string between = b + "bridge.start={ensemble: {synthetic: {moons: {count: 90, lift: 5}}}}";

// 150 rows in 19 tiles, 90 in 12; 4 tiles a batch: 5 and 3 iterations an epoch.
TEST(EstimateParallel, CountsOfABridgeThatIsTrained) {
  const std::string autoencoder =
      b + "autoencoder={network: {hidden: [7]}, train: {epochs: 2, batch: 32, rule: {adam: {clip: 1}}}}";
  struct Case {
    std::vector<std::string> settings;
    std::map<std::string, Index> times;  ///< 0: of another phase
  };
  for (const Case& c : {
           Case{{b + "latent.dimension=2", autoencoder,
                 b + "score={network: {hidden: [9]}, train: {iterations: 5, batch: 32}}"},
                {{"pretrain", 10}, {"train", 5}, {"step", 4}}},
           Case{{b + "bridge={start: point, steps: 3}",
                 b + "score={network: {hidden: [9, 4]}, train: {iterations: 10, batch: 32}}"},
                {{"train", 10}, {"step", 3}}},
           Case{{between, b + "bridge.drift={mixture: {components: 3, train: {iterations: 15, batch: 32}}}",
                 b + "generate.by=plan"},
                {{"train", 15}}},
           Case{{between,
                 b + "bridge.drift={network: {hidden: [9], partners: 3, train: {iterations: 6, batch: "
                     "32}}}"},
                {{"plan", 0}, {"train", 6}, {"step", 4}}},
           Case{{between, b + "bridge.drift=empirical"}, {{"plan", 0}, {"step", 4}}},
           Case{{b + "score=empirical"}, {{"step", 4}}},
           Case{{b + "score=empirical", "run.precision=double", b + "bridge={start: point, steps: 3}"},
                {{"step", 3}}},
           // Rows held out are looked at in reports, which are no part of an iteration.
           Case{{b + "data={synthetic: {moons: {count: 300, lift: 5}}}", b + "split=0.5",
                 b + "score={network: {hidden: [9]}, train: {iterations: 10, batch: 32, reports: 3}}"},
                {{"train", 10}, {"step", 4}}},
       }) {
    expect_run_as_estimated(estimated_deck, c.settings, c.times);
  }
}

// The steps of the bridge and of the three beside it: 4, and 4 + 50 + 50, noise-free ones included.
TEST(EstimateParallel, CountsOfABridgeWhoseErrorIsSplit) {
  const SharedFolder folder;
  const std::vector<std::string> settings{b + "score=empirical", b + "split=0.5",
                                          b + "metrics={report: [error_parts], reference_steps: 50}"};
  EstimatedParts expected =
      estimated_parts(estimated_deck, settings, {{"step", 4}, {"reference step", 4 + 50 + 50}});
  // Each of the four bridges asks once more whether all is finite; two parts were taken for two stages.
  const Index ranks = Communicator().size();
  expected.traffic["check"] += {2, Real(2 * ranks * real_size), 0};
  const Outcome outcome = run_deck_text(folder, estimated_deck, settings);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_counted(expected);
}

// An earlier bridge takes its steps alone, of its own shapes.
TEST(EstimateParallel, CountsOfABridgeThatIsRead) {
  const SharedFolder folder;
  const std::vector<std::string> trained{
      b + "latent.dimension=2", b + "autoencoder={linear: {}}",
      b + "score={network: {hidden: [9]}, train: {iterations: 5, batch: 32}}"};
  ASSERT_EQ((DeckRun{folder, estimated_deck, "first", trained})().code, ExitCode::done);
  const std::vector<std::string> settings{b + "model=" + folder / "first/networks.h5"};
  expect_run_as_estimated(estimated_deck, settings, {{"step", 4}});
}

// Of labelled rows: 63 in 8 tiles, 2 a batch, 4 iterations an epoch.
TEST(EstimateParallel, CountsOfAClassifier) {
  const SharedFolder folder;
  std::string rows = "label,x,y\n";
  for (Index i = 0; i < 90; ++i) rows += fmt::format("{},{},{}\n", i % 3, i % 3 + 0.01 * Real(i), i % 7);
  folder.write("rows.csv", rows);
  const std::vector<std::string> settings{
      b + "data={file: {path: " + folder / "rows.csv" + ", columns: [x, y], labels: label}}",
      b + "split={test: 0.3}", b + "score=empirical",
      b + "metrics={report: [sure], classifier: {network: {hidden: [6]}, epochs: 3, batch: 16}}"};
  expect_run_as_estimated(estimated_deck, settings, {{"step", 4}, {"classify", 12}});
}

// Through snapshots: all couplings, each by one rank or, if entropic, by all.
TEST(EstimateParallel, PartsOfABridgeThroughSnapshots) {
  const std::string deck = R"(weir: 1
run: {name: estimate, tile: 8}
schroedinger_bridge:
  populations:
    simulate: {initial: {particles: 40, dimension: 2, normal: {}}, energy: {potential: sphere}, time: {step: 0.1, end: 0.3}}
  leave_out: [2]
  snapshots: {coupling: COUPLING}
)";
  const auto with = [&](const std::string& coupling) {
    std::string text = deck;
    return text.replace(text.find("COUPLING"), 8, coupling);
  };
  const auto parts = [&](const std::string& coupling) { return costs_of(with(coupling), {}); };
  const auto exact = parts("{method: network_simplex, batch: whole}");
  ASSERT_EQ(exact.size(), 1u);
  EXPECT_EQ(exact[0].name, "coupling");
  exact[0].model->measure(Communicator());
  const Cost one = exact[0].model->at(1), three = exact[0].model->at(3);
  EXPECT_EQ(one.tiles, 2);  // of snapshots 0, 1 and 3
  EXPECT_DOUBLE_EQ(three.other_seconds, one.other_seconds / 2);
  EXPECT_GT(three.traffic.at("coupling").bytes, one.traffic.at("coupling").bytes);
  for (const char* coupling :
       {"{method: network_simplex, batch: whole}", "{method: assignment, batch: 15}", "{batch: 7}"})
    expect_run_as_estimated(with(coupling), {}, {{"coupling", 1}});
  const auto entropic = parts("{method: sinkhorn, epsilon: 0.5}");
  const Cost cost = entropic[0].model->at(3);
  EXPECT_EQ(cost.pairs, 2 * 2 * 40 * 40);
  EXPECT_GT(cost.memory, 0);
}

// What an iteration of the entropic plan sends and computes: the difference that one more of them makes.
TEST(EstimateParallel, CountsOfAnEntropicPlan) {
  const Communicator comm;
  RunOptions run;
  run.tile = 8;
  const auto counts_of = [&](Index n, Index m, Index iterations) {
    const Ensemble x(comm, n, 2, run.tile), y(comm, m, 2, run.tile);
    fill_normals(x.x, Random(1, Stream::initial_ensemble), x.partition.first_particle(), 0);
    fill_normals(y.x, Random(2, Stream::initial_ensemble), y.partition.first_particle(), 0);
    SinkhornProblem problem;
    problem.epsilon = 1;
    problem.tolerance = 1e-300;
    problem.max_iterations = iterations;
    const Counters before = counters();
    sinkhorn(x, y, problem);
    return std::pair<Index, Index>{comm.sum(counters().bytes - before.bytes),
                                   comm.sum(counters().pairs - before.pairs)};
  };
  const auto of_iteration = [&](Index n, Index m) {
    const auto many = counts_of(n, m, 5), few = counts_of(n, m, 4);
    return std::pair<Index, Index>{many.first - few.first, many.second - few.second};
  };
  const auto estimated = [&](Index n, Index m) {
    CouplingOptions options;
    options.method = "sinkhorn";
    return CouplingCost(
               options, 2, {{n, m}}, {}, [](int) { return 0; }, run)
        .at(comm.size());
  };
  for (const auto& [n, m] : {std::pair<Index, Index>{50, 70}, {110, 150}}) {
    const auto counted = of_iteration(n, m);
    const Cost cost = estimated(n, m);
    EXPECT_EQ(Real(counted.second), cost.pairs);
    EXPECT_EQ(Real(counted.first), cost.broadcasts.bytes + cost.traffic.at("coupling").bytes);
  }
}

}  // namespace
}  // namespace weir
