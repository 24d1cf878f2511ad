// Normal ensembles of covariances at the edge: singular, nearly so, and diagonal with zeros.
#include "weir/ensemble/InitialEnsemble.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {
namespace {

InitialOptions normal(const std::vector<std::vector<Real>>& covariance, Index particles) {
  InitialOptions options;
  options.particles = particles;
  options.dimension = Index(covariance.size());
  NormalOptions law;
  law.covariance.rows = covariance;
  options.law = law;
  options.where = "initial";
  return options;
}

// Valid, though rounding makes pivots that are 0 a little negative or positive.
TEST(InitialEnsemble, SingularCovariancesAreTaken) {
  const Communicator self(MPI_COMM_SELF);
  const std::vector<std::vector<std::vector<Real>>> covariances{
      {{0.3, 0.3, 0.3}, {0.3, 0.3, 0.3}, {0.3, 0.3, 0.3}},
      {{0.1, 0.1, 0.2}, {0.1, 0.1, 0.2}, {0.2, 0.2, 0.4}},
      {{0, 0, 0}, {0, 1, 0.5}, {0, 0.5, 2}},
      {{1e-20, 0, 0}, {0, 1, 0.7}, {0, 0.7, 0.49}},
      {{1, 1 / 3., 0}, {1 / 3., 1 / 9., 0}, {0, 0, 0}},
      {{1e16, 1e8, 0}, {1e8, 1, 0}, {0, 0, 1}}};
  for (const auto& covariance : covariances) {
    const auto ensemble = make_ensemble(normal(covariance, 20000), self, 64, 3);
    Moments moments(self, ensemble.partition, 3);
    const auto& found = moments.covariance(ensemble.x);
    for (Index a = 0; a < 3; ++a)
      for (Index b = 0; b < 3; ++b)
        EXPECT_NEAR(found[3 * a + b], covariance[a][b],
                    0.03 * std::sqrt(covariance[a][a] * covariance[b][b]) + 1e-30)
            << a << " " << b;
  }
  // Along one direction: all components are equal.
  const auto line = make_ensemble(normal(covariances[0], 100), self, 64, 3);
  for (Index i = 0; i < 100; ++i) EXPECT_NEAR(line.x(0, i), line.x(2, i), 1e-15);
}

// Positive definite, with eigenvalues down to rounding: small pivots come early in natural order.
TEST(InitialEnsemble, KernelMatricesAreTaken) {
  const Communicator self(MPI_COMM_SELF);
  for (const Index n : {30, 60}) {
    std::vector<std::vector<Real>> kernel(n, std::vector<Real>(n));
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) kernel[i][j] = std::exp(-Real((i - j) * (i - j)) / 800);
    const auto ensemble = make_ensemble(normal(kernel, 5000), self, 64, 3);
    Moments moments(self, ensemble.partition, n);
    const auto& found = moments.covariance(ensemble.x);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) EXPECT_NEAR(found[n * i + j], kernel[i][j], 0.08) << i << " " << j;
  }
}

TEST(InitialEnsemble, RoundingIsNoAsymmetry) {
  const Communicator self(MPI_COMM_SELF);
  EXPECT_NO_THROW(make_ensemble(normal({{1, 1e-17}, {2e-17, 1}}, 10), self, 64, 3));
  EXPECT_THROW(make_ensemble(normal({{1, 1e-3}, {2e-3, 1}}, 10), self, 64, 3), InputError);
}

TEST(InitialEnsemble, IndefiniteCovariancesAreRefused) {
  const Communicator self(MPI_COMM_SELF);
  const std::vector<std::vector<std::vector<Real>>> covariances{
      {{0, 1}, {1, 1}}, {{1, 2}, {2, 1}}, {{1, 1}, {1, 0.999}}, {{-1, 0}, {0, 1}}, {{1, 0}, {0, -1e-9}}};
  for (const auto& covariance : covariances)
    EXPECT_THROW(make_ensemble(normal(covariance, 10), self, 64, 3), InputError);
}

}  // namespace
}  // namespace weir
