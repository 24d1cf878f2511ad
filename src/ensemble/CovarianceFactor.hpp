// A factor A of a covariance S = A A', also of one that is singular.
//
// In an order of its own: a library's would depend on the processor. Cholesky's in natural order, where a
// variance that is 0 but for rounding, given the components before, leaves a zero column; where small pivots
// have spoilt that (kernel matrices), with the largest remaining variance first.
#pragma once

#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

class CovarianceFactor {
 public:
  /// `s`: n x n numbers. Throws InputError (key `where`) unless they are symmetric and positive semidefinite,
  /// both up to rounding: entries by 1e-12, eigenvalues by some 1e-7 of the variances. Not collective.
  CovarianceFactor(const std::vector<Real>& s, Index n, const std::string& where);

  /// start + (A z)_a
  Real add_row(Index a, const std::vector<Real>& z, Real start) const {
    for (Index b = first_[a]; b < last_[a]; ++b) start += factor_[a * n_ + b] * z[b];
    return start;
  }

 private:
  void factorise(const std::vector<Real>& s);
  void factorise_pivoted(const std::vector<Real>& s);
  bool is_factor_of(const std::vector<Real>& s) const;
  /// Where a row begins and ends that is not 0: of a diagonal S, at one entry.
  void find_rows();

  Index n_;
  std::vector<Real> factor_;
  std::vector<Index> first_, last_;
};

}  // namespace weir
