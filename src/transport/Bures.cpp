#include "weir/transport/Bures.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"

namespace weir {

namespace {

/// F with F F' = S: the columns are eigenvectors times the roots of their eigenvalues, each contiguous.
std::vector<Real> factor(const std::vector<Real>& covariance, Index d) {
  auto eigen = symmetric_eigen(covariance, d);
  for (Index k = 0; k < d; ++k) {
    const Real root = std::sqrt(std::max(eigen.values[k], Real(0)));
    for (Index i = 0; i < d; ++i) eigen.vectors[k * d + i] *= root;
  }
  return eigen.vectors;
}

}  // namespace

GaussianMoments moments_of(Points points) {
  WEIR_CHECK(points.count > 0, "moments of no points");
  const Index d = points.dimension;
  GaussianMoments moments{std::vector<Real>(d), std::vector<Real>(d * d)};
  for (Index i = 0; i < points.count; ++i)
    for (Index k = 0; k < d; ++k) moments.mean[k] += points[i][k];
  for (Real& mean : moments.mean) mean /= Real(points.count);
  for (Index i = 0; i < points.count; ++i)
    for (Index k = 0; k < d; ++k)
      for (Index l = 0; l < d; ++l)
        moments.covariance[k + l * d] += (points[i][k] - moments.mean[k]) * (points[i][l] - moments.mean[l]);
  for (Real& entry : moments.covariance) entry /= Real(points.count);
  return moments;
}

/// With S0 = F0 F0', S1 = F1 F1', the trace of (S0^1/2 S1 S0^1/2)^1/2 is the sum of the singular values of
/// F0' F1.
Real bures_wasserstein_squared(const GaussianMoments& a, const GaussianMoments& b) {
  const Index d = Index(a.mean.size());
  WEIR_CHECK(Index(b.mean.size()) == d && Index(a.covariance.size()) == d * d &&
                 b.covariance.size() == a.covariance.size(),
             "moments of {} and {} components, covariances of {} and {} entries", d, b.mean.size(),
             a.covariance.size(), b.covariance.size());
  Real shift = 0, traces = 0;
  for (Index k = 0; k < d; ++k) {
    shift += (a.mean[k] - b.mean[k]) * (a.mean[k] - b.mean[k]);
    traces += a.covariance[k + k * d] + b.covariance[k + k * d];
  }
  const auto f0 = factor(a.covariance, d), f1 = factor(b.covariance, d);
  std::vector<Real> product(d * d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < d; ++j)
      for (Index k = 0; k < d; ++k) product[i * d + j] += f0[i * d + k] * f1[j * d + k];
  Real overlap = 0;
  for (const Real value : singular_values(std::move(product), d)) overlap += value;
  return shift + std::max(traces - 2 * overlap, Real(0));
}

}  // namespace weir
