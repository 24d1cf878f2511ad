// The dense factorisations of LAPACK that Weir uses, on column-major matrices. Not collective: where results
// decide something that all ranks must agree on, compute on rank 0 and broadcast.
#pragma once

#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

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

}  // namespace weir
