// Decks that are wrong: each gives its message and exit code 2 on all ranks, and nothing is written.
#include <gtest/gtest.h>

#include <petscsys.h>
#include <filesystem>

#include "methods/BrokenDecks.hpp"

namespace weir {
namespace {

using namespace testing_tools;

std::vector<Broken> broken_settings() {
  const std::string s = simulate_deck, l = learn_deck, p = "learn_energies.populations.";
  return {
      {"misspelt key", s, {"simulate.tyme={}"}, "did you mean \"time\"?"},
      {"misspelt nested key", s, {"simulate.time.stepp=1"}, "did you mean \"step\"?"},
      {"misspelt functional", s, {"simulate.energy.potential=wavy_plato"}, "did you mean \"wavy_plateau\"?"},
      {"unknown scheme", s, {"simulate.time.scheme=leapfrog"}, "simulate.time.scheme: found \"leapfrog\""},
      {"unknown metric", s, {"simulate.metrics=[means]"}, "did you mean \"mean\"?"},
      {"negative step", s, {"simulate.time.step=-0.1"}, "simulate.time.step: found -0.1; allowed: above 0"},
      {"zero step", s, {"simulate.time.step=0"}, "allowed: above 0"},
      {"step that is a word",
       s,
       {"simulate.time.step=fast"},
       "simulate.time.step: expected a number, found \"fast\""},
      {"end before start", s, {"simulate.time.end=-1"}, "simulate.time.end"},
      {"negative particles",
       s,
       {"simulate.initial.particles=-5"},
       "simulate.initial.particles: found -5; allowed: at least 1"},
      {"fractional particles",
       s,
       {"simulate.initial.particles=1.5"},
       "simulate.initial.particles: expected an integer, found 1.5"},
      {"mean of three in two dimensions",
       s,
       {"simulate.initial.normal.mean=[1, 2, 3]"},
       "simulate.initial.normal.mean"},
      {"covariance of the wrong shape",
       s,
       {"simulate.initial.normal.covariance=[[1, 0, 0], [0, 1, 0], [0, 0, 1]]"},
       "simulate.initial.normal.covariance"},
      {"covariance that is none",
       s,
       {"simulate.initial.normal.covariance=[[1, 2], [2, 1]]"},
       "not positive semidefinite"},
      {"covariance that is not symmetric",
       s,
       {"simulate.initial.normal.covariance=[[1, 0.5], [0, 1]]"},
       "not symmetric"},
      {"covariance that is not symmetric below its first column",
       s,
       {"simulate.initial.dimension=3",
        "simulate.initial.normal.covariance=[[1, 0, 0], [0, 1, 0.5], [0, 0, 1]]"},
       "not symmetric: entry (1, 2) is 0.5 and entry (2, 1) is 0"},
      {"covariance of a variance that is 0 and correlates",
       s,
       {"simulate.initial.normal.covariance=[[0, 1], [1, 1]]"},
       "not positive semidefinite"},
      {"covariance that is negative",
       s,
       {"simulate.initial.normal.covariance=-1"},
       "not positive semidefinite"},
      {"uniform upside down",
       s,
       {"simulate.initial={particles: 5, dimension: 1, uniform: {low: 1, high: 0}}"},
       "allowed: above low"},
      {"two laws at once", s, {"simulate.initial.uniform={}"}, "simulate.initial"},
      {"no law", s, {"simulate.initial={particles: 5, dimension: 1}"}, "simulate.initial"},
      {"no particles",
       s,
       {"simulate.initial={dimension: 1, uniform: {}}"},
       "simulate.initial.particles: is missing"},
      {"no dimension",
       s,
       {"simulate.initial={particles: 5, uniform: {}}"},
       "simulate.initial.dimension: is missing"},
      {"functional in too few dimensions",
       s,
       {"simulate.initial.dimension=1", "simulate.energy.potential=ishigami"},
       "ishigami needs at least 2 dimensions, the ensemble has 1"},
      {"stiffness of the wrong shape",
       s,
       {"simulate.energy.potential.quadratic.stiffness=[1, 2, 3]"},
       "simulate.energy.potential"},
      {"centre of the wrong shape",
       s,
       {"simulate.energy.potential=[flat, {gaussian: {centre: [1, 2, 3]}}]"},
       "simulate.energy.potential.1.gaussian.centre"},
      {"bandwidth of noise",
       s,
       {"simulate.energy.entropy={coefficient: 0.1, bandwidth: 0.2}"},
       "simulate.energy.entropy.bandwidth: is of the blob flow"},
      {"interaction with a centre",
       s,
       {"simulate.energy.interaction={quadratic: {centre: 1}}"},
       "an interaction acts on differences"},
      {"formula that does not parse",
       s,
       {"simulate.energy.potential={expression: 'x0 +'}"},
       "at character 5: found the end"},
      {"formula with constants that are not finite",
       s,
       {"simulate.energy.potential={expression: 'x0 + log(-1)'}"},
       "before character 13: constants that make no finite number"},
      {"formula in a component that is not there",
       s,
       {"simulate.energy.potential={expression: x2}"},
       "x0 to x1"},
      {"negative width", s, {"simulate.energy.interaction={gaussian: {width: -1}}"}, "allowed: above 0"},
      {"negative entropy",
       s,
       {"simulate.energy.entropy=-0.1"},
       "simulate.energy.entropy.coefficient: found -0.1"},
      {"noise under a native scheme",
       s,
       {"simulate.energy.entropy=0.1", "simulate.time.scheme=rk"},
       "rk integrates noise-free flows"},
      {"tolerance without rk", s, {"simulate.time.tolerance=1e-3"}, "adaptive steps need `scheme: rk`"},
      {"power below one",
       s,
       {"simulate.energy.power={exponent: 0.5}"},
       "simulate.energy.power.exponent: found 0.5; allowed: above 1"},
      {"blob of a single point",
       s,
       {"simulate.initial.particles=1", "simulate.energy.entropy={coefficient: 1, by: blob}"},
       "no spread"},
      {"learned energy that is not there", s, {"simulate.energy.learned=nowhere.h5"}, "there is no file"},
      {"learned energy that is a folder", s, {"simulate.energy.learned=."}, "is a folder"},
      {"learned energy that is no HDF5", s, {"simulate.energy.learned=deck.yaml"}, "is not an energies.h5"},
      {"file that is not there", s, {"simulate.initial={file: nowhere.npy}"}, "nowhere.npy"},
      {"file of an unknown kind", s, {"simulate.initial={file: deck.yaml}"}, "deck.yaml"},
      {"tile of everything", s, {"run.tile=100000000000000"}, "at most 1048576"},
      {"tile of nothing", s, {"run.tile=0"}, "run.tile: found 0"},
      {"precision of a third kind", s, {"run.precision=half"}, "run.precision: found \"half\""},
      {"name that is a path", s, {"run.name=../up"}, "run.name"},
      {"negative report interval",
       s,
       {"simulate.metrics={report: [mean], every: 0}"},
       "simulate.metrics.every: found 0"},
      {"version of tomorrow", s, {"weir=2"}, "weir: found 2"},
      {"setting that is no setting", s, {"simulate.time.step"}, "simulate.time.step"},

      {"unknown metric of predictions", l, {"learn_energies.metrics=[w3]"}, "found \"w3\"; allowed: w1, w2"},
      {"test share of all", l, {"learn_energies.split.test=1"}, "learn_energies.split.test: found 1"},
      {"too few to train", l, {p + "simulate.initial.particles=2"}, "at least 2 are needed"},
      {"nothing to learn", l, {"learn_energies.model.linear.potential=false"}, "nothing is left to learn"},
      {"no features",
       l,
       {"learn_energies.model.linear.features={polynomial: false}"},
       "no features are left"},
      {"too many features",
       l,
       {"learn_energies.model.linear.features={polynomial: {degree: 9, kind: tensor}, max_features: 50}"},
       "asks for 99 features in 2 dimensions"},
      {"too many centres",
       l,
       {"learn_energies.model.linear.features={radial: {centres: {grid: 100}}}"},
       "more than max_features = 5000"},
      {"centres upside down",
       l,
       {"learn_energies.model.linear.features={radial: {centres: {grid: 3, low: 2, high: [3, 1]}}}"},
       "features.radial.centres.high: found 1 where low is 2; allowed: above low"},
      {"centres in three dimensions",
       l,
       {"learn_energies.model.linear.features={radial: {centres: {grid: 3, low: [1, 2, 3]}}}"},
       "features.radial.centres.low"},
      {"bounds of centres from data",
       l,
       {"learn_energies.model.linear.features={radial: {centres: {data: 3, low: [-1, -1]}}}"},
       "features.radial.centres.low: is a bound of a grid"},
      {"more centres than points",
       l,
       {"learn_energies.model.linear.features={radial: {centres: {data: 500}}}"},
       "20 points to choose from"},
      {"negative ridge", l, {"learn_energies.model.linear.ridge=-1"}, "ridge: found -1"},
      {"couplings too large to be exact",
       l,
       {"learn_energies.coupling={batch: whole, exact_limit: 5}"},
       "more than exact_limit = 5"},
      {"batch of nothing", l, {"learn_energies.coupling.batch=0"}, "learn_energies.coupling.batch: found 0"},
      {"unknown model", l, {"learn_energies.model={quadratic: {}}"}, "learn_energies.model"},
      {"unknown profile",
       l,
       {"learn_energies.model.linear.features={radial: {centres: data, profile: square}}"},
       "profile: found \"square\""},
      {"mixture of nothing",
       l,
       {"learn_energies.density={gaussian_mixture: {components: 0}}"},
       "components: found 0"},
      {"a trajectory in too many dimensions",
       l,
       {"learn_energies.model={trajectory: {entropy: 0.1}}",
        "learn_energies.populations.simulate.initial.dimension=70"},
       "takes up to 63 dimensions with an entropy, the data have 70"},
      {"a metric twice", l, {"learn_energies.metrics=[w1, w2, w1]"}, "metrics.report.2: found \"w1\" again"},
      {"adaptive steps of populations",
       l,
       {p + "simulate.time.scheme=rk", p + "simulate.time.tolerance=1e-6"},
       "there is one population a step, so steps are of one size"},
      {"too many unknowns of all energies",
       l,
       {"learn_energies.model.linear.features={polynomial: {degree: 4}, max_features: 24}",
        "learn_energies.model.linear.interaction=true", "learn_energies.model.linear.entropy=true"},
       "unknowns with V, W and beta, more than max_features = 24"},
      {"a linear model in too many dimensions",
       l,
       {p + "simulate.initial.dimension=200"},
       "the linear model takes up to 128 dimensions, the data have 200"},
      {"populations of a simulation that cannot be",
       l,
       {p + "simulate.energy.interaction={expression: z}"},
       p + "simulate.energy.interaction"},
      {"feature side that is neither", l, {"learn_energies.model.linear.features_at=last"}, "found \"last\""},
  };
}

TEST(BrokenDecksParallel, SettingsGiveTheirMessage) {
  const SharedFolder folder;
  for (const auto& broken : broken_settings()) expect_broken(folder, broken);
}

// Problems that do not depend on each other are told together, those of the text with those of keys.
TEST(BrokenDecksParallel, AllProblemsAtOnce) {
  const SharedFolder folder;
  const auto expect_all = [&](const std::string& deck, const std::vector<std::string>& settings,
                              const std::vector<std::string>& messages) {
    for (const auto& message : messages) expect_broken(folder, {message, deck, settings, message});
  };
  expect_all(simulate_deck + "run: {name: again}\n", {"simulate.tyme=3", "simulate.time.step=-1"},
             {"the key \"run\" stands twice", "simulate.tyme", "simulate.time.step: found -1"});
  expect_all(simulate_deck,
             {"simulate.initial.normal.mean=[1, 2, 3]",
              "simulate.energy.potential=[{quadratic: {centre: [1, 2, 3]}}, {expression: x0 +}]",
              "simulate.energy.interaction={expression: y0}", "simulate.energy.learned=nothing.h5"},
             {"simulate.initial.normal.mean", "simulate.energy.potential.0", "simulate.energy.potential.1",
              "simulate.energy.interaction", "there is no file"});
}

TEST(BrokenDecksParallel, TextsGiveTheirMessage) {
  const SharedFolder folder;
  const std::vector<Broken> texts{
      {"duplicate key", "weir: 1\nrun: {name: a}\nrun: {name: b}\n", {}, "run"},
      {"no method", "weir: 1\nrun: {name: a}\n", {}, "simulate"},
      {"two methods", simulate_deck + "learn_energies: {}\n", {}, "learn_energies"},
      {"no version", "run: {name: a}\nsimulate: {}\n", {}, "weir"},
      {"not YAML", "weir: [1\n", {}, "deck.yaml"},
      {"a list", "- 1\n- 2\n", {}, "found a list"},
      {"empty", "", {}, "is empty"},
      {"no time",
       "weir: 1\nsimulate: {initial: {particles: 2, dimension: 1, uniform: {}}}\n",
       {},
       "simulate.time"},
  };
  for (const auto& broken : texts) expect_broken(folder, broken);
}

TEST(BrokenDecksParallel, MoreEntriesThanPetscNumbers) {
  if (sizeof(PetscInt) == 8) GTEST_SKIP() << "this PETSc has 64-bit indices";
  const SharedFolder folder;
  for (const auto& [deck, path] : {std::pair(simulate_deck, std::string("simulate.initial")),
                                   {learn_deck, std::string("learn_energies.populations.simulate.initial")}})
    expect_broken(
        folder, {path, deck, {path + ".particles=1100000000"}, path + ": the state has 2200000000 entries"});
}

// Ensembles of the deck's size are not made: there would be no memory for them.
TEST(BrokenDecksParallel, HugeDecksAreChecked) {
  const SharedFolder folder;
  const auto checked = [&](const std::string& deck, const std::vector<std::string>& settings) {
    return check_deck(folder, deck, settings);
  };
  EXPECT_EQ(checked(simulate_deck, {"simulate.initial.particles=1000000000"}).code, ExitCode::done);
  const std::string particles = "learn_energies.populations.simulate.initial.particles=200000000";
  EXPECT_EQ(checked(learn_deck, {particles}).code, ExitCode::done);
  EXPECT_EQ(checked(learn_deck, {particles, "learn_energies.split.test=1e-4"}).code, ExitCode::done);
  const Outcome whole = checked(learn_deck, {particles, "learn_energies.coupling.batch=whole"});
  EXPECT_EQ(whole.code, ExitCode::bad_input);
  EXPECT_NE(whole.message.find("couples 100000000 particles at a time"), std::string::npos) << whole.message;
}

#if !defined(__SANITIZE_ADDRESS__)  // which ends a program that asks for so much
TEST(BrokenDecks, MoreThanThereIsMemoryFor) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, simulate_deck, {"simulate.initial.dimension=1000000000000"});
  EXPECT_EQ(outcome.code, ExitCode::failed);
  EXPECT_NE(outcome.message.find("out of memory"), std::string::npos) << outcome.message;
}
#endif

TEST(BrokenDecks, AFolderThatCannotBeMade) {
  const SharedFolder folder;
  folder.write("blocked", "a file, not a folder");
  CommandLine command;
  command.deck = folder.write("deck.yaml", simulate_deck);
  command.settings = {"run.output=" + folder / "blocked/out"};
  const Outcome outcome = run_to_outcome(command, Communicator());
  EXPECT_EQ(outcome.code, ExitCode::bad_input);
  EXPECT_NE(outcome.message.find("run.output: cannot write to the folder"), std::string::npos)
      << outcome.message;
}

// The first step that is not finite stops the run, with what was written before it kept.
TEST(BrokenDecksParallel, AStateThatIsNotFiniteKeepsTheLastGoodSnapshot) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(
      folder, simulate_deck,
      {"simulate.energy.potential={double_well: {height: 10}}", "simulate.initial.normal.covariance=9",
       "simulate.time={step: 0.5, end: 50}", "simulate.snapshots.every=1"});
  EXPECT_EQ(outcome.code, ExitCode::failed);
  EXPECT_NE(outcome.message.find("is not finite"), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find("block particles at step "), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find(" (time "), std::string::npos) << outcome.message;
  EXPECT_TRUE(std::filesystem::exists(folder / "out/snapshots.h5"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/summary.json"));
}

}  // namespace
}  // namespace weir
