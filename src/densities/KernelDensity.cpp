#include "densities/KernelDensity.hpp"

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/GaussianKernel.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {

KernelDensity::KernelDensity(const KernelDensityOptions& options, const Ensemble& ensemble)
    : ensemble_(ensemble) {
  if (options.bandwidth) {
    bandwidth_ = *options.bandwidth;
    return;
  }
  const Real variance =
      Moments(ensemble.comm, ensemble.partition, ensemble.components()).mean_variance(ensemble.x);
  if (!(variance > 0))
    throw RunError("a kernel density needs an ensemble with some spread; all its particles are at one point");
  bandwidth_ = silverman_bandwidth(ensemble.particles(), ensemble.components(), variance);
}

Matrix<Real> KernelDensity::kernel_sums(const Partition& partition, const MatrixRef<const Real>& x) const {
  const Index d = ensemble_.components();
  const Matrix<Real> sums("Weir::KernelDensity::sums", 1 + d, partition.local_particles());
  PairSum<double> pairs(ensemble_.comm, partition, ensemble_.partition, d);
  pairs("Weir::KernelDensity", GaussianDensity{1 / (bandwidth_ * bandwidth_)}, x, ensemble_.x, {}, sums);
  return sums;
}

void KernelDensity::score(const Partition& partition, const MatrixRef<const Real>& x,
                          const MatrixRef<Real>& scores) {
  const auto sums = kernel_sums(partition, x);
  const Index d = ensemble_.components();
  for_each_tile(
      "Weir::KernelDensity::score", partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) scores(c, i) = sums(1 + c, i) / sums(0, i);
      });
}

void KernelDensity::log_density(const Partition& partition, const MatrixRef<const Real>& x,
                                const VectorRef<Real>& values) {
  const auto sums = kernel_sums(partition, x);
  const Real unit = gaussian_kernel_peak(ensemble_.components(), bandwidth_) / Real(ensemble_.particles());
  for_each_tile(
      "Weir::KernelDensity::log_density", partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) values(i) = log(unit * sums(0, i));
      });
}

std::vector<std::string> KernelDensity::remarks() const {
  return {fmt::format("Gaussian kernel of bandwidth {:.4g}", bandwidth_)};
}

}  // namespace weir
