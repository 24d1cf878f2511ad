#include "weir/networks/Gemm.hpp"

#include <cblas.h>

#include <type_traits>

#include "weir/base/Error.hpp"
#include "weir/parallel/Counters.hpp"

// Where it is worth more than a BLAS: with fused multiply-adds, on hosts.
#if (defined(__AVX512F__) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)) && !defined(__CUDACC__)
#define WEIR_TILE_GEMM 1
#include "networks/TileGemm.hpp"
#else
#define WEIR_TILE_GEMM 0
#endif

namespace weir {

namespace {

CBLAS_TRANSPOSE cblas_op(Op op) {
  return op == Op::none ? CblasNoTrans : CblasTrans;
}
[[maybe_unused]] void cblas_gemm(Op op_a, Op op_b, Index m, Index n, Index k, float alpha, const float* a,
                                 Index lda, const float* b, Index ldb, float beta, float* c, Index ldc) {
  cblas_sgemm(CblasColMajor, cblas_op(op_a), cblas_op(op_b), int(m), int(n), int(k), alpha, a, int(lda), b,
              int(ldb), beta, c, int(ldc));
}
[[maybe_unused]] void cblas_gemm(Op op_a, Op op_b, Index m, Index n, Index k, double alpha, const double* a,
                                 Index lda, const double* b, Index ldb, double beta, double* c, Index ldc) {
  cblas_dgemm(CblasColMajor, cblas_op(op_a), cblas_op(op_b), int(m), int(n), int(k), alpha, a, int(lda), b,
              int(ldb), beta, c, int(ldc));
}

/// Where memory is a device's: an entry a thread, until a device library takes its place.
template <class T>
void kernel_gemm(Op op_a, Op op_b, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b,
                 Index ldb, T beta, T* c, Index ldc) {
  const bool a_as_is = op_a == Op::none, b_as_is = op_b == Op::none;
  Kokkos::parallel_for(
      "Weir::gemm", Range(0, m * n), KOKKOS_LAMBDA(Index entry) {
        const Index i = entry % m, j = entry / m;
        T sum = 0;
        for (Index l = 0; l < k; ++l)
          sum += (a_as_is ? a[i + l * lda] : a[l + i * lda]) * (b_as_is ? b[l + j * ldb] : b[j + l * ldb]);
        T& to = c[i + j * ldc];
        to = beta == 0 ? alpha * sum : alpha * sum + beta * to;
      });
}

template <class T>
void scale(Index m, Index n, T beta, T* c, Index ldc) {
  Kokkos::parallel_for(
      "Weir::gemm::scale", Range(0, n), KOKKOS_LAMBDA(Index j) {
        for (Index i = 0; i < m; ++i) c[i + j * ldc] = beta == 0 ? T(0) : beta * c[i + j * ldc];
      });
}

template <class T>
void any_gemm(Op op_a, Op op_b, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b,
              Index ldb, T beta, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  counters().flops += 2 * m * n * k;
  if (k == 0) return scale(m, n, beta, c, ldc);
  if constexpr (!kernels_on_host) kernel_gemm(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#if WEIR_TILE_GEMM
  else
    tile_gemm::multiply_all(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#else
  else
    cblas_gemm(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#endif
}

template <class T>
void gemm_of_views(Op op_a, Op op_b, T alpha, const MatrixRef<const T>& a, const MatrixRef<const T>& b,
                   T beta, const MatrixRef<T>& c) {
  const Index m = Index(c.extent(0)), n = Index(c.extent(1));
  const Index k = Index(op_a == Op::none ? a.extent(1) : a.extent(0));
  WEIR_CHECK(Index(op_a == Op::none ? a.extent(0) : a.extent(1)) == m &&
                 Index(op_b == Op::none ? b.extent(0) : b.extent(1)) == k &&
                 Index(op_b == Op::none ? b.extent(1) : b.extent(0)) == n,
             "{} x {} and {} x {} to {} x {}", a.extent(0), a.extent(1), b.extent(0), b.extent(1), m, n);
  gemm(op_a, op_b, m, n, k, alpha, a.data(), Index(a.stride(1)), b.data(), Index(b.stride(1)), beta, c.data(),
       Index(c.stride(1)));
}

}  // namespace

bool gemm_columns_are_independent() {
  return WEIR_TILE_GEMM;
}

void gemm(Op op_a, Op op_b, Index m, Index n, Index k, float alpha, const float* a, Index lda, const float* b,
          Index ldb, float beta, float* c, Index ldc) {
  any_gemm(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(Op op_a, Op op_b, Index m, Index n, Index k, double alpha, const double* a, Index lda,
          const double* b, Index ldb, double beta, double* c, Index ldc) {
  any_gemm(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void gemm(Op op_a, Op op_b, float alpha, const MatrixRef<const float>& a, const MatrixRef<const float>& b,
          float beta, const MatrixRef<float>& c) {
  gemm_of_views(op_a, op_b, alpha, a, b, beta, c);
}
void gemm(Op op_a, Op op_b, double alpha, const MatrixRef<const double>& a, const MatrixRef<const double>& b,
          double beta, const MatrixRef<double>& c) {
  gemm_of_views(op_a, op_b, alpha, a, b, beta, c);
}

}  // namespace weir
