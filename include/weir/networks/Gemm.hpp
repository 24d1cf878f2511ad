// The matrix product that networks are made of.
//
//     C = alpha op(A) op(B) + beta C        column-major; op: as it is, or transposed
//
// On the host it runs in Weir's own kernel, compiled for the processor at hand: an entry of C is one chain of
// fused multiply-adds in the order of k (in blocks of 128), so it depends neither on the other columns nor on
// who multiplies. OpenBLAS picks its kernels by the processor's model number at start and falls back to those
// of 2004 where it does not know it (0.3.21 on Emerald Rapids: 20 instead of 150 Gflop/s in single
// precision); it is used where Weir is compiled for a processor without fused multiply-adds (packages). This
// header is the one place to bring in another library.
#pragma once

#include "weir/base/Types.hpp"

namespace weir {

enum class Op { none, transpose };

/// c (m x n) = alpha op_a(a) op_b(b) + beta c with inner dimension k; beta = 0 overwrites c, whatever it
/// held. Leading dimensions are those of the matrices as they are stored. Not collective; allocates nothing.
void gemm(Op op_a, Op op_b, Index m, Index n, Index k, float alpha, const float* a, Index lda, const float* b,
          Index ldb, float beta, float* c, Index ldc);
void gemm(Op op_a, Op op_b, Index m, Index n, Index k, double alpha, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc);

/// The same for views. Throws InternalError where the shapes do not fit.
void gemm(Op op_a, Op op_b, float alpha, const MatrixRef<const float>& a, const MatrixRef<const float>& b,
          float beta, const MatrixRef<float>& c);
void gemm(Op op_a, Op op_b, double alpha, const MatrixRef<const double>& a, const MatrixRef<const double>& b,
          double beta, const MatrixRef<double>& c);

/// Whether a column of C depends on nothing but A and its column of B; a BLAS may choose its way by n.
bool gemm_columns_are_independent();

}  // namespace weir
