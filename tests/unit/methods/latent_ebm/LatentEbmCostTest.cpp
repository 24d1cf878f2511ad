// What --estimate says of latent_ebm is what a run counts, on any number of ranks.
#include <gtest/gtest.h>

#include "methods/InProcess.hpp"
#include "weir/input/Deck.hpp"
#include "weir/methods/Method.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const char* const estimated_deck = R"(weir: 1
run: {name: estimate, seed: 5, tile: 8, precision: single}
latent_ebm:
  data: {synthetic: {moons: {count: 100}}}
  split: {test: 0.2}
  latent: {dimension: 2, particles: 2}
  energy: {network: {hidden: [8, 7]}}
  train: {iterations: 40, batch: 16, negatives: {particles: 37, restart: false}, reports: 1}
  generate: {count: 30, steps: 15}
  metrics: []
)";

struct Sum {
  std::map<std::string, Traffic> traffic;
  Real flops = 0, moves = 0;
};

/// Costs of all parts, each so often.
Sum predicted(const std::vector<std::string>& settings, const std::map<std::string, Index>& times) {
  RunOptions run;
  auto methods = all_methods();
  std::vector<DeckMethod> described;
  for (const auto& method : methods)
    described.push_back(
        {method->key(), method->doc(), [&m = *method](Section& section) { m.describe(section); }});
  const std::string key = Deck::parse(estimated_deck, "deck.yaml", ".", settings).read(run, described);
  std::size_t named = 0;
  while (methods[named]->key() != key) ++named;
  Sum sum;
  const auto parts = methods[named]->costs(Communicator(), run);
  EXPECT_EQ(parts.size(), times.size());
  for (const auto& part : parts) {
    const Cost cost = part.model->at(Communicator().size());
    const Index steps = times.at(part.name);
    for (const auto& [phase, traffic] : cost.traffic)
      sum.traffic[phase] += (steps + Index(phase == "check")) * traffic;
    sum.flops += Real(steps) * cost.flops;
    sum.moves += Real(steps) * cost.moves;
    EXPECT_GT(cost.memory, 0) << part.name;
    if (Communicator().size() > 1) continue;
    part.model->measure(Communicator());
    EXPECT_GT(part.model->at(1).other_seconds, 0) << part.name;
  }
  return sum;
}

// 80 rows in 20 tiles of 4 with two latents each, 4 of them a batch: 5 iterations an epoch, 40 in 8 epochs.
TEST(EstimateParallel, CountsOfLatentEbm) {
  const std::string e = "latent_ebm.", t = e + "train.", g = e + "generate.";
  struct Case {
    std::vector<std::string> settings;
    std::map<std::string, Index> times{{"train", 40}, {"generate", 3}};  // five moves a step
    bool counts_flops = true;
  };
  for (const Case& c : {
           Case{{}},
           Case{{t + "negatives={particles: 21, substeps: 2}", "run.precision=double",
                 t + "latents={rule: {langevin: {step: 1e-3}}, substeps: 2}"},
                {{"train", 40}, {"generate", 3}},
                false},
           Case{{e + "posterior=amortised", t + "posterior.rule={adam: {clip: 1}}"}},
           Case{{e + "posterior=none", t + "negatives.rule={mala: {step: 0.1}}"}},
           Case{{e + "energy={linear_gaussian: {noise: 0.5}}",
                 t + "negatives.rule={preconditioned_langevin: {step: 1e-3}}"}},
           Case{{g + "given={columns: [0, 1], steps: 20}", g + "reconstruct={steps: 7}"},
                {{"train", 40}, {"generate", 3}, {"condition", 2}, {"infer", 7}, {"reconstruct", 7}}},
           Case{{e + "likelihood={by: annealing, rows: 9, chains: 11, temperatures: 6, repeats: 4, "
                     "gaussian_bound: true}"},
                {{"train", 40}, {"generate", 3}, {"normalise", 6}, {"likelihood", 6}, {"bound", 3000}},
                false},
       }) {
    const Communicator comm;
    if (c.times.count("bound") && comm.size() > 4) continue;  // thousands of iterations
    std::string text;
    for (const auto& setting : c.settings) text += setting + " ";
    SCOPED_TRACE(text);
    const SharedFolder folder;
    const Sum expected = predicted(c.settings, c.times);
    const Outcome outcome = run_deck_text(folder, estimated_deck, c.settings);
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    for (const char* name : {"velocity", "rules", "check", "solver"}) {
      const auto found = Phase::records().find(name);
      const Counters record = found == Phase::records().end() ? Counters() : found->second.counted;
      Traffic traffic;
      if (expected.traffic.count(name)) traffic += expected.traffic.at(name);
      EXPECT_EQ(record.calls, traffic.calls) << name;
      EXPECT_EQ(comm.sum(record.bytes), traffic.bytes) << name;
    }
    Real flops = 0, moved = 0;
    for (const auto& [name, record] : Phase::records()) {
      const bool of_stages = name == "velocity" || name == "solver" || name == "rules";
      flops += of_stages ? Real(record.counted.flops) : 0;
      moved += Real(record.counted.particle_steps);
    }
    if (c.counts_flops) {
      EXPECT_EQ(Real(comm.sum(Index(flops))), std::round(expected.flops));
    }
    EXPECT_EQ(Real(comm.sum(Index(moved))), std::round(expected.moves));
  }
}

}  // namespace
}  // namespace weir
