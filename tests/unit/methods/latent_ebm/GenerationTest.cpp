// What completions are compared with, and what a model keeps of its training.
#include "methods/latent_ebm/generation/Generation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "methods/Interrupted.hpp"
#include "methods/latent_ebm/SmallDecks.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// x_1 = 2 + 3 n, x_0 = 1 + 0.5 (x_1 - 2) + 0.25 m, x_2 does not vary.
Ensemble three_columns(const Communicator& comm, Index rows, Index key) {
  Ensemble ensemble(comm, rows, 3, 16);
  fill_normals(ensemble.x, Random(key, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i) {
    const Real n = ensemble.x(1, i), m = ensemble.x(0, i);
    ensemble.x(1, i) = 2 + 3 * n;
    ensemble.x(0, i) = 1 + 1.5 * n + 0.25 * m;
    ensemble.x(2, i) = 7;
  }
  return ensemble;
}

TEST(GenerationParallel, GaussianCompletionsHaveTheConditionalLaw) {
  const Communicator world;
  const Ensemble training = three_columns(world, 20000, 1), given = three_columns(world, 4000, 2);
  const Ensemble completed = gaussian_completions(training, given, {1, 2}, Random(5, Stream::gaussian_rows));
  Real sums[2] = {0, 0};
  for (Index i = 0; i < given.partition.local_particles(); ++i) {
    EXPECT_EQ(completed.x(1, i), given.x(1, i));
    EXPECT_EQ(completed.x(2, i), given.x(2, i));
    const Real rest = completed.x(0, i) - 1 - 0.5 * (given.x(1, i) - 2);
    sums[0] += rest / 4000;
    sums[1] += rest * rest / 4000;
  }
  const auto all = world.all_gather(sums, sizeof sums);
  Real mean = 0, square = 0;
  for (int rank = 0; rank < world.size(); ++rank) {
    mean += reinterpret_cast<const Real*>(all.data())[2 * rank];
    square += reinterpret_cast<const Real*>(all.data())[2 * rank + 1];
  }
  EXPECT_NEAR(mean, 0, 4 * 0.25 / std::sqrt(4000.));
  EXPECT_NEAR(std::sqrt(square), 0.25, 0.01);
}

// Columns that are not next to each other, in any order: those of [0, 2] of three with the middle one free.
TEST(GenerationParallel, GaussianCompletionsOfScatteredColumns) {
  const Communicator world;
  const Ensemble training = three_columns(world, 20000, 1), given = three_columns(world, 400, 2);
  const Random random(5, Stream::gaussian_rows);
  const Ensemble ascending = gaussian_completions(training, given, {0, 2}, random),
                 descending = gaussian_completions(training, given, {2, 0}, random);
  for (Index i = 0; i < given.partition.local_particles(); ++i) {
    EXPECT_EQ(ascending.x(0, i), given.x(0, i));
    EXPECT_EQ(ascending.x(2, i), given.x(2, i));
    EXPECT_NEAR(ascending.x(1, i), descending.x(1, i), 1e-9);
    // x_1 given x_0 has mean 2 + 3 (1.5 / (1.5^2 + .25^2)) (x_0 - 1) and deviation 3 (1 - .973)^1/2 = .49.
    EXPECT_NEAR(ascending.x(1, i), 2 + 3 * 1.5 / 2.3125 * (given.x(0, i) - 1), 5 * 0.5);
  }
}

std::string trained_deck(const std::string& train) {
  return R"(weir: 1
run: {name: small, seed: 5, tile: 8}
latent_ebm:
  data: {synthetic: {moons: {count: 203}}}
  split: {test: 0.4}
  energy: {network: {hidden: [8, 8]}}
  train: {iterations: 12, batch: 20, negatives: {particles: 37, rule: {mala: {step: [0.02, 0.3]}}}, )" +
         train + R"(}
  generate: {count: 30, steps: 15}
  metrics: []
)";
}

// The movers come with the model: a deck that only reads it need not repeat how it was trained.
TEST(GenerationParallel, AModelMovesAsItsTrainingDid) {
  const SharedFolder folder;
  const std::string deck = trained_deck("latents: {rule: {mala: {step: 0.2}}}");
  const DeckRun first{folder, deck, "first"};
  ASSERT_EQ(first().code, ExitCode::done);
  std::string reading = deck;
  const std::size_t from = reading.find("  train:"), to = reading.find("  generate:");
  reading.replace(from, to - from, "  model: " + folder / "first/networks.h5" + "\n");
  const DeckRun second{folder, reading, "second"};
  const Outcome outcome = second();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  if (!Communicator().is_root()) return;
  const auto samples = [&](const std::string& run) {
    return Hdf5File(folder / run + "/samples.h5", MPI_COMM_SELF, Hdf5File::Access::read).read("/samples");
  };
  EXPECT_EQ(samples("first"), samples("second"));
  const auto lines =
      Hdf5File(folder / "first/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read).read_strings("/deck");
  EXPECT_NE(std::find(lines.begin(), lines.end(), "  seed: 5"), lines.end());
}

// Particles at temperature T follow exp(-E / T), so that E / T is what the model has.
TEST(Generation, AModelHasItsEnergyOverTheTemperature) {
  const SharedFolder folder;
  const auto stored = [&](const std::string& temperature) {
    const DeckRun run{folder,
                      trained_deck("temperature: " + temperature + ", parameters: {rule: {euler: 1e-12}}"),
                      "t" + temperature};
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const Hdf5File file(folder / "t" + temperature + "/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
    std::vector<Real> numbers = file.read("/networks/energy_last/parameters");
    const auto energy = file.read("/energy");
    numbers.insert(numbers.end(), {energy.at(1), energy.at(2)});
    return numbers;
  };
  const auto one = stored("1"), two = stored("2");
  ASSERT_EQ(one.size(), two.size());
  const std::size_t last = one.size() - 2 - 9;  // 8 weights and a bias, and two confinements
  for (std::size_t k = 0; k < one.size(); ++k) EXPECT_NEAR(two[k], k < last ? one[k] : one[k] / 2, 1e-9) << k;
}

// A step h of E at temperature T is a step T h of E / T, whatever moves.
TEST(Generation, MoversOfATemperedTrainingKeepTheirPace) {
  const auto step_of = [](const RuleOptions& rule) -> Real {
    if (const auto* mala = std::get_if<MalaOptions>(&rule)) return mala->step.values.front();
    if (const auto* scaled = std::get_if<PreconditionedLangevinOptions>(&rule)) return scaled->step;
    return *std::get<LangevinOptions>(rule).step;
  };
  ParticleRuleChoice mala, langevin, scaled;
  MalaOptions adapted;
  adapted.step = VectorValue(0.1);
  mala.rule = adapted;
  LangevinOptions plain;
  plain.step = 0.1;
  langevin.rule = plain;
  PreconditionedLangevinOptions metric;
  metric.step = 0.1;
  scaled.rule = metric;
  EXPECT_NEAR(step_of(frozen_rule(mala, 3, 2)), 0.6, 1e-15);
  EXPECT_NEAR(step_of(frozen_rule(langevin, 1, 2)), 0.2, 1e-15);
  EXPECT_NEAR(step_of(frozen_rule(scaled, 1, 2)), 0.2, 1e-15);
}

// Keys that a model has no use for are refused.
TEST(GenerationParallel, AModelWithoutLatentsRefusesWhatGoesThroughThem) {
  const SharedFolder folder;
  folder.write("latents.csv", "1,2\n");
  DeckRun first{folder, small_deck(), "first", {"latent_ebm.posterior=none"}};
  ASSERT_EQ(first().code, ExitCode::done);
  const std::string model = "latent_ebm.model=" + (folder / "first/networks.h5");
  for (const char* key : {"generate.reconstruct={}", "generate.from_latents=latents.csv",
                          "likelihood={gaussian_bound: true}", "generate.denoise=true"}) {
    const Outcome outcome = run_deck_text(folder, small_deck(), {model, std::string("latent_ebm.") + key});
    EXPECT_EQ(outcome.code, ExitCode::bad_input) << key;
    EXPECT_NE(outcome.message.find("does not have: leave it out"), std::string::npos) << outcome.message;
  }
}

}  // namespace
}  // namespace weir
