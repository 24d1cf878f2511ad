#include "weir/energies/BlobEnergy.hpp"

#include <cmath>

#include "weir/ensemble/GaussianKernel.hpp"

namespace weir {

BlobEnergy::BlobEnergy(const Communicator& comm, const Partition& partition, Index dimension,
                       Real coefficient, Real exponent, Real bandwidth, bool single)
    : particles_(partition.particles()),
      dimension_(dimension),
      coefficient_(coefficient),
      exponent_(exponent),
      bandwidth_(bandwidth),
      tiles_(partition.local()),
      total_(comm, partition, 1),
      density_("Weir::BlobEnergy::density", 1 + dimension, partition.local_particles()),
      weight_("Weir::BlobEnergy::weight", 1, partition.local_particles()),
      weighted_("Weir::BlobEnergy::weighted", dimension, partition.local_particles()) {
  WEIR_CHECK(bandwidth > 0, "bandwidth {}", bandwidth);
  if (single) {
    single_ = std::make_unique<PairSum<float>>(comm, partition, partition, dimension);
    weighted_single_ = std::make_unique<PairSum<float>>(comm, partition, partition, dimension, 1);
  } else {
    double_ = std::make_unique<PairSum<double>>(comm, partition, partition, dimension);
    weighted_double_ = std::make_unique<PairSum<double>>(comm, partition, partition, dimension, 1);
  }
}

BlobEnergy::~BlobEnergy() = default;

template <class T>
void BlobEnergy::density_and_slope(PairSum<T>& pairs, const MatrixRef<const Real>& x) {
  pairs("Weir::BlobEnergy::density", GaussianDensity{1 / (bandwidth_ * bandwidth_)}, x, x, {}, density_);
  // K(0) / N turns the kernel's sums into u and its gradient.
  const Real scale = gaussian_kernel_peak(dimension_, bandwidth_) / Real(particles_);
  const auto density = density_;
  const Index rows = 1 + dimension_;
  for_each_tile(
      "Weir::BlobEnergy::scale", tiles_, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index k = 0; k < rows; ++k) density(k, i) *= scale;
      });
}

template <class T>
void BlobEnergy::weighted_slope(PairSum<T>& pairs, const MatrixRef<const Real>& x) {
  pairs("Weir::BlobEnergy::slope", WeightedGaussianSlope{1 / (bandwidth_ * bandwidth_)}, x, x, weight_,
        weighted_);
}

void BlobEnergy::add_gradient(const MatrixRef<const Real>& x, Real factor, const MatrixRef<Real>& out) {
  single_ ? density_and_slope(*single_, x) : density_and_slope(*double_, x);
  const auto density = density_, weight = weight_, weighted = weighted_;
  const Real power = exponent_ - 2;
  // Weights relative to K(0)^p keep single precision in range.
  const Real unit = gaussian_kernel_peak(dimension_, bandwidth_);
  for_each_tile(
      "Weir::BlobEnergy::weight", tiles_, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          weight(0, i) = pow(density(0, i) / unit, power);
      });
  single_ ? weighted_slope(*weighted_single_, x) : weighted_slope(*weighted_double_, x);
  const Real scale = std::pow(unit, power), mean = unit / Real(particles_),
             strength = factor * coefficient_ * scale;
  const Index d = dimension_;
  for_each_tile(
      "Weir::BlobEnergy::gradient", tiles_, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c)
            out(c, i) += strength * (weight(0, i) * density(1 + c, i) + mean * weighted(c, i));
      });
}

Real BlobEnergy::energy(const MatrixRef<const Real>& x) {
  single_ ? density_and_slope(*single_, x) : density_and_slope(*double_, x);
  const auto density = density_;
  const Real m = exponent_;
  const Real sum = total_(
      "Weir::BlobEnergy::energy", "the internal energy", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          partial[0] += m == 1 ? log(density(0, i)) : pow(density(0, i), m - 1) / (m - 1);
      })[0];
  return coefficient_ * sum / Real(particles_);
}

}  // namespace weir
