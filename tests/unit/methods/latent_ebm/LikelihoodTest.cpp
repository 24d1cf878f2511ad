// Likelihoods under a trained energy: annealing against closed forms and the grid.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/Interrupted.hpp"
#include "methods/latent_ebm/SmallDecks.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/base/Lapack.hpp"

namespace weir {
namespace {

using namespace testing_tools;

// log Z of E = |x - W z - m|^2 / (2 s^2) + |z|^2 / 2 does not depend on W: (d/2) log(2 pi s^2) + (q/2) log 2
// pi; and p(x) = N(m, W W' + s^2 I).
TEST(LatentEbm, AnnealingMeetsTheClosedFormInTenDimensions) {
  const SharedFolder folder;
  folder.write("data.csv", eight_columns(600));
  const std::string deck = R"(weir: 1
run: {name: ten, seed: 4}
latent_ebm:
  data: {file: data.csv}
  split: {test: 0.5}
  latent: {dimension: 2, particles: 2}
  energy: {linear_gaussian: {noise: 0.6}}
  train: {iterations: 60, batch: 256, negatives: {particles: 256, restart: false}, reports: 1}
  generate: {count: 2, steps: 0}
  likelihood: {by: annealing, rows: 100, chains: 4096, temperatures: 1500, repeats: 16}
  metrics: []
)";
  const Outcome outcome = run_deck_text(folder, deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  const Real pi = M_PI, error = summary["log_z_error"];
  EXPECT_LT(error, 0.02);
  EXPECT_NEAR(Real(summary["log_z"]), 4 * std::log(2 * pi * 0.36) + std::log(2 * pi), 4 * error);

  const Hdf5File networks(folder / "out/networks.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const Hdf5File found(folder / "out/likelihood.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto theta = networks.read("/networks/energy/parameters"), rows = found.read("/rows"),
             log_p = found.read("/log_likelihood");
  std::vector<Real> covariance(64);
  for (Index a = 0; a < 8; ++a)
    for (Index b = 0; b < 8; ++b)
      covariance[std::size_t(8 * a + b)] = theta[std::size_t(a)] * theta[std::size_t(b)] +
                                           theta[std::size_t(8 + a)] * theta[std::size_t(8 + b)] +
                                           (a == b ? 0.36 : 0);
  const auto factor = cholesky(covariance, 8);
  Real difference = 0;
  for (Index i = 0; i < 100; ++i) {
    std::vector<Real> centred(8), solved;
    for (Index c = 0; c < 8; ++c)
      centred[std::size_t(c)] = rows[std::size_t(8 * i + c)] - theta[std::size_t(16 + c)];
    solved = centred;
    cholesky_solve(factor, 8, solved.data(), 1);
    Real exact = -4 * std::log(2 * pi);
    for (Index c = 0; c < 8; ++c)
      exact -= 0.5 * centred[std::size_t(c)] * solved[std::size_t(c)] + std::log(factor[std::size_t(9 * c)]);
    difference += (log_p[std::size_t(i)] - exact) / 100;
  }
  const Real annealing_error = summary["annealing_error"], chains = summary["row_effective_chains"];
  EXPECT_NEAR(difference, 0, 4 * annealing_error);
  EXPECT_LT(annealing_error, 0.02);
  EXPECT_GT(annealing_error, error);
  EXPECT_GT(chains, 8);
  EXPECT_LT(chains, 16);
  const auto of_rows = found.read("/effective_chains");
  ASSERT_EQ(of_rows.size(), 100u);
  Real mean = 0;
  for (const Real value : of_rows) mean += value / 100;
  EXPECT_NEAR(mean, chains, 1e-10);
}

// In two dimensions a grid and annealing agree, and particles are nearer to the likelihood than any Gaussian.
TEST(LatentEbm, AnnealingAgreesWithTheGrid) {
  const SharedFolder folder;
  const std::string deck = R"(weir: 1
run: {name: grid, seed: 4}
latent_ebm:
  data: {synthetic: {moons: {count: 1000}}}
  split: {test: 0.4}
  energy: {network: {hidden: [16, 16]}}
  train: {iterations: 150, batch: 256, negatives: {particles: 256}, reports: 1}
  generate: {count: 2, steps: 0}
  likelihood: {by: grid, rows: 200, grid: 100, chains: 1024, temperatures: 400, gaussian_bound: true}
  metrics: []
)";
  const DeckRun grid{folder, deck, "grid"};
  ASSERT_EQ(grid().code, ExitCode::done);
  const DeckRun annealing{
      folder,
      deck,
      "annealing",
      {"latent_ebm.likelihood.by=annealing", "latent_ebm.model=" + folder / "grid/networks.h5"}};
  const Outcome outcome = annealing();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto of_grid = summary_of(folder / "grid"), annealed = summary_of(folder / "annealing");
  const Real error = annealed["log_z_error"];
  EXPECT_LT(error, 0.02);
  EXPECT_NEAR(Real(of_grid["log_z"]), Real(annealed["log_z"]), 4 * error);
  EXPECT_NEAR(Real(of_grid["log_likelihood"]), Real(annealed["log_likelihood"]), 0.05);
  EXPECT_LE(Real(of_grid["gaussian_bound"]), Real(of_grid["particle_bound"]) + 0.01);
  EXPECT_LE(Real(of_grid["particle_bound"]), Real(of_grid["log_likelihood"]) + 0.01);

  // Half the points show what a grid is worth, and the log says so.
  EXPECT_LT(std::abs(Real(of_grid["grid_error"])), 0.005);
  EXPECT_EQ(text_of(folder / "grid/log.txt").find("every other point"), std::string::npos);
  const DeckRun coarse{folder,
                       deck,
                       "coarse",
                       {"latent_ebm.likelihood={by: grid, rows: 20, grid: 12, latent_grid: 8}",
                        "latent_ebm.model=" + folder / "grid/networks.h5"}};
  ASSERT_EQ(coarse().code, ExitCode::done);
  EXPECT_GT(std::abs(Real(summary_of(folder / "coarse")["grid_error"])), 0.05);
  EXPECT_NE(text_of(folder / "coarse/log.txt").find("every other point"), std::string::npos);
}

}  // namespace
}  // namespace weir
