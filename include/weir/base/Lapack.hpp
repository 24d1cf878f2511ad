<<<<<<< HEAD
// Small dense linear algebra, by LAPACK. Matrices are symmetric or row-major; nothing here is collective.
=======
// The dense factorisations of LAPACK that Weir uses, on column-major matrices. Not collective: where results
// decide something that all ranks must agree on, compute on rank 0 and broadcast.
>>>>>>> transport
#pragma once

#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

<<<<<<< HEAD
struct SymmetricEigen {
  std::vector<Real> values;   ///< ascending
  std::vector<Real> vectors;  ///< eigenvector k is vectors[k n .. (k + 1) n)
};

/// Eigenvalues and orthonormal eigenvectors of a symmetric n x n matrix. Throws LibraryError where LAPACK fails.
SymmetricEigen symmetric_eigen(std::vector<Real> matrix, Index n);

/// Lower Cholesky factor L (row-major, zeros above the diagonal) with L L' = matrix; empty where the matrix is not
/// positive definite to working precision.
std::vector<Real> cholesky(std::vector<Real> matrix, Index n);

/// Solves L L' x = b in place for `count` right-hand sides, each contiguous.
void cholesky_solve(const std::vector<Real>& factor, Index n, Real* b, Index count);

/// C += A A' for column-major A (n x k): the Gram matrix of k columns; only C's lower triangle (i >= j at C[i + j n])
/// is updated.
void add_gram(Index n, Index k, const Real* a, Real* c);
=======
/// A = L L': on return the lower triangle of `a` (n x n) holds L, the rest is untouched.
/// Throws RunError, naming the pivot, where A is not positive definite.
void cholesky(Index n, Real* a);
/// Solves A X = B with the L of `cholesky`; `b` (n x columns) becomes X.
void cholesky_solve(Index n, const Real* l, Index columns, Real* b);

/// A = Q diag(w) Q' of the symmetric A whose lower triangle `a` (n x n) holds: returns w, ascending; the
/// columns of `a` become Q.
std::vector<Real> symmetric_eigen(Index n, Real* a);

/// Singular values, descending, of `a` (rows x columns), which is overwritten.
std::vector<Real> singular_values(Index rows, Index columns, Real* a);
>>>>>>> transport

}  // namespace weir
