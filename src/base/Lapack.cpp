#include "weir/base/Lapack.hpp"

#include <cblas.h>

#include <algorithm>
#include <cfenv>

#include "weir/base/Error.hpp"

extern "C" {
void dsyev_(const char* job, const char* triangle, const int* n, double* a, const int* lda, double* w,
            double* work, const int* lwork, int* info);
void dgesvd_(const char* jobu, const char* jobvt, const int* m, const int* n, double* a, const int* lda,
             double* s, double* u, const int* ldu, double* vt, const int* ldvt, double* work,
             const int* lwork, int* info);
void dpotrf_(const char* triangle, const int* n, double* a, const int* lda, int* info);
void dpotrs_(const char* triangle, const int* n, const int* count, const double* a, const int* lda, double* b,
             const int* ldb, int* info);
}

namespace weir {

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

namespace {

/// LAPACK finds out about infinities by making some (ieeeck, for matrices that are nearly singular): no error of
/// ours, so traps are off for as long as this lives.
class WithoutTraps {
 public:
  WithoutTraps() { std::feholdexcept(&before_); }
  ~WithoutTraps() { std::fesetenv(&before_); }
  WithoutTraps(const WithoutTraps&) = delete;
  WithoutTraps& operator=(const WithoutTraps&) = delete;

 private:
  std::fenv_t before_;
};

}  // namespace

std::vector<Real> singular_values(std::vector<Real> matrix, Index n) {
  WEIR_CHECK(Index(matrix.size()) == n * n, "{} entries for n = {}", matrix.size(), n);
  std::vector<Real> values(n);
  if (n == 0) return values;
  const WithoutTraps quiet;
  const int order = int(n);
  int info = 0, query = -1;
  double size = 0;
  dgesvd_("N", "N", &order, &order, matrix.data(), &order, values.data(), nullptr, &order, nullptr, &order,
          &size, &query, &info);
  std::vector<double> work(std::max(1, int(size)));
  const int length = int(work.size());
  dgesvd_("N", "N", &order, &order, matrix.data(), &order, values.data(), nullptr, &order, nullptr, &order,
          work.data(), &length, &info);
  if (info != 0) throw LibraryError(fmt::format("LAPACK: dgesvd of order {} returned {}", n, info));
  return values;
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
}

}  // namespace weir
