// The decks that users are shown: each must parse, mean what it says, and come back from its resolved form.
#include <gtest/gtest.h>

#include <unistd.h>
#include <cstdlib>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "input/MethodsInSmall.hpp"
#include "weir/input/DeckDocuments.hpp"

namespace weir::small {
namespace {

struct Read {
  Options options;
  RunOptions run;
  std::string method;
  explicit Read(const std::string& text, const std::string& folder = "/decks/here") {
    const Deck deck = Deck::parse(text, "deck.yaml", folder);
    try {
      method = deck.read(run, methods(options));
    } catch (const InputError& error) {
      ADD_FAILURE() << deck.explain(error);
    }
  }
  std::string resolved() {
    for (const auto& each : methods(options))
      if (each.key == method) return resolved_deck(run, each);
    return "";
  }
};

// Read, written and read again: the second writing shows every option that the first reading left.
void expect_round_trip(const std::string& text) {
  Read first(text);
  const std::string resolved = first.resolved();
  Read second(resolved, "/elsewhere");
  EXPECT_EQ(second.method, first.method);
  EXPECT_EQ(second.resolved(), resolved);
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

TEST(DecksInSmall, Simulate) {
  const Read read(simulate_deck);
  EXPECT_EQ(read.method, "simulate");
  EXPECT_EQ(read.run.seed, 1);
  const Simulate& simulate = read.options.simulate;
  EXPECT_EQ(simulate.initial.particles, 100000);
  EXPECT_EQ(std::get<Normal>(simulate.initial.law).mean.values, (std::vector<Real>{1, -1}));
  ASSERT_EQ(simulate.energy.potential.size(), 1u);
  EXPECT_EQ(std::get<Quadratic>(simulate.energy.potential[0].function).stiffness.rows[0][0], 2);
  EXPECT_EQ(simulate.energy.entropy.value().coefficient, 0.1);
  EXPECT_EQ(simulate.energy.entropy.value().by, "noise");
  EXPECT_EQ(simulate.metrics.every, 10);
  expect_round_trip(simulate_deck);
}

TEST(DecksInSmall, ResolvedDeckGivesEveryOption) {
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
  time:
    step: 0.01
    end: 2.0
    scheme: langevin
  snapshots:
    every: 50
  metrics:
    report: [mean, covariance, free_energy]
    every: 10
    points: 2000
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
  split: {test: 0.5}
  pairing: paired
  coupling: {method: assignment, batch: 1000}
  model:
    linear:
      potential: true
      interaction: false
      entropy: false
      features_at: current
      ridge: 0.01
      features:
        polynomial: {degree: 4, kind: tensor}
        radial: {centres: {grid: 10, low: -4, high: 4}, length: 0.70710678, profile: constant}
  predict: one_step
  metrics: [w1, w2, l2_uvp]
)";

TEST(DecksInSmall, LearnEnergiesLinear) {
  const LearnEnergies learn = Read(linear_deck).options.learn_energies;
  const auto& simulate = std::get<Simulate>(learn.populations.source);
  EXPECT_EQ(std::get<Named>(simulate.energy.potential.at(0).function).name, "wavy_plateau");
  const auto& linear = std::get<Linear>(learn.model.form);
  EXPECT_TRUE(linear.potential);
  EXPECT_FALSE(linear.interaction);
  EXPECT_EQ(std::get<GridCentres>(linear.features.radial.value().centres.from).points, 10);
  EXPECT_EQ(linear.features.radial.value().length, 0.70710678);
  EXPECT_EQ(learn.metrics.report, (std::vector<std::string>{"w1", "w2", "l2_uvp"}));
  expect_round_trip(linear_deck);
}

const char* const cells_deck = R"(
weir: 1
run: {name: learn_energies_cells, seed: 0, precision: single}
learn_energies:
  populations:
    file: {path: ../data/eb_5pc/X.npy, columns: [0, 5], labels: {path: ../data/eb_5pc/t.npy}}
  split: {test: 0.4}
  coupling: {method: network_simplex, batch: whole}
  density: {gaussian_mixture: {components: 10}}
  model:
    network:
      features_at: current
      potential: {hidden: [64, 64], activation: softplus, time: true}
      interaction: false
      entropy: false
      train: {epochs: 100, batch: 256, rule: {adam: {rate: 1.0e-3, clip: 10}}}
  predict: one_step
  metrics: [w1, w2]
)";

TEST(DecksInSmall, LearnEnergiesOfCells) {
  const LearnEnergies learn = Read(cells_deck).options.learn_energies;
  const auto& file = std::get<DataOptions>(learn.populations.source);
  EXPECT_EQ(file.path.path, "/decks/data/eb_5pc/X.npy");
  EXPECT_EQ(file.labels.value().path.path, "/decks/data/eb_5pc/t.npy");
  EXPECT_EQ(file.key_path, "learn_energies.populations.file");
  EXPECT_EQ(learn.coupling.batch.word, "whole");
  const auto& network = std::get<NetworkModel>(learn.model.form);
  EXPECT_TRUE(network.potential.value().time);
  EXPECT_FALSE(network.interaction);
  EXPECT_EQ(std::get<Adam>(network.train.rule.rule).clip, 10);
  expect_round_trip(cells_deck);
}

const char* const ebm_deck = R"(
weir: 1
run: {name: latent_ebm, seed: 0, precision: single}
latent_ebm:
  data: {synthetic: {moons: {count: 4000, noise: 0.1}}}   # or file: {path: .., columns: ..}
  split: {test: 0.5}
  latent: {dimension: 2, particles: 4}
  energy:
    network: {hidden: [128, 128], activation: silu}
    confinement: {data: 0.05, latent: 1.0}
  posterior: particles
  train:
    iterations: 4000
    batch: 512
    latents: {rule: {langevin: {step: 0.01}}, substeps: 10}
    negatives: {particles: 2048, rule: {langevin: {step: 0.01}}, substeps: 20, restart_probability: 0.01}
    parameters: {rule: {adam: {rate: 1.0e-3, clip: 10}}}
  generate: {count: 2000, steps: 2000}
  metrics: [w2, energy_distance]
)";

TEST(DecksInSmall, LatentEbm) {
  const LatentEbm ebm = Read(ebm_deck).options.latent_ebm;
  EXPECT_EQ(std::get<Moons>(std::get<Synthetic>(ebm.data.source).law).count, 4000);
  EXPECT_EQ(std::get<Langevin>(ebm.train.negatives.rule.rule).step, 0.01);
  EXPECT_EQ(ebm.train.negatives.particles, 2048);
  expect_round_trip(ebm_deck);
}

std::string bridge_deck(const std::string& autoencoder, const std::string& score) {
  return R"(
weir: 1
run: {name: schroedinger_bridge, seed: 0, precision: single}
schroedinger_bridge:
  data: {file: {path: ../data/digits/digits.csv.gz, columns: [0, 64], scale: 0.125, shift: -1.0}}
  latent: {dimension: 8}
  autoencoder: )" +
         autoencoder + R"(
  bridge: {start: convolved, sigma: 1.0, steps: 200, stop: 0.999}
  score: )" +
         score + R"(
  generate: {count: 1000}
  metrics: [w2_latent, frechet_pca]
)";
}

TEST(DecksInSmall, SchroedingerBridge) {
  const std::string trained = bridge_deck(R"(
    data: {file: {path: ../data/digits/digits.csv.gz, columns: [0, 64], scale: 0.125, shift: -1.0}}
    network: {hidden: [128, 64]}
    train: {epochs: 200, batch: 128, rule: {adam: {rate: 1.0e-3}}})",
                                          R"(
    network: {hidden: [128, 128]}
    train: {epochs: 400, batch: 128, rule: {adam: {rate: 1.0e-3}}})");
  const SchroedingerBridge bridge = Read(trained).options.schroedinger_bridge;
  EXPECT_EQ(std::get<Convolved>(bridge.bridge.start.from).name, "convolved");
  EXPECT_EQ(std::get<Network>(bridge.autoencoder.form).hidden, (std::vector<Index>{128, 64}));
  EXPECT_EQ(std::get<DataOptions>(bridge.autoencoder.data.value().source).shift.values,
            std::vector<Real>{-1});
  EXPECT_EQ(bridge.score.train.epochs, 400);
  expect_round_trip(trained);
}

TEST(DecksInSmall, AlternativesByTheirBareNames) {
  const std::string bare = bridge_deck("identity", "empirical");
  const SchroedingerBridge bridge = Read(bare).options.schroedinger_bridge;
  EXPECT_TRUE(std::holds_alternative<Identity>(bridge.autoencoder.form));
  EXPECT_TRUE(std::holds_alternative<Empirical>(bridge.score.form));
  EXPECT_FALSE(bridge.autoencoder.data);
  expect_round_trip(bare);
}

TEST(DecksInSmall, RoundTripIsExactForAwkwardValues) {
  const std::string text = R"(
weir: 1
run: {name: x, output: "out: [a], {b} # c \"d\" ü"}
simulate:
  initial: {particles: 9007199254740993, dimension: 2, normal: {mean: [0.1, 1e-300], covariance: [[1, 0.3333333333333333], [0.3, 2]]}}
  time: {step: 1.7976931348623157e308, end: 5e-324, scheme: "true"}
  metrics: ["007", "null", "a b", "-x", ""]
)";
  expect_round_trip(text);
  Read first(text);
  const Read again(first.resolved());
  EXPECT_EQ(again.run.output, "out: [a], {b} # c \"d\" \xc3\xbc");
  EXPECT_EQ(again.options.simulate.initial.particles, 9007199254740993);
  const auto& normal = std::get<Normal>(again.options.simulate.initial.law);
  EXPECT_EQ(normal.mean.values, (std::vector<Real>{0.1, 1e-300}));
  EXPECT_EQ(normal.covariance.rows, (std::vector<std::vector<Real>>{{1, 0.3333333333333333}, {0.3, 2}}));
  EXPECT_EQ(again.options.simulate.time.step, 1.7976931348623157e308);
  EXPECT_EQ(again.options.simulate.time.end, 5e-324);
  EXPECT_EQ(again.options.simulate.time.scheme, "true");
  EXPECT_EQ(again.options.simulate.metrics.report,
            (std::vector<std::string>{"007", "null", "a b", "-x", ""}));
}

TEST(DeckReference, ListsEveryKeyWithTypeDefaultRangeAndUnit) {
  Options options;
  const std::string text = deck_reference(methods(options));
  for (const char* line : {
           "## `run`\n",
           "| `seed` | integer | `0` | at least 0 | chooses all random numbers of the run |\n",
           "| `precision` | text | `double` | `double`, `single` | arithmetic of networks and pair kernels; "
           "states and sums are "
           "double |\n",
           "## `simulate`\n\nthe method simulate\n",
           "| `initial` | map | required |  | initial ensemble |\n",
           "### `simulate.initial`\n",
           "| `particles` | integer | required | at least 1 | number of particles |\n",
           "| `normal`, `uniform` | exactly one of these | required |  | law |\n",
           "| `gaussian_mixture` | exactly one of these | without the section: `gaussian_mixture` |  | "
           "density |\n",
           "| `langevin` | exactly one of these | without the section: `langevin` |  | mover of particles: "
           "`langevin` "
           "Euler-Maruyama |\n",
           "### `simulate.initial.normal`\n",
           "| `covariance` | number, diagonal or matrix | `1.0` |  | covariance |\n",
           "| `entropy` | map, or the value of `coefficient` | `false` | `true`, `false` | internal energy "
           "|\n",
           "| `potential` | list of maps | `[]` |  | potential, a sum |\n",
           "| `batch` | integer or word | `1000` | at least 1; `whole` | particles a batch |\n",
           "| `clip` | number or null | none | above 0 | largest norm |\n",
           "| `step` | number [time] | `0.001` | above 0 | step size |\n",
           "### `learn_energies.populations.simulate`\n\nKeys and sections as in `simulate`.\n",
       })
    EXPECT_NE(text.find(line), std::string::npos) << line << " in\n" << text;
}

TEST(DeckSchema, DescribesKeysAlternativesAndShorthands) {
  Options options;
  const auto schema = nlohmann::json::parse(deck_schema(methods(options)));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["required"], nlohmann::json({"weir"}));
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["allOf"][0]["oneOf"].size(), 4u);
  const auto content = [&](const nlohmann::json& part) {  // of a section that may be shared
    return part.contains("$ref") ? schema["$defs"][part["$ref"].get<std::string>().substr(8)] : part;
  };
  EXPECT_EQ(schema["properties"]["simulate"]["description"], "the method simulate");
  const auto simulate = content(schema["properties"]["simulate"]["anyOf"][0]);
  const auto initial = content(simulate["properties"]["initial"]["anyOf"][0]);
  EXPECT_EQ(initial["required"], nlohmann::json({"particles", "dimension"}));
  EXPECT_EQ(initial["properties"]["particles"],
            (nlohmann::json{{"type", "integer"}, {"minimum", 1.0}, {"description", "number of particles"}}));
  EXPECT_EQ(initial["allOf"][0]["oneOf"],
            nlohmann::json::parse(R"([{"required": ["normal"]}, {"required": ["uniform"]}])"));
  const auto energy = content(simulate["properties"]["energy"]["anyOf"][0]);
  const auto& entropy = energy["properties"]["entropy"]["anyOf"];
  EXPECT_EQ(entropy[1]["type"], "number");
  EXPECT_EQ(entropy[2]["type"], nlohmann::json({"boolean", "null"}));
}

// An independent judge, where there is one: python3-jsonschema.
TEST(DeckSchema, IsValidAndAcceptsTheDecks) {
  const char* given = std::getenv("WEIR_TEST_PYTHON");
  const std::string python = given ? given : "/usr/bin/python3";
  if (std::system((python + " -c 'import jsonschema, yaml' 2> /dev/null").c_str()) != 0)
    GTEST_SKIP() << python << " has no jsonschema and yaml";
  const auto folder = std::filesystem::temp_directory_path() / ("weir-schema-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  Options options;
  std::ofstream(folder / "schema.json") << deck_schema(methods(options));
  const std::vector<std::string> decks{simulate_deck, linear_deck, cells_deck, ebm_deck,
                                       bridge_deck("identity", "empirical")};
  for (size_t i = 0; i < decks.size(); ++i) {
    std::ofstream(folder / ("good" + std::to_string(2 * i) + ".yaml")) << decks[i];
    std::ofstream(folder / ("good" + std::to_string(2 * i + 1) + ".yaml")) << Read(decks[i]).resolved();
  }
  std::ofstream(folder / "bad0.yaml") << simulate_deck << "  stpe: 1\n";
  std::ofstream(folder / "bad1.yaml") << "weir: 1\n";
  std::ofstream(folder / "bad2.yaml")
      << "weir: 1\nsimulate: {initial: {particles: 0, dimension: 1, normal: {}}}\n";
  std::ofstream(folder / "bad3.yaml")
      << "weir: 1\nsimulate: {initial: {particles: 1, dimension: 1, normal: {}, uniform: {}}}\n";
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
)";
  EXPECT_EQ(std::system((python + " " + (folder / "check.py").string()).c_str()), 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir::small
