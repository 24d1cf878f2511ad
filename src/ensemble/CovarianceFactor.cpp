#include "ensemble/CovarianceFactor.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

Real rounding_of(Index n) {
  return 16 * Real(n) * std::numeric_limits<Real>::epsilon();
}

/// The geometric mean of two variances.
Real size_of(const std::vector<Real>& s, Index n, Index i, Index j) {
  return std::sqrt(std::max(s[i * n + i], Real(0))) * std::sqrt(std::max(s[j * n + j], Real(0)));
}

void check_symmetric(const std::vector<Real>& s, Index n, const std::string& where) {
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j) {
      const Real below = s[i * n + j], above = s[j * n + i];
      const Real size = std::max({std::fabs(below), std::fabs(above), size_of(s, n, i, j)});
      if (std::fabs(below - above) > 1e-12 * size)
        throw InputError(where, fmt::format("is not symmetric: entry ({}, {}) is {} and entry ({}, {}) is {}",
                                            j, i, above, i, j, below));
    }
}

bool is_diagonal(const std::vector<Real>& s, Index n) {
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      if (i != j && s[i * n + j] != 0) return false;
  return true;
}

}  // namespace

CovarianceFactor::CovarianceFactor(const std::vector<Real>& s, Index n, const std::string& where)
    : n_(n), factor_(std::size_t(n * n), 0) {
  const auto refuse = [&] {
    throw InputError(where, "is not positive semidefinite; a covariance has no negative eigenvalue");
  };
  if (is_diagonal(s, n)) {
    for (Index i = 0; i < n; ++i) {
      if (!(s[i * n + i] >= 0)) refuse();
      factor_[i * n + i] = std::sqrt(s[i * n + i]);
    }
  } else {
    check_symmetric(s, n, where);
    factorise(s);
    if (!is_factor_of(s)) factorise_pivoted(s);
    if (!is_factor_of(s)) refuse();
  }
  find_rows();
}

void CovarianceFactor::factorise(const std::vector<Real>& s) {
  const Real rounding = rounding_of(n_);
  for (Index j = 0; j < n_; ++j)
    for (Index i = j; i < n_; ++i) {
      Real value = s[i * n_ + j];
      for (Index k = 0; k < j; ++k) value -= factor_[i * n_ + k] * factor_[j * n_ + k];
      const Real pivot = factor_[j * n_ + j];
      if (i > j) factor_[i * n_ + j] = pivot > 0 ? value / pivot : 0;
      if (i == j && value > rounding * s[j * n_ + j]) factor_[j * n_ + j] = std::sqrt(value);
    }
}

/// Column k is of the component with the largest variance that is left, the first of several; none are left
/// when all are rounding.
void CovarianceFactor::factorise_pivoted(const std::vector<Real>& s) {
  std::fill(factor_.begin(), factor_.end(), 0);
  std::vector<Real> left(n_);
  for (Index i = 0; i < n_; ++i) left[i] = s[i * n_ + i];
  const Real least = rounding_of(n_) * *std::max_element(left.begin(), left.end());
  std::vector<bool> is_done(n_, false);
  for (Index k = 0; k < n_; ++k) {
    Index p = -1;
    for (Index i = 0; i < n_; ++i)
      if (!is_done[i] && (p < 0 || left[i] > left[p])) p = i;
    if (!(left[p] > least)) return;
    is_done[p] = true;
    const Real pivot = std::sqrt(left[p]);
    factor_[p * n_ + k] = pivot;
    for (Index i = 0; i < n_; ++i) {
      if (is_done[i]) continue;
      Real value = s[i * n_ + p];
      for (Index m = 0; m < k; ++m) value -= factor_[i * n_ + m] * factor_[p * n_ + m];
      factor_[i * n_ + k] = value / pivot;
      left[i] -= factor_[i * n_ + k] * factor_[i * n_ + k];
    }
  }
}

/// For a semidefinite S, columns left out are no longer than the roots of what their pivots may be.
bool CovarianceFactor::is_factor_of(const std::vector<Real>& s) const {
  const Real tolerance = std::sqrt(rounding_of(n_));
  for (Index i = 0; i < n_; ++i)
    for (Index j = 0; j <= i; ++j) {
      Real product = 0;
      for (Index k = 0; k < n_; ++k) product += factor_[i * n_ + k] * factor_[j * n_ + k];
      if (!(std::fabs(product - s[i * n_ + j]) <= tolerance * size_of(s, n_, i, j))) return false;
    }
  return true;
}

void CovarianceFactor::find_rows() {
  first_.assign(n_, 0);
  last_.assign(n_, 0);
  for (Index a = 0; a < n_; ++a) {
    const auto begin = factor_.begin() + a * n_, end = begin + n_;
    const auto is_there = [](Real value) { return value != 0; };
    first_[a] = std::find_if(begin, end, is_there) - begin;
    const auto backwards =
        std::find_if(std::make_reverse_iterator(end), std::make_reverse_iterator(begin), is_there);
    last_[a] = std::max(first_[a], Index(backwards.base() - begin));
    if (first_[a] == n_) first_[a] = last_[a] = 0;
  }
}

}  // namespace weir
