// Small dense linear algebra, by LAPACK. Matrices are symmetric or row-major; nothing here is collective.
#pragma once

#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

struct SymmetricEigen {
  std::vector<Real> values;   ///< ascending
  std::vector<Real> vectors;  ///< eigenvector k is vectors[k n .. (k + 1) n)
};

/// Eigenvalues and orthonormal eigenvectors of a symmetric n x n matrix. Throws LibraryError where LAPACK
/// fails.
SymmetricEigen symmetric_eigen(std::vector<Real> matrix, Index n);

/// Singular values, descending, of a square matrix. Throws LibraryError where LAPACK fails.
std::vector<Real> singular_values(std::vector<Real> matrix, Index n);

/// Lower Cholesky factor L (row-major, zeros above the diagonal) with L L' = matrix; empty where the matrix
/// is not positive definite to working precision.
std::vector<Real> cholesky(std::vector<Real> matrix, Index n);

/// Solves L L' x = b in place for `count` right-hand sides, each contiguous.
void cholesky_solve(const std::vector<Real>& factor, Index n, Real* b, Index count);

/// C += A A' for column-major A (n x k): the Gram matrix of k columns; only C's lower triangle (i >= j at C[i
/// + j n]) is updated.
void add_gram(Index n, Index k, const Real* a, Real* c);

}  // namespace weir
