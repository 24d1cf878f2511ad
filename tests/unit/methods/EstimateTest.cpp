// The model of a step: its counts are those of the code, on any number of ranks, and it needs no particles.
#include "weir/performance/Estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "weir/input/Deck.hpp"
#include "weir/methods/Method.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// The method that a deck names, with its options, as a run would read it.
struct ReadDeck {
  RunOptions run;
  std::vector<std::unique_ptr<Method>> methods = all_methods();
  std::size_t named = 0;

  explicit ReadDeck(const std::string& text, const std::vector<std::string>& settings = {}) {
    std::vector<DeckMethod> described;
    for (const auto& method : methods)
      described.push_back(
          {method->key(), method->doc(), [&m = *method](Section& section) { m.describe(section); }});
    const std::string key = Deck::parse(text, "deck.yaml", ".", settings).read(run, described);
    while (methods[named]->key() != key) ++named;
  }
  /// Of the last part: a step, an iteration or a fit.
  std::unique_ptr<CostModel> model() const {
    return std::move(methods[named]->costs(Communicator(), run).back().model);
  }
};

/// Calls of a rank, and bytes and pairs of all ranks, in a phase of a run.
struct Counted {
  Index calls, bytes, pairs;
};
std::map<std::string, Counted> counted(const std::string& deck, const std::vector<std::string>& settings) {
  const Communicator comm;
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, deck, settings);
  EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
  std::map<std::string, Counted> phases;
  for (const char* name : {"velocity", "rules", "check", "solver"}) {
    const auto found = Phase::records().find(name);
    const Counters record = found == Phase::records().end() ? Counters() : found->second.counted;
    phases[name] = {record.calls, comm.sum(record.bytes), comm.sum(record.pairs)};
  }
  return phases;
}

/// Of so many steps, and as many questions whether all is finite, by the model.
void expect_counts(const std::map<std::string, Counted>& phases, const Cost& cost, Index steps,
                   Index checks) {
  for (const auto& [name, found] : phases) {
    const Index times = name == "check" ? checks : steps;
    Traffic expected;
    if (cost.traffic.count(name)) expected += cost.traffic.at(name);
    if (name == "velocity") expected += cost.broadcasts;
    EXPECT_EQ(found.calls, times * expected.calls) << name;
    EXPECT_EQ(Real(found.bytes), std::round(Real(times) * expected.bytes)) << name;
    EXPECT_EQ(Real(found.pairs), name == "velocity" ? Real(times) * cost.pairs : 0) << name;
  }
}

/// What the deck counts while it runs is what the model says.
void expect_exact_counts(const std::string& deck, Index steps,
                         const std::vector<std::string>& settings = {}) {
  const Cost cost = ReadDeck(deck, settings).model()->at(Communicator().size());
  expect_counts(counted(deck, settings), cost, steps, steps + 1);
}

/// The same of the last steps of a simulation: solvers may set themselves up in the first.
void expect_exact_counts_later(const std::string& deck) {
  auto all = counted(deck, {"simulate.time.end=0.06"});
  for (const auto& [name, first] : counted(deck, {"simulate.time.end=0.03"})) {
    all[name].calls -= first.calls;
    all[name].bytes -= first.bytes;
    all[name].pairs -= first.pairs;
  }
  expect_counts(all, ReadDeck(deck).model()->at(Communicator().size()), 3, 3);
}

std::string simulation(const std::string& run, const std::string& particles, const std::string& energy,
                       const std::string& scheme = "langevin") {
  return "weir: 1\nrun: {name: estimate, " + run + "}\nsimulate:\n  initial: {particles: " + particles +
         ", dimension: 3, normal: {covariance: 0.5}}\n  energy: {" + energy +
         "}\n  time: {step: 0.01, end: 0.03, scheme: " + scheme +
         "}\n  metrics: {report: [mean], every: 100}\n";
}

TEST(EstimateParallel, CountsOfNoiseAndTheMean) {
  const std::string energy =
      "potential: {quadratic: {stiffness: 2.0}}, interaction: {quadratic: {stiffness: 0.5}}";
  expect_exact_counts(simulation("tile: 8", "301", energy + ", entropy: 0.1", "leimkuhler_matthews"), 3);
  expect_exact_counts(simulation("tile: 64", "301", "potential: styblinski_tang", "tamed_langevin"), 3);
}

TEST(EstimateParallel, CountsOfMoments) {
  expect_exact_counts(simulation("tile: 8", "301", "interaction: {power_law: {attraction: 4, repulsion: 2}}"),
                      3);
  expect_exact_counts(simulation("tile: 8", "301", "interaction: {double_well: {height: 0.1}}"), 3);
  expect_exact_counts(simulation("tile: 8", "301", "interaction: [sphere, flat, styblinski_tang]"), 3);
}

TEST(EstimateParallel, CountsOfPairs) {
  const std::string gaussian = "interaction: {gaussian: {width: 1.0}}";
  expect_exact_counts(simulation("tile: 4, precision: single", "301", gaussian), 3);
  expect_exact_counts(simulation("tile: 64, precision: double", "301", gaussian), 3);
  expect_exact_counts(
      simulation("tile: 8, precision: single", "301",
                 "interaction: [{expression: \"0.1 * (x0^2 + x1^2 + x2^2)\"}, flowers, {morse: {}}]"),
      3);
}

TEST(EstimateParallel, CountsOfBlobs) {
  expect_exact_counts(simulation("tile: 8, precision: single", "301",
                                 "power: {coefficient: 1.0}, entropy: {coefficient: 0.1, by: blob}"),
                      3);
}

TEST(EstimateParallel, CountsOfNativeSchemes) {
  const std::string gaussian =
      "potential: {quadratic: {stiffness: 2.0}}, interaction: {gaussian: {width: 1.0}}";
  expect_exact_counts(simulation("tile: 8", "301", gaussian, "euler"), 3);
  expect_exact_counts(simulation("tile: 8", "301", gaussian, "rk"), 3);
  expect_exact_counts(simulation("tile: 8", "301", gaussian, "ssp"), 3);
  // Newton takes as many steps for many particles as for few: the problem is linear.
  expect_exact_counts_later(simulation(
      "tile: 8", "301",
      "potential: {quadratic: {stiffness: 2.0}}, interaction: {quadratic: {stiffness: 0.5}}", "beuler"));
}

std::string training(const std::string& run, const std::string& train, const std::string& more = "") {
  return "weir: 1\nrun: {name: estimate, tile: 8, " + run +
         "}\nlearn_energies:\n"
         "  populations:\n    simulate:\n      initial: {particles: 120, dimension: 2, uniform: {low: -1, "
         "high: 1}}\n"
         "      energy: {potential: sphere}\n      time: {step: 0.01, end: 0.02}\n"
         "  split: {test: 0.5}\n  pairing: paired\n  coupling: {method: assignment, batch: 30}\n"
         "  model:\n    network:\n      features_at: current\n      potential: {hidden: [9, 7]}\n      "
         "train: {" +
         train + "}\n" + more;
}

TEST(EstimateParallel, CountsOfTraining) {
  // Two transitions of 60 particles in 8 tiles, 3 tiles a batch: 6 batches an epoch.
  expect_exact_counts(training("precision: single", "epochs: 1, batch: 24, rule: {adam: {clip: 10}}"), 6);
  expect_exact_counts(training("precision: double", "epochs: 1, batch: 24, rule: {euler: {}}"), 6);
  // A batch is of one transition then: three an epoch of each.
  expect_exact_counts(training("precision: single", "epochs: 1, batch: 24, rule: {euler: {}}",
                               "      interaction: {hidden: [3]}\n      entropy: true\n"),
                      6);
}

std::string trajectory(const std::string& run, const std::string& train, const std::string& model) {
  return "weir: 1\nrun: {name: estimate, tile: 8, " + run +
         "}\nlearn_energies:\n"
         "  populations:\n    simulate:\n      initial: {particles: 120, dimension: 2, uniform: {low: -1, "
         "high: 1}}\n"
         "      energy: {potential: sphere}\n      time: {step: 0.01, end: 0.03}\n"
         "  split: {test: 0.5}\n  coupling: {method: auto, batch: 30}\n"
         "  model:\n    trajectory: {particles: 41, steps: 5, train: {iterations: 2, reports: 1, " +
         train + "}, " + model + "}\n";
}

TEST(EstimateParallel, CountsOfATrajectory) {
  const std::string network = "potential: {hidden: [9, 7]}";
  expect_exact_counts(trajectory("precision: single", "rule: {adam: {clip: 10}}", network), 2);
  expect_exact_counts(
      trajectory("precision: double", "particles: {euler: {clip: 1}}, rule: {adam: {clip: 1}}",
                 network + ", entropy: 0.1"),
      2);
  expect_exact_counts(trajectory("precision: single", "rule: {euler: {}}",
                                 network + ", entropy: 0.1, train_entropy: true, score: density"),
                      2);
  expect_exact_counts(trajectory("precision: single", "rule: {adam: {}}",
                                 "potential: false, interaction: {hidden: [3], sources: 16}, entropy: 0.1"),
                      2);
  // Six tiles of sources, all met; data left as they are.
  expect_exact_counts(trajectory("precision: double", "rule: {adam: {}}",
                                 network + ", interaction: {hidden: [3], sources: all}, blur: false"),
                      2);
}

// The last interval is shorter, and has fewer knots.
TEST(EstimateParallel, CountsOfATrajectoryWhoseEndIsNoMultipleOfTheStep) {
  expect_exact_counts(
      trajectory("precision: single", "rule: {adam: {}}", "potential: {hidden: [3]}, entropy: 0.1"), 2,
      {"learn_energies.populations.simulate.time.end=0.025"});
}

TEST(Estimate, AStartIsCoupledSnapshotBySnapshot) {
  const ReadDeck deck(trajectory("precision: double", "rule: {adam: {}}", "potential: {hidden: [3]}"),
                      {"learn_energies.leave_out=[1]"});
  const auto parts = deck.methods[deck.named]->costs(Communicator(), deck.run);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].name, "coupling");
  EXPECT_EQ(parts[1].name, "start");
  EXPECT_EQ(parts[2].name, "iteration");
  EXPECT_EQ(parts[0].model->at(2).traffic.at("coupling").calls, 4);
  EXPECT_EQ(parts[1].model->at(2).traffic.at("coupling").calls, 2 * 4);  // to populations 2 and 3
  // The training waits meanwhile, and holds what it holds.
  EXPECT_GT(parts[1].model->at(2).memory, parts[2].model->at(2).memory);
}

// Couplings by Sinkhorn follow each other: two of them take no more memory than one, but for populations.
TEST(Estimate, MemoryOfCouplingsThatFollowEachOther) {
  const auto memory = [](const std::string& end) {
    const ReadDeck deck(trajectory("precision: double", "rule: {adam: {}}", "potential: {hidden: [3]}"),
                        {"learn_energies.coupling={method: sinkhorn}",
                         "learn_energies.populations.simulate.time.end=" + end});
    const auto parts = deck.methods[deck.named]->costs(Communicator(), deck.run);
    return parts[0].model->at(2).memory - parts[1].model->at(2).memory;
  };
  EXPECT_GT(memory("0.01"), 0);
  EXPECT_EQ(memory("0.01"), memory("0.03"));
}

TEST(EstimateParallel, CountsOfLearnedEnergies) {
  const SharedFolder folder;
  const Outcome learned =
      run_deck_text(folder, training("precision: single", "epochs: 1, batch: 24, rule: {euler: {}}"),
                    {"learn_energies.model.network.interaction={hidden: [3]}"});
  ASSERT_EQ(learned.code, ExitCode::done) << learned.message;
  const std::string energy = "learned: " + folder / "out" + "/energies.h5";
  std::string deck = simulation("tile: 8, precision: single", "101", energy);
  deck.replace(deck.find("dimension: 3"), 12, "dimension: 2");
  expect_exact_counts(deck, 3);
}

TEST(EstimateParallel, CountsOfLearnedPolynomials) {
  const SharedFolder folder;
  const std::string fit =
      "weir: 1\nrun: {name: estimate, tile: 8}\nlearn_energies:\n"
      "  populations:\n    simulate:\n      initial: {particles: 120, dimension: 2, uniform: {low: -1, high: "
      "1}}\n"
      "      energy: {potential: sphere}\n      time: {step: 0.01, end: 0.02}\n"
      "  split: {test: 0.5}\n  pairing: paired\n"
      "  model: {linear: {features_at: current, interaction: true, features: {polynomial: {degree: 2}}}}\n";
  const Outcome learned = run_deck_text(folder, fit, {});
  ASSERT_EQ(learned.code, ExitCode::done) << learned.message;
  std::string deck = simulation("tile: 8", "101", "learned: " + folder / "out" + "/energies.h5");
  deck.replace(deck.find("dimension: 3"), 12, "dimension: 2");
  expect_exact_counts(deck, 3);
  EXPECT_EQ(ReadDeck(deck).model()->at(2).pairs, 0);
}

TEST(Estimate, TenBillionParticlesAreNotAllocated) {
  const std::string deck =
      simulation("precision: single", "10000000000", "interaction: {gaussian: {width: 1.0}}");
  const auto model = ReadDeck(deck, {"simulate.time.step=1e-9"}).model();
  const Cost one = model->at(1), many = model->at(65536);
  EXPECT_EQ(one.broadcasts.calls, (10000000000 / 64 + 15) / 16);
  EXPECT_GT(many.broadcasts.calls, one.broadcasts.calls);
  EXPECT_EQ(many.broadcasts.bytes, 10000000000 * 3 * 4);
  EXPECT_EQ(many.tiles, 156250000);
  // State, velocity, ensemble, gradients, noise in single, and two single numbers.
  EXPECT_GT(one.memory, 1e10 * 4 * 3 * 8);
  EXPECT_LT(one.memory, 1e10 * (4 * 3 * 8 + 3 * 4 + 2 * 8) * 1.05);
  EXPECT_LT(many.memory, one.memory / 65536 * 1.1);
}

/// 12 units of work in 4 tiles, an allreduce of 100 bytes and broadcasts of 1000.
class FourTiles : public CostModel {
 public:
  void measure(const Communicator&) override {}
  Cost at(int ranks) const override {
    const int tiles = (4 + ranks - 1) / ranks;
    Cost cost;
    cost.traffic["velocity"] = reduction(ranks, 100);
    cost.broadcasts = {2, 1000, 1000};
    cost.pair_seconds = 2 * tiles;
    cost.other_seconds = tiles;
    cost.even_seconds = 12. / ranks;
    cost.memory = 1000 * tiles;
    cost.serial_seconds = 0.5;
    return cost;
  }
};

TEST(Estimate, AStepFromItsParts) {
  const MachineOptions machine;
  Interconnect interconnect{1e-3, 1e4, ""};
  const auto alone = predict_time(FourTiles(), interconnect, machine, 10, 1);
  EXPECT_DOUBLE_EQ(alone.seconds, 12.5);
  EXPECT_DOUBLE_EQ(alone.efficiency, 1);
  EXPECT_DOUBLE_EQ(alone.memory, 4010);
  EXPECT_EQ(alone.limit, "compute");
  // Broadcasts take 2 * 2 ms + 0.1 s, hidden by 2 s of pairs.
  const auto four = predict_time(FourTiles(), interconnect, machine, 10, 4);
  EXPECT_DOUBLE_EQ(four.seconds, 2 + 1 + 0.5 + 2e-3 + 0.01);
  EXPECT_DOUBLE_EQ(four.efficiency, 12.5 / (4 * four.seconds));
  EXPECT_EQ(predict_time(FourTiles(), interconnect, machine, 10, 16).limit, "few tiles");
  interconnect = {1, 1e9, ""};
  const auto slow = predict_time(FourTiles(), interconnect, machine, 10, 16);
  EXPECT_DOUBLE_EQ(slow.seconds, (2 * 4 + 1e-6) + 1 + 0.5 + (4 + 1e-7));
  EXPECT_EQ(slow.limit, "latency");
  interconnect = {1e-9, 10, ""};
  EXPECT_EQ(predict_time(FourTiles(), interconnect, machine, 10, 16).limit, "bandwidth");
  MachineOptions small;
  small.memory = 1009;
  EXPECT_EQ(predict_time(FourTiles(), interconnect, small, 10, 16).limit, "memory");
}

std::string refusal(const std::string& deck, const std::vector<std::string>& settings = {}) {
  try {
    ReadDeck(deck, settings).model();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Estimate, NamesWhatItDoesNotCover) {
  const std::string deck = training("precision: single", "epochs: 2");
  EXPECT_NE(refusal(simulation("tile: 8", "20", "learned: energies.h5")).find("simulate.energy.learned"),
            std::string::npos);
  EXPECT_NE(refusal(deck, {"learn_energies.leave_out=[0, 1]"}).find("learn_energies.leave_out"),
            std::string::npos);
  EXPECT_NE(refusal(deck, {"learn_energies.split.test=0.99"}).find("of which 1 would be for training"),
            std::string::npos);
  EXPECT_NE(refusal(deck, {"learn_energies.coupling.exact_limit=10"}).find("learn_energies.coupling.batch"),
            std::string::npos);
}

TEST(EstimateParallel, CountsOfALinearFit) {
  const Communicator comm;
  for (const char* model :
       {"{linear: {features: {polynomial: {degree: 2}}}}",
        "{linear: {time: true, interaction: true, features: {polynomial: {degree: 2}}}}"}) {
    const std::vector<std::string> settings = {std::string("learn_energies.model=") + model};
    const std::string deck = training("precision: double", "epochs: 1");
    const Cost cost = ReadDeck(deck, settings).model()->at(comm.size());
    const SharedFolder folder;
    ASSERT_EQ(run_deck_text(folder, deck, settings).code, ExitCode::done);
    const Counters counted = Phase::records().at("fit").counted;
    Traffic expected = cost.traffic.at("fit");
    expected += cost.broadcasts;
    EXPECT_EQ(counted.calls, expected.calls) << model;
    EXPECT_EQ(Real(comm.sum(counted.bytes)), expected.bytes) << model;
  }
}

TEST(Estimate, TilesOfCouplingsGoRoundTheRanks) {
  // Two transitions of 60 particles in batches of 30: four parts.
  const ReadDeck deck(training("precision: double", "epochs: 1"));
  const auto parts = deck.methods[deck.named]->costs(Communicator(), deck.run);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "coupling");
  EXPECT_EQ(parts[1].name, "iteration");
  parts[0].model->measure(Communicator());
  const Cost one = parts[0].model->at(1), three = parts[0].model->at(3), many = parts[0].model->at(64);
  EXPECT_EQ(one.tiles, 4);
  EXPECT_GT(one.other_seconds, 0);
  EXPECT_DOUBLE_EQ(three.other_seconds, one.other_seconds / 2);
  EXPECT_DOUBLE_EQ(many.other_seconds, one.other_seconds / 4);
  EXPECT_DOUBLE_EQ(many.even_seconds, one.other_seconds / 64);
}

TEST(Estimate, PrintsATableOrJson) {
  const SharedFolder folder;
  const std::string text =
      simulation("tile: 8, machine: {latency: 1.0e-6, bandwidth: 1.0e+10}", "100", "potential: sphere");
  const ReadDeck deck(text);
  const Communicator comm;
  const Estimated estimated{"deck.yaml", "simulate", deck.methods[deck.named]->costs(comm, deck.run), 1e6};
  const auto text_of_estimate = [&](bool as_json) {
    return estimate(estimated, deck.run.machine, {1, 16}, as_json, comm);
  };
  const std::string table = text_of_estimate(false);
  EXPECT_EQ(table.find("interconnect (deck): latency 1e-06 s, bandwidth 1e+10 byte/s\n"), 0u) << table;
  const auto json = nlohmann::json::parse(text_of_estimate(true));
  EXPECT_EQ(json["deck"], "deck.yaml");
  EXPECT_EQ(json["method"], "simulate");
  EXPECT_GT(json["step"][0]["memory"], 1e6);
  ASSERT_EQ(json["step"].size(), 2u);
  EXPECT_EQ(json["step"][1]["ranks"], 16);
  EXPECT_EQ(json["step"][1]["calls"], 16);
  EXPECT_EQ(json["step"][1]["bytes"], 16 * 8);
  EXPECT_EQ(json["interconnect"]["source"], "deck");
}

}  // namespace
}  // namespace weir
