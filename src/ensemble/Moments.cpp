#include "weir/ensemble/Moments.hpp"

namespace weir {

namespace {
Index triangle(Index d) {
  return d * (d + 1) / 2;
}
}  // namespace

Moments::Moments(const Communicator& comm, const Partition& partition, Index components)
    : particles_(partition.particles()),
      components_(components),
      tiles_(partition.local()),
      first_(comm, partition, components),
      second_(comm, partition, triangle(components)),
      mean_(components),
      covariance_(components * components),
      centre_("Weir::Moments::centre", components) {}

const std::vector<Real>& Moments::mean(const MatrixRef<const Real>& x) {
  const Index d = components_;
  const auto& sums = first_(
      "Weir::Moments::mean", "the ensemble's mean", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = 0; i < tile.count; ++i)
          for (Index c = 0; c < d; ++c) partial[c] += x(c, tile.first + i);
      });
  for (Index c = 0; c < d; ++c) mean_[c] = sums[c] / Real(particles_);
  return mean_;
}

const std::vector<Real>& Moments::covariance(const MatrixRef<const Real>& x) {
  mean(x);
  const Index d = components_;
  const auto centre = centre_;
  Kokkos::View<const Real*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> host_mean(
      mean_.data(), d);
  Kokkos::deep_copy(centre, host_mean);
  const auto& sums = second_(
      "Weir::Moments::covariance", "the ensemble's covariance",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = 0; i < tile.count; ++i) {
          Index entry = 0;
          for (Index a = 0; a < d; ++a)
            for (Index b = 0; b <= a; ++b, ++entry)
              partial[entry] += (x(a, tile.first + i) - centre(a)) * (x(b, tile.first + i) - centre(b));
        }
      });
  Index entry = 0;
  for (Index a = 0; a < d; ++a)
    for (Index b = 0; b <= a; ++b, ++entry)
      covariance_[a * d + b] = covariance_[b * d + a] = sums[entry] / Real(particles_);
  return covariance_;
}

Real Moments::mean_variance(const MatrixRef<const Real>& x) {
  covariance(x);
  Real trace = 0;
  for (Index c = 0; c < components_; ++c) trace += covariance_[c * components_ + c];
  return trace / Real(components_);
}

}  // namespace weir
