#include "energies/QuarticInteraction.hpp"

namespace weir {

namespace {

using HostVector = Kokkos::View<const Real*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// |x_i - mean|^2
KOKKOS_INLINE_FUNCTION Real square_from(const Vector<Real>& mean, const MatrixRef<const Real>& x, Index i) {
  Real square = 0;
  for (Index c = 0; c < Index(x.extent(0)); ++c) square += (x(c, i) - mean(c)) * (x(c, i) - mean(c));
  return square;
}

}  // namespace

QuarticInteraction::QuarticInteraction(const Communicator& comm, const Partition& partition, Index dimension,
                                       const Coefficients& coefficients)
    : MomentInteraction(partition),
      particles_(partition.particles()),
      coefficients_(coefficients),
      moments_(comm, partition, dimension),
      third_(comm, partition, dimension + 1),
      mean_("Weir::QuarticInteraction::mean", dimension),
      skew_("Weir::QuarticInteraction::skew", dimension),
      covariance_("Weir::QuarticInteraction::covariance", dimension, dimension) {}

void QuarticInteraction::find_moments(const MatrixRef<const Real>& x, Real) {
  const Index d = Index(x.extent(0));
  const auto& covariance = moments_.covariance(x);
  Kokkos::deep_copy(mean_, HostVector(moments_.last_mean().data(), d));
  Kokkos::deep_copy(covariance_,
                    Kokkos::View<const Real**, Kokkos::LayoutLeft, Kokkos::HostSpace,
                                 Kokkos::MemoryTraits<Kokkos::Unmanaged>>(covariance.data(), d, d));
  trace_ = trace_of_square_ = 0;
  for (Index a = 0; a < d; ++a) trace_ += covariance[a * d + a];
  for (Real entry : covariance) trace_of_square_ += entry * entry;
  const auto mean = mean_;
  const auto& sums = third_(
      "Weir::QuarticInteraction::moments", "the ensemble's fourth moments",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          const Real square = square_from(mean, x, i);
          for (Index c = 0; c < d; ++c) partial[c] += square * (x(c, i) - mean(c));
          partial[d] += square * square;
        }
      });
  const auto skew = Kokkos::create_mirror_view(skew_);
  for (Index c = 0; c < d; ++c) skew(c) = sums[c] / Real(particles_);
  Kokkos::deep_copy(skew_, skew);
  fourth_ = sums[d] / Real(particles_);
}

void QuarticInteraction::add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real factor,
                                         const MatrixRef<Real>& out) {
  const Real q = 4 * factor * coefficients_.quartic, p = 2 * factor * coefficients_.quadratic, trace = trace_;
  const auto mean = mean_, skew = skew_;
  const auto covariance = covariance_;
  const Index d = Index(x.extent(0));
  for_each_tile(
      "Weir::QuarticInteraction::gradient", tiles, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          const Real stiffness = q * (square_from(mean, x, i) + trace) + p;
          for (Index c = 0; c < d; ++c) {
            Real bent = 0;
            for (Index a = 0; a < d; ++a) bent += covariance(c, a) * (x(a, i) - mean(a));
            out(c, i) += stiffness * (x(c, i) - mean(c)) + q * (2 * bent - skew(c));
          }
        }
      });
}

Real QuarticInteraction::energy(const MatrixRef<const Real>& x, Real t) {
  find_moments(x, t);
  return coefficients_.quartic * (fourth_ + trace_ * trace_ + 2 * trace_of_square_) +
         coefficients_.quadratic * trace_ + 0.5 * coefficients_.constant;
}

}  // namespace weir
