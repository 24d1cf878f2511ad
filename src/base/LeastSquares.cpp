#include "weir/base/LeastSquares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"

namespace weir {

namespace {

constexpr Index most_named_directions = 50;

struct Gram {
  const std::vector<Real>& lower;
  Index n;
  Real operator()(Index i, Index j) const { return i >= j ? lower[i + j * (n + 1)] : lower[j + i * (n + 1)]; }
};

/// Gauss-Jordan elimination of the rows spanning the null space: each row gets a pivot that no other row has.
void sparsify(std::vector<std::vector<Real>>& rows) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::size_t best_row = r, best = 0;
    for (std::size_t row = r; row < rows.size(); ++row)
      for (std::size_t k = 0; k < rows[row].size(); ++k)
        if (std::fabs(rows[row][k]) > std::fabs(rows[best_row][best])) best_row = row, best = k;
    std::swap(rows[r], rows[best_row]);
    const Real pivot = rows[r][best];
    for (Real& value : rows[r]) value /= pivot;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (row == r) continue;
      const Real factor = rows[row][best];
      for (std::size_t k = 0; k < rows[row].size(); ++k) rows[row][k] -= factor * rows[r][k];
    }
  }
}

std::string direction_text(const std::vector<Real>& direction, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t k = 0; k < direction.size(); ++k) {
    if (std::fabs(direction[k]) < 1e-4) continue;
    const Real size = std::fabs(direction[k]);
    const std::string factor = std::fabs(size - 1) < 1e-4 ? "" : fmt::format("{:.4g} ", size);
    text += fmt::format("{}{}{}",
                        text.empty() ? (direction[k] < 0 ? "-" : "") : (direction[k] < 0 ? " - " : " + "),
                        factor, names[k]);
  }
  return text;
}

}  // namespace

LeastSquares solve_least_squares(const std::vector<Real>& lower, Index n, Real ridge,
                                 const std::vector<std::string>& names) {
  const Gram gram{lower, n};
  LeastSquares result;
  std::vector<Real> scale(n), scaled(n * n);
  for (Index k = 0; k < n; ++k) scale[k] = gram(k, k) > 0 ? std::sqrt(gram(k, k)) : 1;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) scaled[i * n + j] = gram(i, j) / (scale[i] * scale[j]);
  const auto eigen = symmetric_eigen(scaled, n);

  // Rounding of the Gram matrix hides eigenvalues below this.
  const Real threshold =
      10 * Real(n) * std::numeric_limits<Real>::epsilon() * std::max(eigen.values.back(), Real(0));
  const auto determined = [&](Index k) { return eigen.values[k] > threshold; };
  std::vector<std::vector<Real>> null;
  Real least = 0;
  for (Index k = n - 1; k >= 0; --k) {
    if (determined(k)) {
      ++result.rank;
      least = eigen.values[k];
    } else {
      std::vector<Real> direction(n);
      for (Index i = 0; i < n; ++i) direction[i] = eigen.vectors[k * n + i] / scale[i];
      null.push_back(std::move(direction));
    }
  }
  result.condition =
      least > 0 ? std::sqrt(eigen.values.back() / least) : std::numeric_limits<Real>::infinity();
  if (Index(null.size()) <= most_named_directions) {
    sparsify(null);
    for (const auto& direction : null) result.null_directions.push_back(direction_text(direction, names));
  } else {
    result.null_directions.push_back(fmt::format("{} directions, too many to name", null.size()));
  }

  result.theta.assign(n, 0);
  if (ridge > 0) {
    std::vector<Real> regularised(n * n);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) regularised[i * n + j] = gram(i, j) + (i == j ? ridge : 0);
    const auto factor = cholesky(std::move(regularised), n);
    if (factor.empty())
      throw RunError(
          fmt::format("the least-squares system of {} unknowns is singular to working precision even with "
                      "ridge {:g}; raise the ridge or "
                      "lower the number of features",
                      n, ridge));
    for (Index k = 0; k < n; ++k) result.theta[k] = -gram(n, k);
    cholesky_solve(factor, n, result.theta.data(), 1);
  } else {
    for (Index k = 0; k < n; ++k) {
      if (!determined(k)) continue;
      Real projection = 0;
      for (Index i = 0; i < n; ++i) projection -= eigen.vectors[k * n + i] * gram(n, i) / scale[i];
      for (Index i = 0; i < n; ++i)
        result.theta[i] += eigen.vectors[k * n + i] * projection / eigen.values[k] / scale[i];
    }
  }

  result.residual = gram(n, n);
  for (Index i = 0; i < n; ++i) {
    Real product = 2 * gram(n, i);
    for (Index j = 0; j < n; ++j) product += gram(i, j) * result.theta[j];
    result.residual += result.theta[i] * product;
  }
  return result;
}

}  // namespace weir
