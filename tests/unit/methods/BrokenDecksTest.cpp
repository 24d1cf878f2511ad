// Decks and data that are wrong: each gives its message and exit code 2 on all ranks, and nothing is written.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "InProcess.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const std::string simulate_deck = R"(weir: 1
run: {name: broken, seed: 1}
simulate:
  initial: {particles: 20, dimension: 2, normal: {mean: 0, covariance: 1}}
  energy: {potential: {quadratic: {stiffness: 1}}}
  time: {step: 0.1, end: 0.2}
)";

const std::string learn_deck = R"(weir: 1
run: {name: broken, seed: 1}
learn_energies:
  populations:
    simulate:
      initial: {particles: 20, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: sphere}
      time: {step: 0.01, end: 0.02}
  split: {test: 0.5}
  model: {linear: {features_at: current}}
)";

/// A deck, what is changed about it on the command line, and what the message must say.
struct Broken {
  std::string name, deck;
  std::vector<std::string> settings;
  std::string message;
};

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

Outcome check_deck(const SharedFolder& folder, const std::string& deck,
                   const std::vector<std::string>& settings) {
  CommandLine command;
  command.deck = folder.write("deck.yaml", deck);
  command.settings = settings;
  command.settings.push_back("run.output=" + folder / "out");
  command.check = true;
  return run_to_outcome(command, Communicator());
}

/// By a run and by `--check` alike; nothing is written.
void expect_broken(const SharedFolder& folder, const Broken& broken) {
  for (const auto& outcome : {run_deck_text(folder, broken.deck, broken.settings),
                              check_deck(folder, broken.deck, broken.settings)}) {
    EXPECT_EQ(outcome.code, bad_input) << broken.name;
    EXPECT_NE(outcome.message.find(broken.message), std::string::npos)
        << broken.name << ": " << outcome.message;
  }
  Communicator().barrier();
  EXPECT_FALSE(std::filesystem::exists(folder / "out")) << broken.name;
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

/// A version 1.0 .npy file of doubles.
std::string npy(Index rows, Index columns, const std::vector<double>& values) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(columns) + "), }";
  header += std::string(64 - (10 + header.size() + 1) % 64, ' ') + "\n";
  std::string text("\x93NUMPY\x01\x00", 8);
  text += char(header.size() & 0xff);
  text += char(header.size() >> 8);
  text += header;
  text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
  return text;
}

TEST(BrokenDecksParallel, DataFilesGiveTheirMessage) {
  const SharedFolder folder;
  folder.write("good.npy", npy(4, 2, {0, 1, 2, 3, 4, 5, 6, 7}));
  folder.write("nan.npy", npy(2, 2, {0, 1, std::numeric_limits<double>::quiet_NaN(), 3}));
  folder.write("truncated.npy", npy(4, 2, {0, 1, 2}));
  folder.write("truncated.h5", "\x89HDF\r\n\x1a\n and no more");
  folder.write("ragged.csv", "a,b\n1,2\n3\n");
  folder.write("words.csv", "a,b\n1,two\n");
  folder.write("one.csv", "label,x\n0,1\n0,2\n0,3\n");
  folder.write("uneven.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n1,2\n");
  folder.write("empty.npy", npy(0, 2, {}));
  folder.write("names.csv", "label,x\n");
  folder.write("point.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n1,1\n1,1\n");
  folder.write("single.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n");
  const std::string from_file = "simulate.initial={file: ",
                    populations = "learn_energies.populations={file: {path: ";
  const auto labelled = [&](const std::string& file, const std::string& more = "") {
    return populations + file + ", labels: {column: label}" + more + "}}";
  };
  const std::vector<Broken> files{
      {"not a number", simulate_deck, {from_file + "nan.npy}"}, "nan.npy"},
      {"truncated npy", simulate_deck, {from_file + "truncated.npy}"}, "truncated.npy"},
      {"truncated HDF5", simulate_deck, {from_file + "truncated.h5}"}, "truncated.h5"},
      {"ragged rows", simulate_deck, {from_file + "ragged.csv}"}, "ragged.csv"},
      {"words for numbers", simulate_deck, {from_file + "words.csv}"}, "words.csv"},
      {"columns that are not there",
       simulate_deck,
       {"simulate.initial={file: {path: good.npy, columns: [0, 5]}}"},
       "columns"},
      {"particles that contradict the file",
       simulate_deck,
       {"simulate.initial={particles: 7, file: good.npy}"},
       "the file has 4 rows"},
      {"dimension that contradicts the file",
       simulate_deck,
       {"simulate.initial={dimension: 3, file: good.npy}"},
       "the file's rows have 2 columns"},
      {"energy that does not fit the file",
       simulate_deck,
       {from_file + "good.npy}", "simulate.energy.potential={quadratic: {centre: [1, 2, 3]}}"},
       "simulate.energy.potential"},
      {"no labels", learn_deck, {populations + "good.npy}}"}, "the rows carry no labels"},
      {"one population", learn_deck, {labelled("one.csv")}, "at least two are needed"},
      {"times that do not match",
       learn_deck,
       {labelled("uneven.csv", ", times: [0, 1, 2]"), "learn_energies.split.test=0"},
       "has 3 entries for 2 populations"},
      {"times that do not ascend",
       learn_deck,
       {labelled("uneven.csv", ", times: [1, 0]"), "learn_energies.split.test=0"},
       "populations.file.times: found [1, 0]; allowed: each above the one before"},
      {"a table without rows", simulate_deck, {from_file + "empty.npy}"}, "empty.npy: has no rows"},
      {"names of columns alone", learn_deck, {labelled("names.csv")}, "names.csv: has no rows"},
      {"a scale that makes all values equal",
       learn_deck,
       {labelled("uneven.csv", ", scale: 0")},
       "file.scale: found 0"},
      {"a population at one point",
       learn_deck,
       {labelled("point.csv"), "learn_energies.split.test=0", "learn_energies.model.linear.entropy=true"},
       "the particles of population 1 are all at one point"},
      {"pairs of unequal size",
       learn_deck,
       {labelled("uneven.csv"), "learn_energies.pairing=paired"},
       "needs populations of equal size"},
      {"assignment of unequal sizes",
       learn_deck,
       {labelled("uneven.csv"), "learn_energies.split.test=0",
        "learn_energies.coupling={method: assignment, batch: whole}"},
       "use network_simplex"},
      {"population of one particle",
       learn_deck,
       {labelled("single.csv"), "learn_energies.split.test=0"},
       "at least 2 are needed"},
      {"l2_uvp without the truth",
       learn_deck,
       {labelled("uneven.csv"), "learn_energies.metrics=[l2_uvp]"},
       "only simulated populations have"},
  };
  for (const auto& broken : files) expect_broken(folder, broken);
}

// A population that is left out need not fit the couplings.
TEST(BrokenDecksParallel, PopulationsLeftOutAreNotCoupled) {
  const SharedFolder folder;
  folder.write("uneven.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n1,2\n2,4\n2,5\n2,7\n");
  const std::vector<std::string> settings{
      "learn_energies.populations={file: {path: uneven.csv, labels: {column: label}}}",
      "learn_energies.split.test=0", "learn_energies.coupling={method: assignment, batch: whole}"};
  expect_broken(folder, {"all of them", learn_deck, settings, "use network_simplex"});
  auto left_out = settings;
  left_out.push_back("learn_energies.leave_out=[1]");
  EXPECT_EQ(check_deck(folder, learn_deck, left_out).code, done);
}

// Ensembles of the deck's size are not made: there would be no memory for them.
TEST(BrokenDecksParallel, HugeDecksAreChecked) {
  const SharedFolder folder;
  const auto checked = [&](const std::string& deck, const std::vector<std::string>& settings) {
    return check_deck(folder, deck, settings);
  };
  EXPECT_EQ(checked(simulate_deck, {"simulate.initial.particles=1000000000"}).code, done);
  const std::string particles = "learn_energies.populations.simulate.initial.particles=200000000";
  EXPECT_EQ(checked(learn_deck, {particles}).code, done);
  EXPECT_EQ(checked(learn_deck, {particles, "learn_energies.split.test=1e-4"}).code, done);
  const Outcome whole = checked(learn_deck, {particles, "learn_energies.coupling.batch=whole"});
  EXPECT_EQ(whole.code, bad_input);
  EXPECT_NE(whole.message.find("couples 100000000 particles at a time"), std::string::npos) << whole.message;
}

#if !defined(__SANITIZE_ADDRESS__)  // which ends a program that asks for so much
TEST(BrokenDecks, MoreThanThereIsMemoryFor) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, simulate_deck, {"simulate.initial.dimension=1000000000000"});
  EXPECT_EQ(outcome.code, failed);
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
  EXPECT_EQ(outcome.code, bad_input);
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
  EXPECT_EQ(outcome.code, failed);
  EXPECT_NE(outcome.message.find("is not finite"), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find("block particles at step "), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find(" (time "), std::string::npos) << outcome.message;
  EXPECT_TRUE(std::filesystem::exists(folder / "out/snapshots.h5"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/summary.json"));
}

}  // namespace
}  // namespace weir
