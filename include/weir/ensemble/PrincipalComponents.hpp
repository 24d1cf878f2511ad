// Principal components of an ensemble: its mean, and the directions in which it varies most.
//
//     S = (1/N) sum_i (x_i - m)(x_i - m)' = sum_k l_k u_k u_k',   l_0 >= l_1 >= ..,    score_k(x) = u_k'(x -
//     m)
#pragma once

#include <vector>

#include "weir/ensemble/Ensemble.hpp"

namespace weir {

struct PrincipalComponents {
  std::vector<Real> mean;       ///< m
  std::vector<Real> variances;  ///< l_k, descending, those kept
  std::vector<Real>
      vectors;    ///< u_k at [k d, (k + 1) d); of two signs, the one whose largest entry is positive
  Real rest = 0;  ///< sum of the variances that are not kept

  Index components() const { return Index(mean.size()); }
  Index kept() const { return Index(variances.size()); }
};

/// Collective: the first `most` of them, the same on any number of ranks. S is whole on every rank: d^2
/// numbers.
PrincipalComponents principal_components(const Ensemble& ensemble, Index most);

/// Collective: mean and covariance (row-major) alone, without a copy of it for every tile.
struct MeanAndCovariance {
  std::vector<Real> mean, covariance;
};
MeanAndCovariance mean_and_covariance(const Ensemble& ensemble);

/// Not collective: scores of particles (components x particles) on `kept` directions, and back:
/// m + sum_k score_k u_k. What comes back has host memory's order: kept (or components) x particles.
Matrix<Real> scores_of(const PrincipalComponents& principal, const MatrixRef<const Real>& x);
Matrix<Real> from_scores(const PrincipalComponents& principal, const MatrixRef<const Real>& scores);

}  // namespace weir
