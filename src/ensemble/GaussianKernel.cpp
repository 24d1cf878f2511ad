#include "weir/ensemble/GaussianKernel.hpp"

#include <cmath>

namespace weir {

Real gaussian_kernel_peak(Index dimension, Real bandwidth) {
  return std::pow(2 * M_PI * bandwidth * bandwidth, -0.5 * Real(dimension));
}

Real silverman_bandwidth(Index particles, Index dimension, Real mean_variance) {
  const Real d = Real(dimension);
  return std::pow(4 / ((d + 2) * Real(particles)), 1 / (d + 4)) * std::sqrt(mean_variance);
}

}  // namespace weir
