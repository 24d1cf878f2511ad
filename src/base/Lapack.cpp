#include "weir/base/Lapack.hpp"

<<<<<<< HEAD
#include <cblas.h>

#include <algorithm>
=======
#include <algorithm>
#include <limits>
>>>>>>> transport

#include "weir/base/Error.hpp"

extern "C" {
<<<<<<< HEAD
void dsyev_(const char* job, const char* triangle, const int* n, double* a, const int* lda, double* w, double* work,
            const int* lwork, int* info);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
void dpotrs_(const char* triangle, const int* n, const int* count, const double* a, const int* lda, double* b, const int* ldb,
             int* info);
=======
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dpotrs_(const char* uplo, const int* n, const int* nrhs, const double* a, const int* lda, double* b,
             const int* ldb, int* info);
void dsyev_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* w,
            double* work, const int* lwork, int* info);
void dgesvd_(const char* jobu, const char* jobvt, const int* m, const int* n, double* a, const int* lda,
             double* s, double* u, const int* ldu, double* vt, const int* ldvt, double* work,
             const int* lwork, int* info);
>>>>>>> transport
}

namespace weir {

<<<<<<< HEAD
SymmetricEigen symmetric_eigen(std::vector<Real> matrix, Index n) {
  WEIR_CHECK(Index(matrix.size()) == n * n, "{} entries for n = {}", matrix.size(), n);
  SymmetricEigen result;
  result.values.resize(n);
  if (n == 0) return result;
  const int order = int(n);
  int info = 0, query = -1;
  double size = 0;
  dsyev_("V", "L", &order, matrix.data(), &order, result.values.data(), &size, &query, &info);
  std::vector<double> work(std::max(1, int(size)));
  const int length = int(work.size());
  dsyev_("V", "L", &order, matrix.data(), &order, result.values.data(), work.data(), &length, &info);
  if (info != 0) throw LibraryError(fmt::format("LAPACK: dsyev of order {} returned {}", n, info));
  result.vectors = std::move(matrix);
  return result;
}

std::vector<Real> cholesky(std::vector<Real> matrix, Index n) {
  WEIR_CHECK(Index(matrix.size()) == n * n, "{} entries for n = {}", matrix.size(), n);
  const int order = int(n);
  int info = 0;
  // Row-major lower is column-major upper.
  dpotrf_("U", &order, matrix.data(), &order, &info);
  if (info != 0) return {};
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j) matrix[i * n + j] = 0;
  return matrix;
}

void cholesky_solve(const std::vector<Real>& factor, Index n, Real* b, Index count) {
  const int order = int(n), columns = int(count);
  int info = 0;
  dpotrs_("U", &order, &columns, factor.data(), &order, b, &order, &info);
  WEIR_CHECK(info == 0, "dpotrs returned {}", info);
}

void add_gram(Index n, Index k, const Real* a, Real* c) {
  cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, int(n), int(k), 1, a, int(n), 1, c, int(n));
=======
namespace {

int lapack_int(Index n) {
  WEIR_CHECK(n >= 0 && n <= std::numeric_limits<int>::max(), "a matrix dimension of {}", n);
  return int(n);
}
/// LAPACK wants leading dimensions of at least one.
int leading(int rows) {
  return std::max(rows, 1);
}

void check(int info, const char* routine) {
  if (info < 0) throw LibraryError(fmt::format("LAPACK's {}: argument {} is invalid", routine, -info));
  if (info > 0) throw RunError(fmt::format("LAPACK's {} did not converge ({} values left)", routine, info));
}

}  // namespace

void cholesky(Index n, Real* a) {
  const int size = lapack_int(n), lda = leading(size);
  int info = 0;
  dpotrf_("L", &size, a, &lda, &info);
  if (info > 0)
    throw RunError(fmt::format(
        "Cholesky factorisation: a matrix of {} rows is not positive definite (pivot {})", n, info));
  check(info, "dpotrf");
}

void cholesky_solve(Index n, const Real* l, Index columns, Real* b) {
  const int size = lapack_int(n), lda = leading(size), right_hand_sides = lapack_int(columns);
  int info = 0;
  dpotrs_("L", &size, &right_hand_sides, l, &lda, b, &lda, &info);
  check(info, "dpotrs");
}

std::vector<Real> symmetric_eigen(Index n, Real* a) {
  const int size = lapack_int(n), lda = leading(size);
  std::vector<Real> eigenvalues(size);
  Real best_length = 0;
  int length = -1, info = 0;
  dsyev_("V", "L", &size, a, &lda, eigenvalues.data(), &best_length, &length, &info);
  check(info, "dsyev");
  length = int(best_length);
  std::vector<Real> work(length);
  dsyev_("V", "L", &size, a, &lda, eigenvalues.data(), work.data(), &length, &info);
  check(info, "dsyev");
  return eigenvalues;
}

std::vector<Real> singular_values(Index rows, Index columns, Real* a) {
  const int m = lapack_int(rows), n = lapack_int(columns), lda = leading(m), one = 1;
  std::vector<Real> values(std::min(m, n));
  Real best_length = 0;
  int length = -1, info = 0;
  dgesvd_("N", "N", &m, &n, a, &lda, values.data(), nullptr, &one, nullptr, &one, &best_length, &length,
          &info);
  check(info, "dgesvd");
  length = int(best_length);
  std::vector<Real> work(length);
  dgesvd_("N", "N", &m, &n, a, &lda, values.data(), nullptr, &one, nullptr, &one, work.data(), &length,
          &info);
  check(info, "dgesvd");
  return values;
>>>>>>> transport
}

}  // namespace weir
