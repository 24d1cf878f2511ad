// Runs of learn_energies that are told to stop wherever they ask, again and again, on changing numbers of
// ranks: every one gets further, and the last leaves what a run leaves that nobody stopped.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "methods/Interrupted.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {
namespace {

using namespace testing_tools;

std::string learning(const std::string& model, const std::string& more = "metrics: [w1]") {
  return R"(weir: 1
run: {name: interrupted, seed: 7, tile: 8, checkpoint: {keep: 3}}
learn_energies:
  populations:
    simulate:
      initial: {particles: 64, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: {quadratic: {stiffness: 2}}, entropy: 0.1}
      time: {step: 0.02, end: 0.08}
  split: {test: 0.25}
  coupling: {batch: 20}
  model: )" +
         model + "\n  " + more + "\n";
}

TEST(InterruptionParallel, ALinearFit) {
  expect_equal_when_interrupted(
      learning(
          "{linear: {entropy: true, interaction: true, ridge: 0.1, features: {polynomial: {degree: 2}}}}"),
      1 + 4 + 3 + 1 + 2 * 4);
}

TEST(InterruptionParallel, LinearFitsOfEachTransitionRepeated) {
  expect_equal_when_interrupted(
      learning("{linear: {time: true, entropy: true, features_at: current}}",
               "density: {kernel: {}}\n  predict: roll_out\n  repetitions: 2\n  metrics: [w1, w2, l2_uvp, "
               "bures_uvp, mmd]"),
      2 * (1 + 4 + 3 + 1 + 4));
}

TEST(InterruptionParallel, CouplingsBySinkhorn) {
  std::string deck = learning("{linear: {}}");
  const std::string exact = "{batch: 20}";
  deck.replace(deck.find(exact), exact.size(), "{method: sinkhorn, epsilon: 0.1, growth: 1}");
  expect_equal_when_interrupted(deck, 4 + 3 + 4);
}

// The simulation's folder is that of the run before, and what it reads lies there.
TEST(InterruptionParallel, SimulationsLeaveEnergiesWhereTheyAre) {
  const SharedFolder folder;
  ASSERT_EQ((DeckRun{folder, learning("{linear: {}}")}().code), ExitCode::done);
  const std::string deck = R"(weir: 1
run: {name: simulated, seed: 7, tile: 8}
simulate:
  initial: {particles: 20, dimension: 2, uniform: {low: -1, high: 1}}
  energy: {learned: out/energies.h5}
  time: {step: 0.02, end: 0.08}
)";
  for (int again = 0; again < 2; ++again) {
    const Outcome outcome = DeckRun{folder, deck}();
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
  }
}

TEST(InterruptionParallel, EnergiesThatAreLostAreWrittenAgain) {
  const SharedFolder folder;
  DeckRun run{folder, learning("{linear: {}}")};
  const std::string energies = folder / "out/energies.h5";
  ASSERT_EQ(run().code, ExitCode::done);
  const std::string whole = text_of(energies);
  run.time_limit = 0;
  for (Outcome outcome = run(); outcome.code == ExitCode::stopped; outcome = run(0, "")) {
    Communicator().barrier();
    if (Communicator().is_root()) std::filesystem::remove(energies);
    Communicator().barrier();
  }
  EXPECT_EQ(text_of(energies), whole);
}

// A later repetition does not have what the first one learned.
TEST(InterruptionParallel, EnergiesOfAnEarlierRepetitionMustBeThere) {
  const SharedFolder folder;
  DeckRun run{folder, learning("{linear: {}}", "repetitions: 2\n  metrics: [w1]")};
  run.time_limit = 0;
  Outcome outcome = run();
  while (outcome.code == ExitCode::stopped &&
         checkpoints(folder)[0].find("checkpoint-3-") == std::string::npos)
    outcome = run(0, "");
  ASSERT_EQ(outcome.code, ExitCode::stopped) << outcome.message;
  Communicator().barrier();
  if (Communicator().is_root()) std::filesystem::resize_file(folder / "out/energies.h5", 1000);
  Communicator().barrier();
  outcome = run(0, "");
  EXPECT_EQ(outcome.code, ExitCode::failed);
  EXPECT_NE(outcome.message.find("energies.h5"), std::string::npos) << outcome.message;
}

// Two transitions fewer to learn from, as many predictions and metrics.
TEST(InterruptionParallel, NetworksWithPopulationsLeftOut) {
  expect_equal_when_interrupted(
      learning("{network: {potential: {hidden: [5]}, interaction: {hidden: [4]}, entropy: true, train: "
               "{epochs: 1, batch: 32}}}",
               "leave_out: [2]\n  metrics: [w1, energy_distance]"),
      1 + 3 + 1 + 1 + 4);
}

TEST(InterruptionParallel, NetworksOfTimeInSinglePrecisionRepeated) {
  std::string deck = learning(
      "{network: {potential: {hidden: [5], time: true}, features_at: current, train: {epochs: 1, batch: "
      "64}}}",
      "repetitions: 2\n  metrics: [w1]");
  deck.replace(deck.find("tile: 8"), 7, "tile: 8, precision: single");
  expect_equal_when_interrupted(deck, 2 * (1 + 1 + 1 + 4));
}

std::string trajectory(const std::string& more) {
  return learning(
      "{trajectory: {particles: 40, steps: 8, entropy: 0.1, train_entropy: true, potential: {hidden: [5]}, "
      "interaction: {hidden: [4], sources: 8}, train: {iterations: 4}}}",
      more);
}

// Stops after each of four intervals of the start, at steps, and so on.
TEST(InterruptionParallel, Trajectories) {
  expect_equal_when_interrupted(trajectory("metrics: [w1]"), 4 + 4 + 1 + 4);
}

TEST(InterruptionParallel, TrajectoriesWithPopulationsLeftOutRepeated) {
  expect_equal_when_interrupted(trajectory("leave_out: [1]\n  repetitions: 2\n  metrics: [w1]"),
                                2 * (1 + 3 + 4 + 1 + 4));
}

TEST(InterruptionParallel, RepetitionsHaveRowsOfTheirOwn) {
  const SharedFolder folder;
  ASSERT_EQ(run_deck_text(folder, learning("{linear: {}}", "repetitions: 3\n  metrics: [w1]")).code,
            ExitCode::done);
  std::istringstream table(text_of(folder / "out/metrics.csv"));
  std::vector<std::string> steps;
  for (std::string line; std::getline(table, line);) steps.push_back(line.substr(0, line.find(',')));
  EXPECT_EQ(steps, (std::vector<std::string>{"step", "4", "8", "12"}));
}

/// A checkpoint of a stage and layout, otherwise as the one in `path`.
void commit_changed(const std::string& path, const std::string& to, Real stage, Real layout) {
  const Communicator comm;
  const Checkpoint from(comm, path);
  commit_hdf5(comm, to, [&](Hdf5File& file) {
    for (const char* name : {"step", "time", "next_step", "seconds", "metrics_length", "metrics_checksum"})
      file.set_attribute("/", name, from.file().attribute("/", name));
    file.set_attribute("/", "stage", stage);
    file.set_attribute("/", "checkpoint", layout);
    file.set_attribute("/", "version", from.version());
    for (const char* name : {"deck", "summary"}) file.write_strings(name, from.file().read_strings(name));
  });
}

TEST(InterruptionParallel, StagesAndLayoutsThatAreNotKnownAreRefused) {
  const SharedFolder folder;
  DeckRun run{folder, learning("{linear: {}}")};
  run.time_limit = 0;
  ASSERT_EQ(run().code, ExitCode::stopped);
  const std::string good = checkpoints(folder).at(0);
  commit_changed(good, folder / "stage.h5", 3, checkpoint_layout);
  const Outcome stage = run(0, folder / "stage.h5");
  EXPECT_EQ(stage.code, ExitCode::failed);
  EXPECT_NE(stage.message.find("stage.h5 is of stage 3, which a run of 1 repetition does not have"),
            std::string::npos)
      << stage.message;
  commit_changed(good, folder / "empty.h5", 2, checkpoint_layout);
  const Outcome empty = run(0, folder / "empty.h5");
  EXPECT_EQ(empty.code, ExitCode::failed);
  EXPECT_NE(empty.message.find("empty.h5 holds no learned energy"), std::string::npos) << empty.message;
  commit_changed(good, folder / "layout.h5", 0, 1);
  const Outcome layout = run(0, folder / "layout.h5");
  EXPECT_EQ(layout.code, ExitCode::bad_input);
  EXPECT_NE(layout.message.find("does not know its layout"), std::string::npos) << layout.message;
}

}  // namespace
}  // namespace weir
