// Mean and covariance of an ensemble.
//
//     m = (1/N) sum_i x_i,    S = (1/N) sum_i (x_i - m)(x_i - m)'
#pragma once

#include <vector>

#include "weir/parallel/TileSum.hpp"

namespace weir {

class Moments {
 public:
  Moments(const Communicator& comm, const Partition& partition, Index components);

  /// Collective: m, one entry per component. Valid until the next call.
  const std::vector<Real>& mean(const MatrixRef<const Real>& x);
  /// Collective: S, row-major components x components; computes mean() first. Valid until the next call.
  const std::vector<Real>& covariance(const MatrixRef<const Real>& x);
  /// Collective: tr S / d.
  Real mean_variance(const MatrixRef<const Real>& x);
  const std::vector<Real>& last_mean() const { return mean_; }

 private:
  Index particles_, components_;
  LocalTiles tiles_;
  TileSum first_, second_;
  std::vector<Real> mean_, covariance_;
  Vector<Real> centre_;
};

}  // namespace weir
