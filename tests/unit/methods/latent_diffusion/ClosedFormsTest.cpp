// What trainings of latent_diffusion settle at, beside closed forms: principal components by the exact
// recursion of moments and by particles, the invariants of a learned linear prior, errors that fall with the
// number of particles, steps that catch up, mixtures, and rows completed by a linear model.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "methods/latent_diffusion/prior/MixturePrior.hpp"
#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// Row-major n x k times k x m; `transposed`: of b, which is m x k.
std::vector<Real> times(const std::vector<Real>& a, const std::vector<Real>& b, Index n, Index k, Index m,
                        bool transposed = false) {
  std::vector<Real> c(std::size_t(n * m), 0);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < m; ++j)
      for (Index l = 0; l < k; ++l)
        c[std::size_t(i * m + j)] +=
            a[std::size_t(i * k + l)] * b[std::size_t(transposed ? j * k + l : l * m + j)];
  return c;
}
std::vector<Real> transposed(const std::vector<Real>& a, Index n, Index m) {
  std::vector<Real> b(a.size());
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < m; ++j) b[std::size_t(j * n + i)] = a[std::size_t(i * m + j)];
  return b;
}
std::vector<Real> sum(std::vector<Real> a, const std::vector<Real>& b, Real factor = 1) {
  for (std::size_t k = 0; k < a.size(); ++k) a[k] += factor * b[k];
  return a;
}

// All of the scheme's moments, N infinite, orders `together`: B = E x y', Q = E x x' of particles x and data
// y of covariance diag(l),
//     x' = F x + G y + sqrt(2 h) xi,  F = I - h (W'W / s^2 + I),  G = h W' / s^2,  W' = W + r (B' - W Q) /
//     s^2
// settle at W W' = U_q [L_q (I + h L_q / (2 s^2))^-1 - s^2]_+ U_q'.
TEST(LatentDiffusionClosedForms, PrincipalComponentsByTheRecursionOfMoments) {
  const Index d = 4, q = 2;
  const std::vector<Real> l{4, 2.5, 0.6, 0.3};
  const Real s2 = 0.5, h = 0.05, rate = 0.05;
  std::vector<Real> c(16, 0), w{0.9, 0.2, -0.3, 1.1, 0.2, 0.1, 0.1, -0.2}, b(8, 0), second{1, 0, 0, 1};
  for (Index k = 0; k < d; ++k) c[std::size_t(5 * k)] = l[std::size_t(k)];
  for (Index step = 0; step < 40000; ++step) {
    const auto wt = transposed(w, d, q);
    std::vector<Real> f = times(wt, w, q, d, q), g = wt;
    for (Real& value : f) value *= -h / s2;
    for (Index k = 0; k < q; ++k) f[std::size_t(3 * k)] += 1 - h;
    for (Real& value : g) value *= h / s2;
    const auto new_w = sum(w, sum(transposed(b, q, d), times(w, second, d, q, q), -1), rate / s2);
    const auto gc = times(g, c, q, d, d), fb = times(f, b, q, q, d);
    auto new_second = times(times(f, second, q, q, q), f, q, q, q, true);
    const auto cross = times(fb, g, q, d, q, true);
    new_second = sum(sum(new_second, cross), transposed(cross, q, q));
    new_second = sum(new_second, times(gc, g, q, d, q, true));
    for (Index k = 0; k < q; ++k) new_second[std::size_t(3 * k)] += 2 * h;
    b = sum(fb, gc);
    w = new_w;
    second = new_second;
  }
  const auto gram = times(w, w, d, q, d, true);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < d; ++j) {
      const Real one = l[std::size_t(i)];
      const Real expected = i == j && i < q ? one / (1 + h * one / (2 * s2)) - s2 : 0;
      EXPECT_NEAR(gram[std::size_t(i * d + j)], expected, 1e-10) << i << " " << j;
    }
}

/// Rows y = 1.5 a u + b v + noise of .5 about `middle`, in four dimensions, on this rank alone.
Ensemble plane_in_noise(Index rows, Index per_tile, Real middle = 0, Real first = 1.5, Real second = 1) {
  const Random random(23, Stream::initial_ensemble);
  const Ensemble ensemble(Communicator(MPI_COMM_SELF), rows, 4, per_tile);
  const auto to = Kokkos::create_mirror_view(ensemble.x);
  const Real u[] = {0.5, 0.5, 0.5, 0.5}, v[] = {0.5, -0.5, 0.5, -0.5};
  for (Index i = 0; i < rows; ++i)
    for (Index c = 0; c < 4; ++c)
      to(c, i) = middle * Real(c) + first * random.normal(i, 1, 0) * u[c] +
                 second * random.normal(i, 2, 0) * v[c] + 0.5 * random.normal(i, 0, c);
  Kokkos::deep_copy(ensemble.x, to);
  return ensemble;
}

struct DataMoments {
  std::vector<Real> mean, covariance;
  SymmetricEigen eigen;
};
DataMoments moments_of(const Ensemble& rows) {
  const Index d = rows.components(), n = rows.particles();
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  DataMoments found{std::vector<Real>(std::size_t(d), 0), std::vector<Real>(std::size_t(d * d), 0), {}};
  for (Index i = 0; i < n; ++i)
    for (Index a = 0; a < d; ++a) found.mean[std::size_t(a)] += x(a, i) / Real(n);
  for (Index i = 0; i < n; ++i)
    for (Index a = 0; a < d; ++a)
      for (Index b = 0; b < d; ++b)
        found.covariance[std::size_t(a * d + b)] +=
            (x(a, i) - found.mean[std::size_t(a)]) * (x(b, i) - found.mean[std::size_t(b)]) / Real(n);
  found.eigen = symmetric_eigen(found.covariance, d);
  return found;
}

/// A linear decoder and plain Langevin steps.
LatentDiffusionOptions linear_options(Index latent, Index particles, Real h, Real rate) {
  LatentDiffusionOptions options;
  options.latent.dimension = latent;
  options.latent.particles = particles;
  options.decoder.map = LinearDecoder();
  options.decoder.noise = Real(0.5);
  options.prior.law = GaussianPriorOptions();
  LangevinOptions langevin;
  langevin.step = h;
  options.train.latents.rule.rule = langevin;
  ParameterRuleOptions euler;
  euler.name = "euler";
  euler.rate = rate;
  options.train.decoder.rule.rule = euler;
  return options;
}

struct Training {
  RunOptions run;
  std::unique_ptr<LatentDiffusionTraining> flow;
  std::unique_ptr<Stage> stage;

  Training(const LatentDiffusionOptions& options, const Ensemble& rows, Index epochs, Index seed = 2) {
    run.seed = seed;
    run.tile = rows.partition.tile_size() * options.latent.particles;
    flow = make_diffusion_training(options, DiffusionParts::all, rows, run, 0);
    stage = std::make_unique<Stage>(training_steps(epochs * flow->iterations_per_epoch(), run), *flow, "");
    flow->initialise(BlockViews(*flow->layout(), stage->state().vec()));
  }
  /// W column by column, then the bias.
  std::vector<Real> decoder() const {
    const ConstBlockViews blocks(*flow->layout(), stage->state().vec());
    return gather_whole(Communicator(MPI_COMM_SELF), (*flow->layout())[flow->decoder], blocks[flow->decoder]);
  }
};

/// Variance of a component of all latents.
Real variance_of_latents(const Training& training, Index c) {
  const ConstBlockViews blocks(*training.flow->layout(), training.stage->state().vec());
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), blocks[training.flow->latents]);
  const Index n = Index(x.extent(1));
  Real sum = 0, squares = 0;
  for (Index i = 0; i < n; ++i) sum += x(c, i), squares += x(c, i) * x(c, i);
  return squares / Real(n) - sum / Real(n) * sum / Real(n);
}

/// Mean over the second half of the iterations of W W', or of W S W' with the variances S of the latents;
/// row-major.
std::vector<Real> mean_gram(Training& training, Index q, bool with_variances) {
  std::vector<Real> mean(16, 0);
  const Index steps = training.stage->planned_steps();
  training.stage->run([&](const Tick& tick) {
    if (2 * tick.step <= steps) return;
    const auto theta = training.decoder();
    for (Index k = 0; k < q; ++k) {
      const Real variance = with_variances ? variance_of_latents(training, k) : 1;
      for (Index a = 0; a < 4; ++a)
        for (Index b = 0; b < 4; ++b)
          mean[std::size_t(4 * a + b)] +=
              2 * variance * theta[std::size_t(4 * k + a)] * theta[std::size_t(4 * k + b)] / Real(steps);
    }
  });
  return mean;
}

TEST(LatentDiffusionClosedForms, PrincipalComponentsByParticles) {
  const Real h = 0.02, s2 = 0.25;
  const Ensemble rows = plane_in_noise(500, 500);
  const auto data = moments_of(rows);
  LatentDiffusionOptions options = linear_options(2, 8, h, 0.02);
  options.train.batch = 500;
  Training training(options, rows, 4000);
  const auto found = symmetric_eigen(mean_gram(training, 2, false), 4).values;
  for (std::size_t k = 2; k < 4; ++k) {
    const Real l = data.eigen.values[k];
    EXPECT_NEAR(found[k] / (l / (1 + h * l / (2 * s2)) - s2), 1, 0.01) << l;
  }
  EXPECT_NEAR(found[1], 0, 0.01);
}

// With one latent the mixed score without its network, of latents standardised by their running moments, is
// that of N(m, d^2): a linear prior that is learned. The scale of x drifts; Var(x) W W' and W m + mu settle.
TEST(LatentDiffusionClosedForms, ALearnedLinearPriorHasInvariants) {
  const Real s2 = 0.25;
  const Ensemble rows = plane_in_noise(250, 250, 0.3, 2, 1);
  const auto data = moments_of(rows);
  LatentDiffusionOptions options = linear_options(1, 8, 0.01, 0.01);
  options.train.batch = 250;
  DiffusionPriorOptions prior;
  prior.hidden = {2};
  prior.force = "score";
  prior.draws = 1;
  options.prior.law = prior;
  ParameterRuleOptions slow;
  slow.rate = 1e-12;
  options.train.prior.rule.rule = slow;
  Training training(options, rows, 3000);
  const auto gram = mean_gram(training, 1, true);
  const Real l = data.eigen.values[3];
  const Real* u = &data.eigen.vectors[12];
  for (Index a = 0; a < 4; ++a)
    for (Index b = 0; b < 4; ++b) {
      const Real found = gram[std::size_t(4 * a + b)] / (l - s2);
      EXPECT_NEAR(found, u[a] * u[b], 0.01) << a << b;
      EXPECT_NEAR(found / (u[a] * u[b]), 1, 0.025) << a << b;  // small entries too
    }
  Real trace = 0;
  for (std::size_t a = 0; a < 4; ++a) trace += gram[5 * a];
  EXPECT_NEAR(trace / (l - s2), 1, 0.01);
  const auto theta = training.decoder();
  const Real m = training.flow->running().mean[0];
  for (std::size_t a = 0; a < 4; ++a)
    EXPECT_NEAR(theta[a] * m + theta[4 + a], data.mean[a], 0.01 * std::sqrt(l)) << a;
}

// The noise of N particles in the parameters falls like 1 / sqrt(N).
TEST(LatentDiffusionClosedForms, TheErrorOfParametersFallsWithTheNumberOfParticles) {
  std::vector<Real> deviations;
  for (const Index particles : {2, 32}) {
    const Ensemble rows = plane_in_noise(32, 32);
    LatentDiffusionOptions options = linear_options(2, particles, 0.05, 0.02);
    options.train.batch = 32;
    Training training(options, rows, 12000);
    const Index steps = training.stage->planned_steps();
    Real sum = 0, squares = 0, count = 0;
    training.stage->run([&](const Tick& tick) {
      if (4 * tick.step <= steps) return;
      const auto theta = training.decoder();
      Real trace = 0;
      for (std::size_t k = 0; k < 8; ++k) trace += theta[k] * theta[k];
      sum += trace, squares += trace * trace, ++count;
    });
    deviations.push_back(std::sqrt(squares / count - sum / count * sum / count));
  }
  EXPECT_NEAR(deviations[0] / deviations[1], 4, 1);
}

// A wide likelihood leaves the force -x: x' = (1 - (1 + r) h) x for a tile that missed r iterations, and the
// variance (1 - (1 + r) h)^2 v + 2 T (1 + r) h. The plain loop asks for every batch anew.
TEST(LatentDiffusionClosedForms, DataCatchUp) {
  const Index rows_of_tile = 250, tiles = 8, particles = 4;
  const Real h = 0.02, temperature = 0.5;
  const Ensemble rows = plane_in_noise(tiles * rows_of_tile, rows_of_tile);
  LatentDiffusionOptions options = linear_options(2, particles, h, 1e-12);
  options.decoder.noise = Real(1e6);
  options.train.catch_up = true;
  options.train.temperature = temperature;
  options.train.batch = 2 * rows_of_tile;
  Training training(options, rows, 3);
  const Index steps = training.stage->planned_steps();
  ASSERT_EQ(steps, 12);
  {
    const BlockViews blocks(*training.flow->layout(), training.stage->state().vec());
    Kokkos::deep_copy(blocks[training.flow->latents], 2);
  }
  training.stage->run([](const Tick&) {});
  std::vector<Real> mean(std::size_t(tiles), 2), variance(std::size_t(tiles), 0);
  std::vector<Index> last(std::size_t(tiles), -1);
  const Batches batches({tiles}, 2, training.run.seed);
  Batches::Batch batch;
  for (Index step = 0; step < steps; ++step) {
    batches.draw(step, batch);
    for (const Index tile : batch.tiles) {
      const std::size_t t = std::size_t(tile);
      const Real moved = Real(step - last[t]) * h;
      mean[t] *= 1 - moved;
      variance[t] = (1 - moved) * (1 - moved) * variance[t] + 2 * temperature * moved;
      last[t] = step;
    }
  }
  const ConstBlockViews blocks(*training.flow->layout(), training.stage->state().vec());
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), blocks[training.flow->latents]);
  const Index n = rows_of_tile * particles;
  for (Index t = 0; t < tiles; ++t) {
    Real sum = 0, squares = 0;
    for (Index i = t * n; i < (t + 1) * n; ++i)
      for (Index c = 0; c < 2; ++c) sum += x(c, i), squares += x(c, i) * x(c, i);
    const Real count = Real(2 * n), found = sum / count, spread = squares / count - found * found;
    const Real expected = variance[std::size_t(t)];
    EXPECT_NEAR(found, mean[std::size_t(t)], 4 * std::sqrt(expected / count)) << t;
    EXPECT_NEAR(spread / expected, 1, 5 * std::sqrt(2 / count)) << t;
  }
}

TEST(LatentDiffusionClosedForms, DrawsFromAMixture) {
  LatentMixture mixture;
  mixture.weights = {0.25, 0.75};
  mixture.means = {-3, 1, 2, 0};
  mixture.inverse_roots = {2, 0, 1, 0.5, 1, 0, 0, 1};  // A of both, row by row
  const Ensemble x(Communicator(MPI_COMM_SELF), 40000, 2, 64);
  draw_from_mixture(mixture, Random(4, Stream::diffusion_start), x);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x.x);
  Real mean[2] = {0, 0}, count = 0, covariance[3] = {0, 0, 0}, own[2] = {0, 0};
  for (Index i = 0; i < 40000; ++i) {
    for (Index c = 0; c < 2; ++c) mean[c] += host(c, i) / 40000;
    if (host(0, i) > -1.2) continue;  // over 3 deviations off both
    ++count;
    for (Index c = 0; c < 2; ++c) own[c] += host(c, i);
    covariance[0] += host(0, i) * host(0, i);
    covariance[1] += host(0, i) * host(1, i);
    covariance[2] += host(1, i) * host(1, i);
  }
  EXPECT_NEAR(mean[0], 0.75, 0.06);
  EXPECT_NEAR(mean[1], 0.25, 0.06);
  EXPECT_NEAR(count / 40000, 0.25, 0.01);
  // S = (A'A)^-1, A = (2 0; 1 .5): (.25 -.5; -.5 5)
  EXPECT_NEAR(covariance[0] / count - own[0] / count * own[0] / count, 0.25, 0.02);
  EXPECT_NEAR(covariance[1] / count - own[0] / count * own[1] / count, -0.5, 0.06);
  EXPECT_NEAR(covariance[2] / count - own[1] / count * own[1] / count, 5, 0.3);
}

// Latents of a pair of clusters are found to be one, and samples are drawn from them.
TEST(LatentDiffusion, AMixtureIsFittedToLatents) {
  const SharedFolder folder;
  const Random random(3, Stream::initial_ensemble);
  std::string text;
  for (Index i = 0; i < 400; ++i) {
    const Real side = i % 4 == 0 ? -2 : 2;
    text += fmt::format("{:.5f},{:.5f},{:.5f}\n", side + 0.3 * random.normal(i, 0, 0),
                        -side + 0.1 * random.normal(i, 0, 1), 0.1 * random.normal(i, 0, 2));
  }
  folder.write("data.csv", text);
  const std::string deck = R"(weir: 1
run: {name: mixture, seed: 2}
latent_diffusion:
  data: {file: data.csv}
  latent: {dimension: 1, particles: 4}
  decoder: {linear: {}, noise: 0.3}
  prior: {mixture: {components: 2}}
  train: {epochs: 60, batch: 100, reports: 1}
  generate: {count: 4000}
  metrics: []
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File model(folder / "out/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  auto weights = model.read("/mixture/weights");
  std::sort(weights.begin(), weights.end());
  EXPECT_NEAR(weights[0], 0.25, 0.01);
  const Hdf5File samples(folder / "out/samples.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto rows = samples.read("/samples");
  Real low = 0, sum = 0, square = 0;
  for (std::size_t i = 0; i < 4000; ++i) {
    if (rows[3 * i] < 0)
      ++low;
    else
      sum += rows[3 * i], square += rows[3 * i] * rows[3 * i];
  }
  EXPECT_NEAR(low / 4000, 0.25, 0.03);
  EXPECT_NEAR(sum / (4000 - low), 2, 0.1);
}

// A linear model under N(0, I): y_B given y_A is Gaussian, and so are the completions W_B x + m_B. What was
// left out is off by the variance of both.
TEST(LatentDiffusion, CompletionsOfALinearModel) {
  const SharedFolder folder;
  const Ensemble rows = plane_in_noise(3000, 64);
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  std::string text;
  for (Index i = 0; i < 3000; ++i)
    text += fmt::format("{:.6f},{:.6f},{:.6f},{:.6f}\n", x(0, i), x(1, i), x(2, i), x(3, i));
  folder.write("data.csv", text);
  const std::string deck = R"(weir: 1
run: {name: completions, seed: 2}
latent_diffusion:
  data: {file: data.csv}
  split: {test: 0.5}
  latent: {dimension: 2, particles: 4}
  decoder: {linear: {}, noise: 0.5}
  prior: gaussian
  train: {epochs: 200, batch: 300, reports: 1, latents: {rule: {langevin: {step: 0.02}}}}
  likelihood: {rows: 300, chains: 8, temperatures: 2000, step: 0.05}
  generate: {count: 500, given: {columns: [1, 3], steps: 300}, interpolate: {pairs: 3, points: 4, path: line}}
  metrics: []
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File model(folder / "out/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto w = model.read("/networks/decoder/parameters");
  // P = (I + W_A' W_A / s^2)^-1, of latents given y_A
  Real a = 1, b = 0, d = 1;
  for (std::size_t c : {1, 2}) {
    a += 4 * w[c] * w[c];
    b += 4 * w[c] * w[4 + c];
    d += 4 * w[4 + c] * w[4 + c];
  }
  const Real determinant = a * d - b * b;
  Real expected = 0;
  for (std::size_t c : {0, 3}) {
    const Real spread = (d * w[c] * w[c] - 2 * b * w[c] * w[4 + c] + a * w[4 + c] * w[4 + c]) / determinant;
    expected += (2 * spread + 0.25) / 2;
  }
  EXPECT_NEAR(summary_of(folder / "out").at("completion").get<Real>() / std::sqrt(expected), 1, 0.04);
  const Hdf5File samples(folder / "out/samples.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto completions = samples.read("/completions"), held_out = samples.read("/held_out");
  ASSERT_EQ(completions.size(), held_out.size());
  for (std::size_t i = 0; i < completions.size(); i += 4) {
    EXPECT_EQ(completions[i + 1], held_out[i + 1]);
    EXPECT_EQ(completions[i + 2], held_out[i + 2]);
  }
  // log N(y; m, W W' + s^2 I) of the first 300 held-out rows, by the 2 x 2 matrix A = W'W + s^2 I:
  // |C| = s^4 |A|, C^-1 = (I - W A^-1 W') / s^2. Annealed chains end a little low: they lag behind
  // the temperatures, and their steps widen the laws by 2.5%.
  Real gram[3] = {0.25, 0, 0.25};
  for (std::size_t c = 0; c < 4; ++c) {
    gram[0] += w[c] * w[c];
    gram[1] += w[c] * w[4 + c];
    gram[2] += w[4 + c] * w[4 + c];
  }
  const Real size = gram[0] * gram[2] - gram[1] * gram[1];
  Real exact = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    Real square = 0, along[2] = {0, 0};
    for (std::size_t c = 0; c < 4; ++c) {
      const Real r = held_out[4 * i + c] - w[8 + c];
      square += r * r;
      along[0] += w[c] * r;
      along[1] += w[4 + c] * r;
    }
    square -=
        (gram[2] * along[0] * along[0] - 2 * gram[1] * along[0] * along[1] + gram[0] * along[1] * along[1]) /
        size;
    exact -= 0.5 * (4 * std::log(2 * M_PI) + std::log(0.0625 * size) + square / 0.25) / 300;
  }
  const Real found = summary_of(folder / "out").at("log_likelihood").get<Real>();
  EXPECT_LT(found, exact + 0.02);
  EXPECT_GT(found, exact - 0.07);
  // A linear decoder maps lines to lines, from one reconstruction to the next.
  const auto between = samples.read("/interpolations"), ends = samples.read("/reconstructions");
  ASSERT_EQ(between.size(), 3u * 4 * 4);
  for (std::size_t pair = 0; pair < 3; ++pair)
    for (std::size_t point = 0; point < 4; ++point)
      for (std::size_t c = 0; c < 4; ++c)
        EXPECT_NEAR(between[16 * pair + 4 * point + c],
                    ((3. - double(point)) * ends[8 * pair + c] + double(point) * ends[8 * pair + 4 + c]) / 3,
                    1e-9);
}

}  // namespace
}  // namespace weir
