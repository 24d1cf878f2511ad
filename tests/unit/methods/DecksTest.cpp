// The decks that users are shown, read by the methods themselves: each must parse, mean what it says, come
// back from its resolved form, and agree with the reference and the schema.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "methods/learn_energies/LearnEnergiesOptions.hpp"
#include "methods/simulate/SimulateOptions.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/DeckDocuments.hpp"
#include "weir/methods/Method.hpp"

namespace weir {
namespace {

/// All methods, and what decks may say of them.
struct Methods {
  std::vector<std::unique_ptr<Method>> methods = all_methods();
  std::vector<DeckMethod> described;
  Methods() {
    for (const auto& method : methods)
      described.push_back(
          {method->key(), method->doc(), [&m = *method](Section& section) { m.describe(section); }});
  }
};

/// A deck as its method reads it.
struct Read {
  Methods all;
  RunOptions run;
  std::string method;
  explicit Read(const std::string& text, const std::string& folder = "/decks/here") {
    const Deck deck = Deck::parse(text, "deck.yaml", folder);
    try {
      method = deck.read(run, all.described);
    } catch (const InputError& error) {
      ADD_FAILURE() << deck.explain(error);
    }
  }
  std::string resolved() const {
    for (const auto& each : all.described)
      if (each.key == method) return resolved_deck(run, each);
    return "";
  }
};

/// The options of one method, to look at.
template <class Options>
Options options_of(const std::string& method, const std::string& text, RunOptions* run = nullptr) {
  Options options;
  RunOptions of_run;
  const Deck deck = Deck::parse(text, "deck.yaml", "/decks/here");
  try {
    deck.read(run ? *run : of_run, {{method, "", [&](Section& section) { describe(section, options); }}});
  } catch (const InputError& error) {
    ADD_FAILURE() << deck.explain(error);
  }
  return options;
}

// Read, written and read again: the second writing shows every option that the first reading left.
void expect_round_trip(const std::string& text) {
  const Read first(text);
  const std::string resolved = first.resolved();
  const Read second(resolved, "/elsewhere");
  EXPECT_EQ(second.method, first.method);
  EXPECT_EQ(second.resolved(), resolved);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Every deck of the project: those of users, and those that tests run from files.
std::vector<std::filesystem::path> kept_decks() {
  std::vector<std::filesystem::path> decks;
  for (const char* folder : {"/input", "/tests"})
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(WEIR_SOURCE_DIR + std::string(folder)))
      if (entry.path().extension() == ".yaml") decks.push_back(entry.path());
  std::sort(decks.begin(), decks.end());
  return decks;
}

TEST(Decks, EveryDeckOfTheProjectComesBackFromItsResolvedForm) {
  const auto decks = kept_decks();
  EXPECT_GE(decks.size(), 16u);
  for (const auto& path : decks) {
    SCOPED_TRACE(path.string());
    expect_round_trip(text_of(path));
  }
}

const char* const simulate_deck = R"(
weir: 1
run: {name: simulate_ou, seed: 1, precision: double}
simulate:
  initial:
    particles: 100000
    dimension: 2
    normal: {mean: [1.0, -1.0], covariance: 0.5}   # or uniform: {low: -4, high: 4}
  energy:
    potential: {quadratic: {centre: [0.0, 0.0], stiffness: 2.0}}
    interaction: {quadratic: {stiffness: 0.5}}
    entropy: 0.1             # short for {coefficient: 0.1, by: noise}
  time: {step: 0.01, end: 2.0, scheme: langevin}
  snapshots: {every: 50}
  metrics: {report: [mean, covariance, free_energy], every: 10}
)";

TEST(Decks, Simulate) {
  RunOptions run;
  const auto simulate = options_of<SimulateOptions>("simulate", simulate_deck, &run);
  EXPECT_EQ(run.seed, 1);
  EXPECT_EQ(simulate.initial.particles, 100000);
  EXPECT_EQ(std::get<NormalOptions>(simulate.initial.law).mean.values, (std::vector<Real>{1, -1}));
  EXPECT_EQ(simulate.energy.potential.size(), 1u);
  EXPECT_EQ(simulate.energy.entropy.coefficient, 0.1);
  EXPECT_EQ(simulate.energy.entropy.by, "noise");
  EXPECT_EQ(simulate.snapshots.every, 50);
  EXPECT_EQ(simulate.metrics.every, 10);
  expect_round_trip(simulate_deck);
}

TEST(Decks, TheResolvedDeckGivesEveryOption) {
  EXPECT_EQ(Read(simulate_deck).resolved(), R"(weir: 1
run:
  name: simulate_ou
  seed: 1
  precision: double
  tile: 64
  output: out/<name>
  checkpoint:
    every: 0
    minutes: 30.0
    keep: 2
  machine:
    latency: null
    bandwidth: null
    memory: null
simulate:
  initial:
    particles: 100000
    dimension: 2
    normal:
      mean: [1.0, -1.0]
      covariance: 0.5
  energy:
    potential:
      - quadratic:
          centre: [0.0, 0.0]
          stiffness: 2.0
    interaction:
      - quadratic:
          centre: 0.0
          stiffness: 0.5
    entropy:
      coefficient: 0.1
      by: noise
      bandwidth: null
    power: false
    learned: false
  time:
    start: 0.0
    end: 2.0
    step: 0.01
    scheme: langevin
    tolerance: null
  snapshots:
    every: 50
  metrics:
    report: [mean, covariance, free_energy]
    every: 10
)");
}

const char* const linear_deck = R"(
weir: 1
run: {name: learn_energies_linear, seed: 0}
learn_energies:
  populations:
    simulate:                      # any `simulate` section; one population a step
      initial: {particles: 2000, dimension: 2, uniform: {low: -4, high: 4}}
      energy: {potential: wavy_plateau}
      time: {step: 0.01, end: 0.05, scheme: langevin}
  split: 0.5
  pairing: paired
  coupling: {method: assignment, batch: whole}
  model:
    linear:
      features_at: current
      ridge: 0.01
      features:
        polynomial: {degree: 4, kind: tensor}
        radial: {centres: {grid: 12, low: -4, high: 4}, length: 0.70710678}
  metrics: [w1, w2, l2_uvp]
)";

TEST(Decks, LearnEnergiesLinear) {
  const auto learn = options_of<LearnEnergiesOptions>("learn_energies", linear_deck);
  const auto& simulated = std::get<SimulatedPopulations>(learn.populations.source);
  EXPECT_EQ(simulated.initial.particles, 2000);
  EXPECT_EQ(learn.split.test, 0.5);
  EXPECT_EQ(learn.coupling.batch.word, "whole");
  const auto& linear = std::get<LinearModelOptions>(learn.model.kind);
  EXPECT_EQ(std::get<GridCentres>(linear.features.radial.value().centres.at).number, 12);
  EXPECT_EQ(learn.metrics.report, (std::vector<std::string>{"w1", "w2", "l2_uvp"}));
  expect_round_trip(linear_deck);
}

const char* const cells_deck = R"(
weir: 1
run: {name: learn_energies_cells, seed: 0, precision: single}
learn_energies:
  populations:
    file: {path: ../data/eb_5pc/X.npy, columns: [0, 5], labels: {path: ../data/eb_5pc/t.npy, select: [0, 1, 2]}, times: [0, 3, 6]}
  split: {test: 0.4}
  coupling: {method: network_simplex, batch: 500}
  density: {gaussian_mixture: {components: 10}}
  model:
    network:
      features_at: current
      potential: {hidden: [64, 64], activation: softplus, time: true}
      train: {epochs: 100, batch: 256, rule: {adam: {rate: 1.0e-3, clip: 10}}}
  metrics: [w1, w2]
)";

TEST(Decks, LearnEnergiesOfCells) {
  const auto learn = options_of<LearnEnergiesOptions>("learn_energies", cells_deck);
  const auto& file = std::get<FilePopulations>(learn.populations.source);
  EXPECT_EQ(file.path.path, "/decks/data/eb_5pc/X.npy");
  EXPECT_EQ(file.labels.value().path.path, "/decks/data/eb_5pc/t.npy");
  ASSERT_EQ(file.labels.value().select.size(), 3u);
  EXPECT_EQ(file.labels.value().select[2].number, 2);
  EXPECT_EQ(file.times, (std::vector<Real>{0, 3, 6}));
  EXPECT_EQ(file.key_path, "learn_energies.populations.file");
  const auto& network = std::get<NetworkModelOptions>(learn.model.kind);
  EXPECT_TRUE(network.potential.value().time);
  EXPECT_FALSE(network.interaction);
  EXPECT_EQ(std::get<ParameterRuleOptions>(network.train.rule.rule).clip, 10);
  expect_round_trip(cells_deck);
}

TEST(Decks, RoundTripIsExactForAwkwardValues) {
  const std::string text = R"(
weir: 1
run: {name: x, output: "out: [a], {b} # c \"d\" ü"}
learn_energies:
  populations:
    simulate:
      initial: {particles: 9007199254740993, dimension: 2, normal: {mean: [0.1, 1e-300], covariance: [[1, 0.3333333333333333], [0.3, 2]]}}
      time: {step: 1.7976931348623157e308, end: 5e-324}
  model: linear
)";
  const std::string from_file = R"(
weir: 1
run: {name: x}
learn_energies:
  populations: {file: {path: "a b: {c}.h5", dataset: "null", labels: {column: "007", select: [1e-300]}}}
  model: linear
)";
  expect_round_trip(text);
  expect_round_trip(from_file);
  RunOptions run;
  const auto again = options_of<LearnEnergiesOptions>("learn_energies", Read(text).resolved(), &run);
  EXPECT_EQ(run.output, "out: [a], {b} # c \"d\" \xc3\xbc");
  const auto& simulated = std::get<SimulatedPopulations>(again.populations.source);
  EXPECT_EQ(simulated.initial.particles, 9007199254740993);
  const auto& normal = std::get<NormalOptions>(simulated.initial.law);
  EXPECT_EQ(normal.mean.values, (std::vector<Real>{0.1, 1e-300}));
  EXPECT_EQ(normal.covariance.rows, (std::vector<std::vector<Real>>{{1, 0.3333333333333333}, {0.3, 2}}));
  EXPECT_EQ(simulated.time.step, 1.7976931348623157e308);
  EXPECT_EQ(simulated.time.end, 5e-324);
  const auto file = std::get<FilePopulations>(
      options_of<LearnEnergiesOptions>("learn_energies", Read(from_file).resolved()).populations.source);
  EXPECT_EQ(file.path.path, "/decks/here/a b: {c}.h5");
  EXPECT_EQ(file.dataset, "null");
  EXPECT_EQ(file.labels.value().column, "007");
  EXPECT_EQ(file.labels.value().select.at(0).number, 1e-300);
}

// PyYAML, say, takes 1e-08 for a word.
TEST(Decks, ResolvedNumbersAreNumbersForReadersOfOlderYaml) {
  EXPECT_NE(Read(cells_deck).resolved().find("epsilon: 1.0e-08\n"), std::string::npos);
  EXPECT_TRUE(deck_differences("a: [1e-08, x]\nb: -2e+30\n", "a: [1.0e-08, x]\nb: -2.0e+30\n").empty());
  EXPECT_EQ(deck_differences("a: 1e-08\n", "a: 1.0e-07\n").size(), 1u);
}

TEST(DeckReference, ListsEveryKeyWithTypeDefaultRangeAndUnit) {
  const std::string text = deck_reference(Methods().described);
  for (const char* line : {
           "## `run`\n",
           "| `seed` | integer | `0` | at least 0 | chooses all random numbers of the run |\n",
           "| `precision` | text | `double` | `double`, `single` | arithmetic of networks and pair kernels; "
           "states and sums are double |\n",
           "| `initial` | map | required |  | the ensemble at the start |\n",
           "### `simulate.initial`\n",
           "| `linear`, `network`, `trajectory` | exactly one of these | required |  | the model of the "
           "energies: ",
           "| `gaussian_mixture`, `kernel` | exactly one of these | without the section: `gaussian_mixture` "
           "|",
           "### `simulate.initial.normal`\n",
           "| `covariance` | number, diagonal or matrix [length^2] | `1.0` |  | covariance",
           "| `entropy` | map, or the value of `coefficient` |  |  | beta",
           "| `labels` | map, or the value of `column` | `false` | `true`, `false` | a label for every row",
           "| `select` | number or list of numbers or word | `[]` |  | only rows of these labels are read",
           "| `potential` | list of maps | `[]` |  | V: ",
           "| `batch` | integer or word | `1000` | at least 1; `whole` | particles",
           "| `clip` | number or null | none | above 0 | gradients",
           "| `step` | number [time] | required | above 0 | step size h |\n",
           "### `learn_energies.populations.simulate`\n\nsimulated: one population a step\n\nKeys and "
           "sections as in `simulate`.\n",
       })
    EXPECT_NE(text.find(line), std::string::npos) << line << " in\n" << text;
}

TEST(DeckSchema, DescribesKeysAlternativesAndShorthands) {
  const Methods all;
  const auto schema = nlohmann::json::parse(deck_schema(all.described));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["required"], nlohmann::json({"weir"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["allOf"][0]["oneOf"].size(), all.described.size());
  const auto content = [&](const nlohmann::json& part) {  // of a section that may be shared
    return part.contains("$ref") ? schema["$defs"][part["$ref"].get<std::string>().substr(8)] : part;
  };
  const auto simulate = content(schema["properties"]["simulate"]["then"]);
  EXPECT_EQ(simulate["required"], nlohmann::json({"initial", "time"}));
  const auto initial = content(simulate["properties"]["initial"]["then"]);
  EXPECT_EQ(
      initial["allOf"][0]["oneOf"],
      nlohmann::json::parse(
          R"([{"required": ["normal"]}, {"required": ["uniform"]}, {"required": ["barenblatt"]}, {"required": ["file"]}])"));
  const auto time = content(simulate["properties"]["time"]["then"]);
  EXPECT_EQ(time["properties"]["step"]["type"], "number");
  EXPECT_EQ(time["properties"]["step"]["exclusiveMinimum"], 0);
  const auto energy = content(simulate["properties"]["energy"]["then"]);
  EXPECT_EQ(energy["properties"]["entropy"]["else"]["anyOf"][0]["type"], "number");
}

// An independent judge, where there is one: python3-jsonschema.
TEST(DeckSchema, IsValidAndAcceptsTheDecks) {
  const char* given = std::getenv("WEIR_TEST_PYTHON");
  const std::string python = given ? given : "/usr/bin/python3";
  if (std::system((python + " -c 'import jsonschema, yaml' 2> /dev/null").c_str()) != 0)
    GTEST_SKIP() << python << " has no jsonschema and yaml";
  const auto folder = std::filesystem::temp_directory_path() / ("weir-schema-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "schema.json") << deck_schema(Methods().described);
  std::vector<std::string> decks{simulate_deck, linear_deck, cells_deck};
  for (const auto& path : kept_decks()) decks.push_back(text_of(path));
  for (std::size_t i = 0; i < decks.size(); ++i) {
    std::ofstream(folder / ("good" + std::to_string(2 * i) + ".yaml")) << decks[i];
    std::ofstream(folder / ("good" + std::to_string(2 * i + 1) + ".yaml")) << Read(decks[i]).resolved();
  }
  const std::string simulate = "weir: 1\nsimulate: {time: {step: 1, end: 2}, initial: ";
  std::ofstream(folder / "bad0.yaml") << simulate_deck << "  stpe: 1\n";
  std::ofstream(folder / "bad1.yaml") << "weir: 1\n";
  std::ofstream(folder / "bad2.yaml") << simulate << "{particles: 0, dimension: 1, normal: {}}}\n";
  std::ofstream(folder / "bad3.yaml")
      << simulate << "{particles: 1, dimension: 1, normal: {}, uniform: {}}}\n";
  std::ofstream(folder / "check.py") << R"(
import glob, json, os, sys, jsonschema, yaml
here = os.path.dirname(os.path.abspath(__file__))
schema = json.load(open(here + "/schema.json"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for deck in sorted(glob.glob(here + "/*.yaml")):
    errors = [e.message for e in validator.iter_errors(yaml.safe_load(open(deck)))]
    if bool(errors) != os.path.basename(deck).startswith("bad"):
        sys.exit(f"{deck}: {errors}")
# The key that is wrong, not the root.
paths = [[str(p) for p in e.absolute_path] for e in validator.iter_errors(yaml.safe_load(open(here + "/bad2.yaml")))]
if paths != [["simulate", "initial", "particles"]]:
    sys.exit(f"errors point at {paths}")
)";
  EXPECT_EQ(std::system((python + " " + (folder / "check.py").string()).c_str()), 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir
