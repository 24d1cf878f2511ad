// Metropolised restarts keep the law of the energy; they bring another law to it.
#include "methods/latent_ebm/PoolRestart.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "weir/ensemble/PrincipalComponents.hpp"

namespace weir {
namespace {

constexpr Real w = 0.5, m = 0.5, deviation = 0.8;
constexpr Index count = 40000;

LatentEnergyOptions linear_gaussian() {
  LatentEnergyOptions options;
  options.kind.emplace<LinearGaussianOptions>().noise = deviation;
  return options;
}

/// Rows of x about 0 and 2, of which restarts are proposed.
RestartLaw law() {
  RestartLaw law;
  law.data = law.latent = 1;
  law.bandwidth = 0.9;
  law.centres = Matrix<Real>("centres", 1, 3);
  for (Index k = 0; k < 3; ++k) law.centres(0, k) = -1 + 1.5 * Real(k);
  return law;
}

/// Moments of (x, z) after `ticks` restarts of every particle, from x = m + w z + s n of the law, or from
/// x about 2 whatever z.
MeanAndCovariance after_restarts(bool from_the_law, Index ticks) {
  const Communicator self(MPI_COMM_SELF);
  Ensemble pool(self, count, 2, 64);
  fill_normals(pool.x, Random(1, Stream::initial_ensemble), 0, 0);
  for (Index i = 0; i < count; ++i) {
    const Real z = pool.x(1, i);
    pool.x(0, i) = from_the_law ? m + w * z + deviation * pool.x(0, i) : 2 + 0.5 * pool.x(0, i);
  }
  const auto energy = LatentEnergy<double>::make(linear_gaussian(), {1, 1}, 64);
  Vector<double> theta("theta", 2);
  theta(0) = w;
  theta(1) = m;
  PoolRestart<double> restart(law(), pool.partition, 7, 0);
  for (Index tick = 0; tick < ticks; ++tick) restart.apply(1, tick, 1, *energy, theta, pool.x);
  EXPECT_EQ(restart.proposed(), count * ticks);
  EXPECT_GT(restart.accepted(), count * ticks / 20);
  EXPECT_LT(restart.accepted(), count * ticks);
  return mean_and_covariance(pool);
}

void expect_law(const MeanAndCovariance& found) {
  const Real variance = w * w + deviation * deviation, error = 4 / std::sqrt(Real(count));
  EXPECT_NEAR(found.mean[0], m, error * std::sqrt(variance));
  EXPECT_NEAR(found.mean[1], 0, error);
  EXPECT_NEAR(found.covariance[0], variance, error * std::sqrt(2.) * variance);
  EXPECT_NEAR(found.covariance[1], w, error * std::sqrt(variance + w * w));
  EXPECT_NEAR(found.covariance[3], 1, error * std::sqrt(2.));
}

TEST(PoolRestart, KeepsTheLawOfTheEnergy) {
  expect_law(after_restarts(true, 1));
  expect_law(after_restarts(true, 5));
}

TEST(PoolRestart, BringsAnotherLawToThatOfTheEnergy) {
  expect_law(after_restarts(false, 200));
}

}  // namespace
}  // namespace weir
