// What --estimate says of latent_diffusion is what a run counts, on any number of ranks.
#include <gtest/gtest.h>

#include <functional>

#include "methods/InProcess.hpp"
#include "weir/input/Deck.hpp"
#include "weir/methods/Method.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const char* const estimated_deck = R"(weir: 1
run: {name: estimate, seed: 5, tile: 8, precision: single}
latent_diffusion:
  data: {synthetic: {swiss_roll: {count: 100, lift: 5}}}
  split: {test: 0.21}
  latent: {dimension: 2, particles: 3}
  decoder: {network: {hidden: [8, 7]}}
  prior: {diffusion: {hidden: [8, 8]}}
  train: {epochs: 3, batch: 12, reports: 1}
  generate: {count: 21, steps: 5}
  metrics: [reconstruction]
)";

struct Sum {
  std::map<std::string, Traffic> traffic;
  Real flops = 0, moves = 0;
};

/// Costs of all parts, each so often; parts of adaptive steps are none.
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
  const int ranks = Communicator().size();
  Sum sum;
  const auto parts = methods[named]->costs(Communicator(), run);
  EXPECT_EQ(parts.size(), times.size());
  for (const auto& part : parts) {
    const Cost cost = part.model->at(ranks);
    const Index steps = times.at(part.name);
    for (const auto& [phase, traffic] : cost.traffic)
      sum.traffic[phase] += (steps + Index(phase == "check")) * traffic;
    sum.flops += Real(steps) * cost.flops;
    sum.moves += Real(steps) * cost.moves;
    EXPECT_GT(cost.memory, 0) << part.name;
  }
  return sum;
}

// 79 rows in 40 tiles of 2, 6 of them a batch: 7 iterations an epoch.
TEST(EstimateParallel, CountsOfLatentDiffusion) {
  const std::string e = "latent_diffusion.", t = e + "train.";
  struct Case {
    std::vector<std::string> settings;
    bool two_stages = false, prior = true, more = false;
  };
  for (const Case& c : {
           Case{{}},
           Case{{t + "order=in_turn", t + "latents={rule: {langevin: {step: 1e-3}}, substeps: 3}",
                 e + "decoder.noise=learned", "run.precision=double", t + "decoder.rule={adam: {clip: 1}}"}},
           Case{{t + "latents={rule: {preconditioned_langevin: {metric: fisher}}, substeps: 2}",
                 e + "prior.diffusion={hidden: [5], force: score, draws: 3}"}},
           Case{{e + "posterior=amortised", t + "posterior.rule={adam: {clip: 1}}",
                 e + "prior.diffusion={hidden: [5], standardise: false}"}},
           Case{{t + "prior_afterwards=true", e + "decoder={network: {hidden: [6], layer_norm: true}}"},
                true},
           Case{{e + "prior=gaussian", e + "decoder={linear: {}}"}, false, false},
           Case{{t + "order=in_turn", e + "decoder={convolutional: {image: [5, 1], channels: [3]}}"}},
           Case{{e + "latent.warm_up=0.4", e + "generate.given={columns: [0, 2], steps: 9}",
                 e + "likelihood={rows: 7, chains: 3, temperatures: 6}"},
                false,
                true,
                true},
       }) {
    const Communicator comm;
    const SharedFolder folder;
    std::map<std::string, Index> times{{"train", 21}, {"reconstruct", 100}};
    if (c.prior) times["sample"] = 5;
    if (c.two_stages) times["train_prior"] = 21;
    if (c.more)
      times = {{"warm_up", 7},       {"train", 14},   {"sample", 5},
               {"reconstruct", 100}, {"complete", 9}, {"likelihood", 6}};
    const Sum expected = predicted(c.settings, times);
    ASSERT_EQ(run_deck_text(folder, estimated_deck, c.settings).code, ExitCode::done);
    std::string text;
    for (const auto& setting : c.settings) text += setting + " ";
    for (const char* name : {"velocity", "rules", "check", "solver"}) {
      const auto found = Phase::records().find(name);
      const Counters record = found == Phase::records().end() ? Counters() : found->second.counted;
      Traffic traffic;
      if (expected.traffic.count(name)) traffic += expected.traffic.at(name);
      if (name == std::string("solver"))  // the block `running`, where a stage begins
        traffic += (c.two_stages || c.more ? 2 : 1) * gathering(6 * real_size);
      EXPECT_EQ(record.calls, traffic.calls) << name << " " << text;
      EXPECT_EQ(comm.sum(record.bytes), traffic.bytes) << name << " " << text;
    }
    Real in_stages = 0, moved = 0;
    for (const auto& [name, record] : Phase::records()) {
      const bool of_stages = name == "velocity" || name == "solver" || name == "rules";
      in_stages += of_stages ? Real(record.counted.flops) : 0;
      moved += Real(record.counted.particle_steps);
    }
    EXPECT_EQ(Real(comm.sum(Index(in_stages))), std::round(expected.flops)) << text;
    EXPECT_EQ(Real(comm.sum(Index(moved))), std::round(expected.moves)) << text;
  }
}

}  // namespace
}  // namespace weir
