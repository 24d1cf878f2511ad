// What --estimate says of latent_ebm is what a run counts, on any number of ranks.
#include <gtest/gtest.h>

#include "methods/EstimatedParts.hpp"
#include "methods/Interrupted.hpp"

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

// 80 rows in 20 tiles of 4 with two latents each, 4 of them a batch: 5 iterations an epoch, 40 in 8 epochs.
TEST(EstimateParallel, CountsOfLatentEbm) {
  const std::string e = "latent_ebm.", t = e + "train.", g = e + "generate.";
  const SharedFolder files;
  files.write("latents.csv", "0.1,0\n1,-1\n-0.4,0.3\n");
  const std::string latents = files / "latents.csv";
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
           // How many particles are placed anew is left to chance: their flops are not counted.
           Case{{t + "negatives.restart={metropolised: {centres: 20}}"},
                {{"train", 40}, {"generate", 3}},
                false},
           Case{{e + "posterior=amortised", t + "posterior.rule={adam: {clip: 1}}"}},
           Case{{e + "posterior=none", t + "negatives.rule={mala: {step: 0.1}}"}},
           Case{{e + "energy={linear_gaussian: {noise: 0.5}}",
                 t + "negatives.rule={preconditioned_langevin: {step: 1e-3}}"}},
           Case{{g + "given={columns: [0, 1], steps: 20}", g + "reconstruct={steps: 7}",
                 g + "from_latents={file: " + latents + ", steps: 10}"},
                {{"train", 40},
                 {"generate", 3},
                 {"condition", 2},
                 {"infer", 7},
                 {"reconstruct", 7},
                 {"from_latents", 1}}},
           Case{{e + "likelihood={by: annealing, rows: 9, chains: 11, temperatures: 6, repeats: 4, "
                     "gaussian_bound: true}"},
                {{"train", 40}, {"generate", 3}, {"normalise", 6}, {"likelihood", 6}, {"bound", 3000}}},
       }) {
    const Communicator comm;
    if (c.times.count("bound") && comm.size() > 4) continue;  // thousands of iterations
    expect_run_as_estimated(estimated_deck, c.settings, c.times, c.counts_flops);
  }
}

// The shapes are those of the model that is read, whatever else the deck says.
TEST(EstimateParallel, CountsOfALatentEbmThatIsRead) {
  const SharedFolder folder;
  ASSERT_EQ((DeckRun{folder, estimated_deck, "first"})().code, ExitCode::done);
  const std::vector<std::string> settings{"latent_ebm.model=" + folder / "first/networks.h5",
                                          "latent_ebm.energy.network.hidden=[31]",
                                          "latent_ebm.latent.dimension=1"};
  expect_run_as_estimated(estimated_deck, settings, {{"generate", 3}});
}

}  // namespace
}  // namespace weir
