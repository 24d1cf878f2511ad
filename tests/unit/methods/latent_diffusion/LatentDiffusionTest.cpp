// latent_diffusion through its decks: probabilistic PCA, the bound's force on a known law, restarts on any
// number of ranks, and what is wrong with a deck.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "methods/BrokenDecks.hpp"
#include "methods/Interrupted.hpp"
#include "methods/latent_diffusion/prior/NoiseSchedule.hpp"
#include "methods/latent_diffusion/prior/ScorePrior.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

using namespace testing_tools;

// The force of the bound with the exact score of N(.7, .35) at x = -1: the integral over [least, largest]
// lambda of (a / 2) times the mean of dl/du, by quadrature. Over all of [0, T] it is 4.857113, from t = 1e-3
// on 4.855587.
TEST(NoiseSchedule, TheBoundsForceOnAGaussian) {
  const Real mean = 0.7, variance = 0.35, x = -1;
  const auto force_from = [&](Real earliest) {
    const NoiseSchedule vp("vp");
    const Real least = vp.lambda(earliest), largest = vp.lambda(1);
    constexpr Index points = 200000;
    Real integral = 0;
    for (Index k = 0; k < points; ++k) {
      const Real lambda = least + (largest - least) * (Real(k) + 0.5) / points;
      const Real a = signal_at(lambda), s = noise_at(lambda), total = a * a * variance + s * s;
      // e(u) = s (u - a mean) / total is linear: E_eps (e - eps) de/du is its value at u = a x, with E eps =
      // 0.
      const Real slope = s / total, expected = s * (a * x - a * mean) / total;
      integral += a * expected * slope * (largest - least) / points;
    }
    const Real a_end = signal_at(largest);
    return -integral - a_end * a_end * x;
  };
  EXPECT_NEAR(force_from(1e-6), 4.857113, 1e-4);
  EXPECT_NEAR(force_from(1e-3), 4.855587, 1e-5);
  EXPECT_NEAR(force_from(1e-2), 4.829557, 1e-5);
}

// With the exact score the bound is the density: -L(x) = -log N(x; m, v), by quadrature over lambda.
TEST(NoiseSchedule, TheBoundOfAnExactScoreIsTheDensity) {
  const Real mean = 0.7, variance = 0.35;
  for (const char* name : {"vp", "cosine", "ve"})
    for (const Real x : {-1., 0.2, 1.5}) {
      const NoiseSchedule schedule(name);
      const Real least = schedule.lambda(std::max(1e-4, schedule.earliest())), largest = schedule.largest();
      constexpr Index points = 200000;
      Real integral = 0;
      for (Index k = 0; k < points; ++k) {
        const Real lambda = least + (largest - least) * (Real(k) + 0.5) / points;
        const Real a = signal_at(lambda), s = noise_at(lambda), total = a * a * variance + s * s;
        const Real along = s * a * (x - mean) / total, rest = a * a * variance / total;
        integral += 0.5 * (along * along + rest * rest) * (largest - least) / points;
      }
      const Real a_end = signal_at(largest);
      Real constant = bound_constant(schedule, 1);  // from the schedule's own least lambda on
      constant += std::log(noise_at(least) / noise_at(schedule.least()));
      const Real expected = 0.5 * (x - mean) * (x - mean) / variance + 0.5 * std::log(2 * M_PI * variance);
      EXPECT_NEAR(integral + 0.5 * a_end * a_end * x * x + constant, expected, 2e-3) << name << " " << x;
    }
}

// A pair of draws costs twice, and without a network the force is that of N(0, I) on average.
TEST(ScorePrior, WithoutANetworkTheForceIsThatOfTheStandardNormal) {
  DiffusionPriorOptions options;
  options.hidden = {4};
  const Index columns = 64, repeats = 400;
  ScorePrior<double> prior(options, 2, columns, 3, 0);
  const Vector<Real> theta("theta", Mlp<Real>(prior.shape()).parameters());
  initialise_score(prior.shape(), 3, VectorRef<Real>(theta.data(), theta.extent(0)));
  const Matrix<Real> x("x", 2, columns), force("force", 2, columns);
  for (Index i = 0; i < columns; ++i)
    for (Index c = 0; c < 2; ++c) x(c, i) = c == 0 ? 1.5 : -0.5;
  const VectorRef<const Real> fixed(theta.data(), theta.extent(0));
  for (Index k = 0; k < repeats; ++k)
    for (Index draw = 0; draw < 2; ++draw) {
      prior.draw(fixed, x, 0, k, draw);
      prior.gradients(fixed, 1, {}, false, force, 0.5);
    }
  Real mean[2] = {0, 0};
  for (Index i = 0; i < columns; ++i)
    for (Index c = 0; c < 2; ++c) mean[c] += force(c, i) / Real(columns * repeats);
  EXPECT_NEAR(mean[0], -1.5, 0.1);
  EXPECT_NEAR(mean[1], 0.5, 0.1);
}

/// Columns of a file of numbers, by name.
std::map<std::string, std::vector<Real>> csv(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> names;
  std::map<std::string, std::vector<Real>> table;
  std::string line, word;
  for (Index row = 0; std::getline(file, line); ++row) {
    std::istringstream words(line);
    for (std::size_t k = 0; std::getline(words, word, ','); ++k)
      if (row == 0)
        names.push_back(word);
      else
        table[names.at(k)].push_back(std::stod(word));
  }
  return table;
}

/// y = 1.5 z_1 u + z_2 v + noise of .5, in four dimensions.
std::string four_columns(Index rows) {
  const Random random(23, Stream::initial_ensemble);
  std::string text;
  for (Index i = 0; i < rows; ++i) {
    const Real a = 1.5 * random.normal(i, 1, 0), b = random.normal(i, 2, 0);
    const Real u[] = {0.5, 0.5, 0.5, 0.5}, v[] = {0.5, -0.5, 0.5, -0.5};
    for (Index c = 0; c < 4; ++c)
      text += fmt::format("{:.6f}{}", a * u[c] + b * v[c] + 0.5 * random.normal(i, 0, c), c < 3 ? "," : "\n");
  }
  return text;
}

// Linear decoder, N(0, I), Langevin of step h: W W' = U [L (I + h L / (2 s^2))^-1 - s^2]_+ U'.
TEST(LatentDiffusion, ALinearDecoderFindsPrincipalComponents) {
  const SharedFolder folder;
  folder.write("data.csv", four_columns(1000));
  const std::string deck = R"(weir: 1
run: {name: pca, seed: 2}
latent_diffusion:
  data: {file: data.csv}
  latent: {dimension: 2, particles: 8, start: pca}
  decoder: {linear: {}, noise: 0.5}
  prior: gaussian
  train:
    epochs: 1500
    batch: 1000
    latents: {rule: {langevin: {step: 0.02}}}
    decoder: {rule: {euler: {rate: 0.02, average: 0.998}}}
    reports: 1
  generate: {count: 4}
  metrics: []
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto theta = file.read("/networks/decoder/parameters");
  std::vector<Real> gram(4);  // W'W, whose eigenvalues are those of W W'
  for (Index a = 0; a < 2; ++a)
    for (Index b = 0; b < 2; ++b)
      for (Index c = 0; c < 4; ++c)
        gram[std::size_t(2 * a + b)] += theta[std::size_t(4 * a + c)] * theta[std::size_t(4 * b + c)];
  const auto found = symmetric_eigen(gram, 2).values;

  std::vector<Real> rows, mean(4), covariance(16);
  std::istringstream text(four_columns(1000));
  for (Real value; text >> value; text.ignore(1)) rows.push_back(value);
  ASSERT_EQ(rows.size(), 4000u);
  for (std::size_t i = 0; i < 4000; ++i) mean[i % 4] += rows[i] / 1000;
  for (std::size_t i = 0; i < 1000; ++i)
    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t b = 0; b < 4; ++b)
        covariance[4 * a + b] += (rows[4 * i + a] - mean[a]) * (rows[4 * i + b] - mean[b]) / 1000;
  const auto eigen = symmetric_eigen(covariance, 4).values;
  const Real h = 0.02, s2 = 0.25;
  for (int k = 0; k < 2; ++k) {
    const Real l = eigen[std::size_t(2 + k)];
    EXPECT_NEAR(found[std::size_t(k)] / (l / (1 + h * l / (2 * s2)) - s2), 1, 0.03);
  }
}

std::string small_deck(const std::string& prior = "diffusion: {hidden: [8, 8]}",
                       const std::string& more = "") {
  return R"(weir: 1
run: {name: small, seed: 5, tile: 8, precision: single}
latent_diffusion:
  data: {synthetic: {swiss_roll: {count: 83, lift: 5}}}
  split: {test: 0.4}
  latent: {dimension: 2, particles: 3}
  decoder: {network: {hidden: [8]}}
  prior: {)" +
         prior + R"(}
  train: {epochs: 3, batch: 12, reports: 3)" +
         more + R"(}
  generate: {count: 21, steps: 5}
  metrics: [w2, energy_distance, frechet_pca, nearest_neighbour, copying, reconstruction]
)";
}

TEST(LatentDiffusionParallel, GoesOnBitForBitOnOtherRanks) {
  const std::string diffusion = "diffusion: {hidden: [8, 8]}";
  struct Case {
    std::string deck;
    std::vector<std::string> settings;
  };
  for (const Case& c :
       {Case{small_deck(diffusion), {}},
        Case{
            small_deck(diffusion, ", order: in_turn, latents: {rule: {langevin: {step: 1e-3}}, substeps: 2}"),
            {"latent_diffusion.decoder.noise=learned"}},
        Case{small_deck(diffusion), {"latent_diffusion.posterior=amortised"}},
        Case{small_deck(diffusion, ", latents: {rule: {preconditioned_langevin: {metric: fisher}}}"), {}},
        Case{
            small_deck("mixture: {components: 2}", ", catch_up: true, latents: {rule: {langevin: 1e-3}}"),
            {"latent_diffusion.latent.warm_up=0.3",
             "latent_diffusion.generate={count: 21, given: {columns: [1, 3], steps: 5}, interpolate: {pairs: "
             "2, points: 3}}"}},
        Case{small_deck(diffusion, ", prior_afterwards: true"),
             {"latent_diffusion.data={synthetic: {swiss_roll: {count: 83, lift: 8}}}",
              "latent_diffusion.decoder={convolutional: {image: [2, 4], channels: [3, 2], residual: 1}}"}},
        Case{small_deck("diffusion: {hidden: [8], schedule: ve}",
                        ", latents: {rule: {underdamped_langevin: {step: 0.05}}}"),
             {"latent_diffusion.latent.start=noise"}},
        Case{small_deck("diffusion: {hidden: [8], schedule: cosine, force: score}"),
             {"latent_diffusion.generate.sampler=probability_flow"}},
        Case{small_deck("gaussian: {}"), {"latent_diffusion.decoder={linear: {}}"}}}) {
    const SharedFolder folder;
    const DeckRun whole{folder, c.deck, "whole", c.settings}, alone{folder, c.deck, "alone", c.settings};
    const Outcome uninterrupted = whole();
    ASSERT_EQ(uninterrupted.code, ExitCode::done) << uninterrupted.message;
    ASSERT_EQ(alone(1).code, ExitCode::done);
    expect_equal_runs(folder / "whole", folder / "alone");
    DeckRun part{folder, c.deck, "out", c.settings};
    part.settings.insert(part.settings.end(), {"run.checkpoint.every=5", "run.checkpoint.keep=99"});
    ASSERT_EQ(part(1).code, ExitCode::done);
    forget_all_but(folder, "-5.h5");
    const Outcome outcome = part(0, "");
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    expect_equal_runs(folder / "whole", folder / "out");
  }
}

TEST(LatentDiffusionParallel, ATrainingMayBeExtended) {
  const std::string rule = "{rule: {adam: {schedule: constant}}}",
                    constant = ", decoder: " + rule + ", prior: " + rule;
  const std::string deck = small_deck("diffusion: {hidden: [8]}", constant);
  const std::vector<std::string> checkpoints{"run.checkpoint.every=5", "run.checkpoint.keep=99"};
  const SharedFolder folder;
  const DeckRun whole{
      folder, deck, "whole", {"latent_diffusion.train.epochs=6", "latent_diffusion.train.reports=6"}};
  ASSERT_EQ(whole().code, ExitCode::done);
  DeckRun part{folder, deck, "out", checkpoints};
  ASSERT_EQ(part(1).code, ExitCode::done);
  forget_all_but(folder, "checkpoint-5.h5");
  part.settings.push_back("latent_diffusion.train.epochs=6");
  const Outcome outcome = part(0, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_EQ(text_of(folder / "whole/metrics.csv"), text_of(folder / "out/metrics.csv"));
  EXPECT_TRUE(contents_of(folder / "whole/samples.h5") == contents_of(folder / "out/samples.h5"));

  DeckRun in_stages{folder, small_deck("diffusion: {hidden: [8]}", constant + ", prior_afterwards: true"),
                    "out", checkpoints};
  ASSERT_EQ(in_stages(1).code, ExitCode::done);
  forget_all_but(folder, "checkpoint-5.h5");
  in_stages.settings.push_back("latent_diffusion.train.epochs=6");
  EXPECT_NE(in_stages(0, "").message.find("latent_diffusion.train.epochs"), std::string::npos);
}

TEST(LatentDiffusionParallel, TwoStagesEndAsIfNobodyHadStoppedThem) {
  std::string deck = small_deck("diffusion: {hidden: [8]}", ", prior_afterwards: true");
  deck.replace(deck.find("epochs: 3"), 9, "epochs: 1");
  deck.replace(deck.find(", reconstruction]"), 17, "]");
  expect_equal_when_interrupted(deck, 15);
}

TEST(LatentDiffusionParallel, AllStagesEndAsIfNobodyHadStoppedThem) {
  std::string deck = small_deck("diffusion: {hidden: [8]}");
  deck.replace(deck.find("epochs: 3"), 9, "epochs: 2");
  deck.replace(deck.find("particles: 3"), 12, "particles: 3, warm_up: 0.5");
  deck.replace(deck.find("steps: 5}"), 9, "steps: 3, given: {columns: [1, 3], steps: 3}}");
  deck.replace(deck.find(", reconstruction]"), 17, "]");
  deck += "  likelihood: {rows: 5, chains: 2, temperatures: 3}\n";
  expect_equal_when_interrupted(deck, 15);
}

TEST(LatentDiffusionParallel, AModelThatIsReadSamplesAsItDid) {
  for (const std::string setting :
       {"latent_diffusion.generate.sampler=reverse_sde", "latent_diffusion.generate.sampler=probability_flow",
        "latent_diffusion.prior={mixture: {components: 2}}",
        "latent_diffusion.decoder={convolutional: {image: [5, 1], channels: [2]}}"}) {
    const SharedFolder folder;
    const std::string deck = small_deck();
    ASSERT_EQ((DeckRun{folder, deck, "first", {setting}})().code, ExitCode::done);
    const DeckRun again{
        folder, deck, "second", {setting, "latent_diffusion.model=" + folder / "first/networks.h5"}};
    const Outcome outcome = again();
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    EXPECT_TRUE(contents_of(folder / "first/samples.h5") == contents_of(folder / "second/samples.h5"));
  }
}

// With rates of almost 0 a mixed score stays that of N(0, I): the prior's part is E |u|^2 / 2 + (q / 2) log 2
// pi
// + log deviations, and that of the likelihood follows from the error.
TEST(LatentDiffusion, PartsOfTheFreeEnergy) {
  const SharedFolder folder;
  const std::string deck = small_deck("diffusion: {hidden: [8], draws: 1}",
                                      ", decoder: {rule: {adam: {rate: 1e-9}}}, prior: {rule: {adam: {rate: "
                                      "1e-9}}}, latents: {rule: {langevin: {step: 1e-9}}}");
  ASSERT_EQ(run_deck_text(folder, deck,
                          {"latent_diffusion.data.synthetic.swiss_roll.count=60000", "run.tile=64",
                           "latent_diffusion.train.batch=60000", "latent_diffusion.metrics=[]"})
                .code,
            ExitCode::done);
  const auto table = csv(folder / "out/metrics.csv");
  const auto last = [&](const std::string& name) { return table.at(name).back(); };
  const Real deviation = last("deviation"), error = last("error");
  EXPECT_NEAR(last("prior"), 1 + std::log(2 * M_PI) + 2 * std::log(deviation), 0.2);
  EXPECT_NEAR(last("likelihood"), 2.5 * (error * error / 0.01 + std::log(2 * M_PI * 0.01)), 1e-6);
  EXPECT_GT(last("extreme"), 3);
  EXPECT_LT(last("extreme"), 7);
  EXPECT_GT(last("generated_extreme"), 2);
  EXPECT_LT(last("generated_extreme"), 6);
}

TEST(LatentDiffusion, SaysHowManyRanksWouldFit) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, small_deck(),
                                        {"latent_diffusion.data.synthetic.swiss_roll.count=2000000",
                                         "latent_diffusion.train.batch=64", "run.machine.memory=10000000"});
  EXPECT_NE(outcome.code, ExitCode::done);
  EXPECT_NE(outcome.message.find("ranks would do"), std::string::npos) << outcome.message;
}

std::vector<Broken> broken_latent_diffusion() {
  const std::string d = small_deck(), e = "latent_diffusion.", t = "latent_diffusion.train.";
  return {
      {"no data", d, {e + "data={}"}, "latent_diffusion.data"},
      {"missing file", d, {e + "data={file: nowhere.npy}"}, "nowhere.npy"},
      {"nothing held out", d, {e + "split.test=0"}, "give `split.test`, or leave these out"},
      {"all held out", d, {e + "split.test=0.999"}, "rows, of which 0 would be for training"},
      {"latents of no components", d, {e + "latent.dimension=0"}, "allowed: at least 1"},
      {"no particles", d, {e + "latent.particles=0"}, "allowed: at least 1"},
      {"more components than data", d, {e + "latent.dimension=6"}, "there are 5 principal components"},
      {"unknown start", d, {e + "latent.start=random"}, "allowed: pca, noise"},
      {"two decoders", d, {e + "decoder={linear: {}, network: {}}"}, "latent_diffusion.decoder"},
      {"unknown activation", d, {e + "decoder.network.activation=gellu"}, "did you mean \"gelu\"?"},
      {"noise of 0", d, {e + "decoder.noise=0"}, "above 0"},
      {"noise by a typo", d, {e + "decoder.noise=learnt"}, "learned"},
      {"unknown likelihood", d, {e + "decoder.likelihood=gauss"}, "allowed: gaussian, bernoulli"},
      {"unknown prior", d, {e + "prior=difusion"}, "did you mean \"diffusion\"?"},
      {"unknown schedule", d, {e + "prior.diffusion.schedule=linear"}, "allowed: vp, cosine, ve"},
      {"unknown force", d, {e + "prior.diffusion.force=exact"}, "allowed: dsm, score"},
      {"score without layers", d, {e + "prior.diffusion.hidden=[]"}, "hidden"},
      {"unknown posterior", d, {e + "posterior=amortized"}, "did you mean \"amortised\"?"},
      {"no epochs", d, {t + "epochs=0"}, "allowed: at least 1"},
      {"unknown order", d, {t + "order=in turn"}, "allowed: together, in_turn"},
      {"an optimiser for latents", d, {t + "latents.rule=adam"}, "latents.rule"},
      {"a mover for the decoder", d, {t + "decoder.rule=langevin"}, "decoder.rule"},
      {"two metrics",
       d,
       {t + "latents.rule={preconditioned_langevin: {metric: fisher, diagonal: [1, 1]}}"},
       "found both `diagonal` and `metric: fisher`"},
      {"mala for latents", d, {t + "latents.rule=mala"}, "choose langevin, preconditioned_langevin"},
      {"unknown sampler", d, {e + "generate.sampler=ode"}, "allowed: reverse_sde, probability_flow"},
      {"no samples", d, {e + "generate.count=0"}, "allowed: at least 1"},
      {"unknown metric", d, {e + "metrics=[fid]"}, "latent_diffusion.metrics"},
      {"images without a size", d, {e + "decoder={convolutional: {}}"}, "give height and width of an image"},
      {"images of other rows", d, {e + "decoder={convolutional: {image: [2, 3]}}"}, "rows have 5 components"},
      {"images that cannot be halved",
       d,
       {e + "decoder={convolutional: {image: [5, 1], channels: [4, 2]}}"},
       "cannot be halved so often"},
      {"columns that are not there",
       d,
       {e + "generate.given={columns: [3, 6]}"},
       "found [3, 6]; allowed: up to 5, the columns of the data"},
      {"no columns given", d, {e + "generate.given={steps: 5}"}, "missing; give the known columns"},
      {"a path of one point", d, {e + "generate.interpolate={points: 1}"}, "allowed: at least 2"},
      {"unknown path", d, {e + "generate.interpolate={path: curve}"}, "allowed: arc, line"},
      {"a mixture of none", d, {e + "prior={mixture: {components: 0}}"}, "allowed: at least 1"},
      {"likelihood under a mixture",
       d,
       {e + "prior=mixture", e + "likelihood={rows: 5}"},
       "which they have of `diffusion` and `gaussian`"},
      {"nothing but warming up", d, {e + "latent.warm_up=1"}, "below 1"},
      {"catching up by a metric", d, {t + "catch_up=true"}, "choose it, or leave `catch_up` out"},
      {"more than fits", d, {"run.machine.memory=1"}, "more ranks do not help"},
      {"no model there", d, {e + "model=nowhere.h5"}, "give the networks.h5 of a finished run"},
      {"model that is a deck", d, {e + "model=deck.yaml"}, "is not the networks.h5 of a finished run"},
  };
}

TEST(LatentDiffusionParallel, BrokenDecksGiveTheirMessage) {
  const SharedFolder folder;
  for (const Broken& broken : broken_latent_diffusion()) expect_broken(folder, broken);
}

}  // namespace
}  // namespace weir
