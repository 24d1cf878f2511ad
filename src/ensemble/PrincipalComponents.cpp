#include "weir/ensemble/PrincipalComponents.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/parallel/ExactSum.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

namespace {

Real largest_magnitude(const Ensemble& ensemble, const std::vector<Real>& mean) {
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
  Real largest = 0;
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < ensemble.components(); ++c)
      largest = std::max(largest, std::abs(x(c, i) - mean[std::size_t(c)]));
  return largest;
}

/// Tile by tile, added up as they come: d^2 numbers for each would not fit where d is that of an image.
std::vector<Real> covariance_about(const Ensemble& ensemble, const std::vector<Real>& mean) {
  const Index d = ensemble.components();
  const Real largest = largest_magnitude(ensemble, mean);
  ExactAccumulator sum(ensemble.comm, d * d);
  sum.start(largest * largest * Real(ensemble.partition.tile_size()));
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
  const HostMatrix<Real> centred("Weir::PrincipalComponents::centred", d, ensemble.partition.tile_size());
  const Matrix<Real> gram("Weir::PrincipalComponents::gram", d * d, 1);
  const auto host_gram = Kokkos::create_mirror_view(gram);
  const LocalTiles tiles = ensemble.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    Kokkos::fence();  // the sum before reads the same memory where the host reaches a device's
    for (Index i = 0; i < tile.count; ++i)
      for (Index c = 0; c < d; ++c) centred(c, i) = x(c, tile.first + i) - mean[std::size_t(c)];
    std::fill_n(host_gram.data(), d * d, Real(0));
    add_gram(d, tile.count, centred.data(), host_gram.data());
    Kokkos::deep_copy(gram, host_gram);
    sum.add(MatrixRef<const Real>(gram.data(), std::size_t(d * d), 1));
  }
  std::vector<Real> covariance(std::size_t(d * d));
  sum.finish(covariance.data(), "the covariance of an ensemble");
  for (Index b = 0; b < d; ++b)
    for (Index a = b; a < d; ++a)
      covariance[std::size_t(a * d + b)] = covariance[std::size_t(b * d + a)] =
          covariance[std::size_t(a + b * d)] / Real(ensemble.particles());
  return covariance;
}

}  // namespace

MeanAndCovariance mean_and_covariance(const Ensemble& ensemble) {
  const Index d = ensemble.components();
  WEIR_CHECK(ensemble.particles() > 0, "an ensemble without particles");
  const auto x = ensemble.x;
  TileSum first(ensemble.comm, ensemble.partition, d);
  std::vector<Real> mean = first(
      "Weir::PrincipalComponents::mean", "the mean of an ensemble",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) partial[c] += x(c, i);
      });
  for (Real& value : mean) value /= Real(ensemble.particles());
  auto covariance = covariance_about(ensemble, mean);
  return {std::move(mean), std::move(covariance)};
}

PrincipalComponents principal_components(const Ensemble& ensemble, Index most) {
  const Index d = ensemble.components(), kept = std::min(most, d);
  auto [mean, covariance] = mean_and_covariance(ensemble);
  PrincipalComponents found{mean, std::vector<Real>(std::size_t(kept)),
                            std::vector<Real>(std::size_t(kept * d)), 0};
  ensemble.comm.agree([&] {
    if (!ensemble.comm.is_root()) return;
    const SymmetricEigen eigen = symmetric_eigen(covariance, d);
    for (Index k = 0; k < d; ++k) {
      const Real variance = std::max(Real(0), eigen.values[std::size_t(d - 1 - k)]);
      if (k >= kept) {
        found.rest += variance;
        continue;
      }
      const Real* vector = &eigen.vectors[std::size_t((d - 1 - k) * d)];
      const Real* largest =
          std::max_element(vector, vector + d, [](Real a, Real b) { return std::abs(a) < std::abs(b); });
      const Real sign = *largest < 0 ? -1 : 1;
      found.variances[std::size_t(k)] = variance;
      for (Index c = 0; c < d; ++c) found.vectors[std::size_t(k * d + c)] = sign * vector[c];
    }
  });
  ensemble.comm.broadcast(found.variances);
  ensemble.comm.broadcast(found.vectors);
  found.rest = ensemble.comm.broadcast_value(found.rest);
  return found;
}

Matrix<Real> scores_of(const PrincipalComponents& principal, const MatrixRef<const Real>& x) {
  const Index d = principal.components(), kept = principal.kept(), count = Index(x.extent(1));
  const Matrix<Real> scores("Weir::PrincipalComponents::scores", kept, count);
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
  const auto to = Kokkos::create_mirror_view(scores);
  for (Index i = 0; i < count; ++i)
    for (Index k = 0; k < kept; ++k) {
      const Real* vector = &principal.vectors[std::size_t(k * d)];
      Real score = 0;
      for (Index c = 0; c < d; ++c) score += vector[c] * (from(c, i) - principal.mean[std::size_t(c)]);
      to(k, i) = score;
    }
  Kokkos::deep_copy(scores, to);
  return scores;
}

Matrix<Real> from_scores(const PrincipalComponents& principal, const MatrixRef<const Real>& scores) {
  const Index d = principal.components(), kept = principal.kept(), count = Index(scores.extent(1));
  const Matrix<Real> x("Weir::PrincipalComponents::x", d, count);
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), scores);
  const auto to = Kokkos::create_mirror_view(x);
  for (Index i = 0; i < count; ++i) {
    for (Index c = 0; c < d; ++c) to(c, i) = principal.mean[std::size_t(c)];
    for (Index k = 0; k < kept; ++k)
      for (Index c = 0; c < d; ++c) to(c, i) += from(k, i) * principal.vectors[std::size_t(k * d + c)];
  }
  Kokkos::deep_copy(x, to);
  return x;
}

}  // namespace weir
