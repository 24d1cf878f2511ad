#include "weir/densities/Density.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

/// Two well separated round Gaussians in the plane, weights 3/4 (about (-3, 0), deviation 0.5) and 1/4 (about
/// (3, 1), 1).
Ensemble two_clusters(const Communicator& comm, Index particles) {
  Ensemble ensemble(comm, particles, 2, 8);
  fill_normals(ensemble.x, Random(5, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i) {
    const bool left = (ensemble.partition.first_particle() + i) % 4 != 0;
    for (int c = 0; c < 2; ++c) ensemble.x(c, i) = (left ? 0.5 : 1) * ensemble.x(c, i);
    ensemble.x(0, i) += left ? -3 : 3;
    ensemble.x(1, i) += left ? 0 : 1;
  }
  return ensemble;
}

Real gaussian(const Real* x, Real m0, Real m1, Real s) {
  return std::exp(-((x[0] - m0) * (x[0] - m0) + (x[1] - m1) * (x[1] - m1)) / (2 * s * s)) /
         (2 * M_PI * s * s);
}

DensityOptions mixture(Index components) {
  DensityOptions options;
  options.kind = GaussianMixtureOptions{components, 200, 1e-8};
  return options;
}
DensityOptions kernel() {
  DensityOptions options;
  options.kind = KernelDensityOptions{};
  return options;
}

TEST(Density, AMixtureFindsTheGaussiansItWasDrawnFrom) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = two_clusters(self, 8000);
  const auto density = fit_density(mixture(2), ensemble, 1, 0);
  Vector<Real> values("values", 8000);
  density->log_density(ensemble.partition, ensemble.x, values);
  Real difference = 0;
  for (Index i = 0; i < 8000; ++i) {
    const Real* x = &ensemble.x(0, i);
    difference +=
        std::fabs(values(i) - std::log(0.75 * gaussian(x, -3, 0, 0.5) + 0.25 * gaussian(x, 3, 1, 1))) / 8000;
  }
  EXPECT_LT(difference, 0.03);
}

// The score is the gradient of the log-density, for both estimators.
TEST(Density, ScoresAreGradients) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = two_clusters(self, 203);
  for (const auto& options : {mixture(3), kernel()}) {
    const auto density = fit_density(options, ensemble, 1, 0);
    Matrix<Real> scores("scores", 2, 203), moved("moved", 2, 203);
    density->score(ensemble.partition, ensemble.x, scores);
    const Real h = 1e-5;
    for (int c = 0; c < 2; ++c) {
      Vector<Real> up("up", 203), down("down", 203);
      Kokkos::deep_copy(moved, ensemble.x);
      for (Index i = 0; i < 203; ++i) moved(c, i) += h;
      density->log_density(ensemble.partition, moved, up);
      for (Index i = 0; i < 203; ++i) moved(c, i) -= 2 * h;
      density->log_density(ensemble.partition, moved, down);
      for (Index i = 0; i < 203; ++i)
        EXPECT_NEAR(scores(c, i), (up(i) - down(i)) / (2 * h), 1e-5 * (1 + std::fabs(scores(c, i))));
    }
  }
}

TEST(Density, FewPointsGetFewerComponentsAndThisIsReported) {
  const auto ensemble = two_clusters(Communicator(MPI_COMM_SELF), 30);
  const auto remarks = fit_density(mixture(10), ensemble, 1, 0)->remarks();
  ASSERT_FALSE(remarks.empty());
  EXPECT_EQ(remarks[0], "3 components instead of 10, so that each has at least 5 d = 10 of the 30 points");
}

TEST(Density, ScalesWithTheData) {
  const Communicator self(MPI_COMM_SELF);
  const auto ensemble = two_clusters(self, 200);
  Ensemble large = two_clusters(self, 200);
  for (Index i = 0; i < 200; ++i)
    for (int c = 0; c < 2; ++c) large.x(c, i) *= 1024;
  Matrix<Real> scores("scores", 2, 200), large_scores("large_scores", 2, 200);
  fit_density(mixture(3), ensemble, 1, 0)->score(ensemble.partition, ensemble.x, scores);
  fit_density(mixture(3), large, 1, 0)->score(large.partition, large.x, large_scores);
  for (Index i = 0; i < 200; ++i)
    EXPECT_NEAR(1024 * large_scores(0, i), scores(0, i), 1e-6 * (1 + std::fabs(scores(0, i))));
}

TEST(DensityParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const auto spread = two_clusters(comm, 203), whole = two_clusters(self, 203);
  for (const auto& options : {mixture(4), kernel()}) {
    Matrix<Real> scores("scores", 2, spread.partition.local_particles()), all("all", 2, 203);
    fit_density(options, spread, 1, 0)->score(spread.partition, spread.x, scores);
    fit_density(options, whole, 1, 0)->score(whole.partition, whole.x, all);
    for (Index i = 0; i < spread.partition.local_particles(); ++i)
      for (int c = 0; c < 2; ++c) EXPECT_EQ(scores(c, i), all(c, spread.partition.first_particle() + i));
  }
}

TEST(DensityParallel, OnePointHasNone) {
  const Communicator comm;
  const Ensemble point(comm, 40, 2, 8);
  EXPECT_THROW(fit_density(mixture(2), point, 1, 0), RunError);
  EXPECT_THROW(fit_density(kernel(), point, 1, 0), RunError);
}

}  // namespace
}  // namespace weir
