// rho(x) = (1/N) sum_j K(x - x_j) with a Gaussian kernel, by pair sums.
#pragma once

#include "weir/densities/Density.hpp"
#include "weir/ensemble/PairSum.hpp"

namespace weir {

class KernelDensity : public Density {
 public:
  KernelDensity(const KernelDensityOptions& options, const Ensemble& ensemble);
  void score(const Partition& partition, const MatrixRef<const Real>& x,
             const MatrixRef<Real>& scores) override;
  void log_density(const Partition& partition, const MatrixRef<const Real>& x,
                   const VectorRef<Real>& values) override;
  std::vector<std::string> remarks() const override;

 private:
  /// Row 0: sum of K / K(0), rows 1..d: of its gradient.
  Matrix<Real> kernel_sums(const Partition& partition, const MatrixRef<const Real>& x) const;

  const Ensemble& ensemble_;
  Real bandwidth_;
};

}  // namespace weir
