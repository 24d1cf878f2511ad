// Runs of learn_energies that are told to stop wherever they ask, again and again, on changing numbers of
// ranks: every one gets further, and the last leaves what a run leaves that nobody stopped.
#include <gtest/gtest.h>

#include "Interrupted.hpp"

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

/// A time limit of nothing stops a run wherever it asks: where a step or a piece of work is done and kept.
/// Returns the number of runs that it took.
int run_interrupted(const SharedFolder& folder, const std::string& deck) {
  constexpr int most = 200;
  const int ranks = Communicator().size();
  DeckRun part{folder, deck};
  part.time_limit = 0;
  std::string newest;
  for (int run = 1; run < most; ++run) {
    const Outcome outcome = part(1 + run % ranks, "");
    if (outcome.code == done) return run;
    EXPECT_EQ(outcome.code, stopped) << outcome.message;
    const auto found = checkpoints(folder);
    if (outcome.code != stopped || found.empty() || found[0] == newest) {
      ADD_FAILURE() << "run " << run << " got no further than " << newest;
      return run;
    }
    newest = found[0];
    EXPECT_EQ(summary_of(folder / "out")["status"], "stopped");
  }
  ADD_FAILURE() << "not done after " << most << " runs";
  return most;
}

/// `least`: stops that there must be, beside those at steps of a training.
void expect_equal_when_interrupted(const std::string& deck, int least) {
  const SharedFolder folder;
  const Outcome uninterrupted = DeckRun{folder, deck, "whole"}();
  ASSERT_EQ(uninterrupted.code, done) << uninterrupted.message;
  EXPECT_GT(run_interrupted(folder, deck), least);
  expect_equal_runs(folder / "whole", folder / "out");
}

// Stops after the couplings, each of four scores, transitions and predictions, and all metrics but the last.
TEST(InterruptionParallel, ALinearFit) {
  expect_equal_when_interrupted(learning("{linear: {entropy: true, interaction: true}}"), 13);
}

}  // namespace
}  // namespace weir
