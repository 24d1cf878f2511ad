// What trajectories learn: bowls, an interaction, a temperature; and what is refused.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const char* bowl_deck = R"(weir: 1
run: {name: bowl, seed: 3, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 250, dimension: 2, normal: {mean: [1, 1], covariance: 1}}
      energy: {potential: {quadratic: {stiffness: [2.0, 4.0]}}}
      time: {step: 0.05, end: 0.2}
  split: {test: 0.2}
  pairing: unpaired
  model:
    trajectory:
      particles: 100
      steps: 4
      residual: explicit
      potential: {hidden: [16, 16]}
      train: {iterations: 300, rule: {adam: {rate: 1.0e-2, schedule: cosine}}}
  metrics: [w1, l2_uvp]
)";

const char* noisy_deck = R"(weir: 1
run: {name: noisy, seed: 3, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 600, dimension: 2, normal: {mean: [1, 1], covariance: 0.3}}
      energy: {potential: {quadratic: {stiffness: [1.0, 2.0]}}, entropy: 1.0}
      time: {step: 0.05, end: 0.3}
  pairing: unpaired
  model:
    trajectory:
      particles: 100
      steps: 6
      entropy: 1.0
      potential: {hidden: [16, 16]}
      train: {iterations: 400, rule: {adam: {rate: 3.0e-2, schedule: cosine}}}
  metrics: [l2_uvp]
)";

// A population that spreads by noise, of which the potential alone would have to be a hill.
TEST(TrajectoryLearningParallel, LearnsABowlBesideKnownNoise) {
  const SharedFolder folder;
  const Outcome known = run_deck_text(folder, noisy_deck);
  ASSERT_EQ(known.code, ExitCode::done) << known.message;
  const Real with = summary_of(folder / "out")["l2_uvp"];
  const Outcome unknown = run_deck_text(folder, noisy_deck, {"learn_energies.model.trajectory.entropy=0"});
  ASSERT_EQ(unknown.code, ExitCode::done) << unknown.message;
  const Real without = summary_of(folder / "out")["l2_uvp"];
  EXPECT_LT(with, 0.4);
  EXPECT_GT(without, 3 * with);
}

const char* gaussian_deck = R"(weir: 1
run: {name: gaussian, seed: 3, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 1000, dimension: 1, normal: {mean: 1, covariance: 0.2}}
      energy: {potential: {quadratic: {stiffness: 1.0}}, entropy: 1.0}
      time: {step: 0.1, end: 0.6}
  pairing: unpaired
  coupling: {method: network_simplex, batch: whole}
  model:
    trajectory:
      particles: 100
      steps: 6
      residual: explicit
      entropy: 1.0
      train_entropy: true
      potential: {hidden: [16]}
      train: {iterations: 1200, rule: {adam: 1.0e-2}, particles: {adam: 1.0e-2}}
  metrics: [l2_uvp]
)";

// Normal populations that spread: their variances over time tell beta = 1, from wherever it starts. These
// 7000 numbers themselves leave it uncertain by about .1.
TEST(TrajectoryLearning, FindsBetaFromEitherSide) {
  const SharedFolder folder;
  Real found[2] = {};
  const char* starts[] = {"0.2", "2"};
  for (int n = 0; n < 2; ++n) {
    const Outcome outcome = run_deck_text(
        folder, gaussian_deck, {fmt::format("learn_energies.model.trajectory.entropy={}", starts[n])});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    found[n] = summary_of(folder / "out")["entropy"];
    EXPECT_NEAR(found[n], 1, 0.25) << starts[n];
  }
  EXPECT_NEAR(found[0], found[1], 0.35);
  const SharedFolder again;
  const Outcome simulated = run_deck_text(again, fmt::format(R"(weir: 1
run: {{name: again}}
simulate:
  initial: {{particles: 4000, dimension: 1, normal: {{mean: 1, covariance: 0.2}}}}
  energy: {{learned: {}}}
  time: {{step: 0.02, end: 0.6}}
  metrics: {{report: [covariance], every: 30}}
)",
                                                             folder / "out/energies.h5"));
  ASSERT_EQ(simulated.code, ExitCode::done) << simulated.message;
  EXPECT_NEAR(summary_of(again / "out")["covariance/0/0"], 0.78, 0.15);  // the last population's
}

const char* together_deck = R"(weir: 1
run: {name: together, seed: 3, tile: 16}
learn_energies:
  populations:
    simulate:
      initial: {particles: 1000, dimension: 2, normal: {mean: [1, 0], covariance: [[1.5, 0], [0, 0.5]]}}
      energy: {potential: {quadratic: {stiffness: 0.5}}, interaction: {quadratic: {stiffness: 1.0}}}
      time: {step: 0.2, end: 0.4, scheme: rk}
  split: {test: 0.2}
  pairing: unpaired
  coupling: {method: network_simplex, batch: whole}
  model:
    trajectory:
      particles: 64
      steps: 4
      potential: {hidden: [16]}
      interaction: {hidden: [16], sources: 32}
      train: {iterations: 1000, rule: {adam: {rate: 1.0e-2, schedule: cosine}}}
  metrics: [w1, l2_uvp]
)";

// Which of the two attracts is told by means and variances; doing nothing has an l2_uvp of 9.6 here.
TEST(TrajectoryLearning, LearnsAPotentialAndAnInteraction) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, together_deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  RecordProperty("l2_uvp", std::to_string(Real(summary["l2_uvp"])));
  EXPECT_LT(summary["l2_uvp"], 1.5);
  EXPECT_LT(Real(summary["w1"]), 0.4 * Real(summary["w1_identity"]));
  const std::string learned = fmt::format(R"(weir: 1
run: {{name: again, tile: 16}}
simulate:
  initial: {{particles: 500, dimension: 2, normal: {{mean: [1, 0], covariance: 1}}}}
  energy: {{learned: {}}}
  time: {{step: 0.02, end: 0.2}}
  metrics: {{report: [covariance], every: 10}}
)",
                                          folder / "out/energies.h5");
  const SharedFolder again;
  const Outcome simulated = run_deck_text(again, learned);
  ASSERT_EQ(simulated.code, ExitCode::done) << simulated.message;
  const auto last = summary_of(again / "out");
  EXPECT_NEAR((Real(last["covariance/0/0"]) + Real(last["covariance/1/1"])) / 2, std::exp(-0.6), 0.2);
}

// Only displacement interpolation past a population that is left out wants the populations' couplings.
TEST(TrajectoryLearning, CouplesPopulationsOnlyWhereOneIsLeftOut) {
  const SharedFolder folder;
  const std::string short_training = "learn_energies.model.trajectory.train.iterations=2";
  ASSERT_EQ(run_deck_text(folder, bowl_deck, {short_training}).code, ExitCode::done);
  EXPECT_FALSE(summary_of(folder / "out").contains("seconds/coupling"));
  const Outcome outcome = run_deck_text(folder, bowl_deck, {short_training, "learn_energies.leave_out=[1]"});
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  EXPECT_TRUE(summary.contains("seconds/coupling"));
  EXPECT_TRUE(summary.contains("w1_interpolation"));
}

// Independent populations; doing nothing has an l2_uvp of about 8 here.
TEST(TrajectoryLearningParallel, LearnsABowlFromIndependentPopulations) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, bowl_deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  RecordProperty("l2_uvp", std::to_string(Real(summary["l2_uvp"])));
  EXPECT_LT(summary["l2_uvp"], 0.5);
  EXPECT_LT(Real(summary["w1"]), 0.5 * Real(summary["w1_identity"]));
}

TEST(TrajectoryLearningParallel, RefusesWhatItCannotTrain) {
  const SharedFolder folder;
  const auto refused = [&](std::vector<std::string> settings, const std::string& message) {
    const Outcome outcome = run_deck_text(folder, bowl_deck, std::move(settings));
    EXPECT_EQ(outcome.code, ExitCode::bad_input);
    EXPECT_NE(outcome.message.find(message), std::string::npos) << outcome.message;
  };
  refused({"learn_energies.model.trajectory.residual=implicit"}, "trapezoid");
  refused({"learn_energies.model.trajectory.bandwidth=-1"}, "found -1; allowed: above 0");
  refused({"learn_energies.model.trajectory.steps=0"}, "at least 1");
  refused({"learn_energies.model.trajectory.train_entropy=true"}, "needs `entropy`");
  refused({"learn_energies.model.trajectory.potential=false"}, "nothing is learned");
  refused({"learn_energies.model.trajectory={entropy: 1, train_entropy: true, potential: {time: true}}"},
          "beta is not determined");
  refused({"learn_energies.model.trajectory.interaction.sources=0"}, "at least 1");
  refused({"learn_energies.model.trajectory.interaction.sources=some"}, "all");
  refused({"learn_energies.model.trajectory.interaction.statistic=w"}, "u");
  refused({"learn_energies.coupling.method=assignment"}, "assignment needs parts of equal size");
}

}  // namespace
}  // namespace weir
