// Compiled with -fno-trapping-math: comparisons would otherwise keep compilers from vectorising on processors
// without masked instructions. Values do not depend on that flag.
#include "weir/base/VectorExp.hpp"

#include <cstring>

namespace weir {

namespace {

/// exp(x) = 2^n exp(r), n = round(x / log 2), |r| <= log(2) / 2, exp(r) by its Taylor polynomial of
/// degree 13.
inline double exponential(double x) {
  constexpr double inverse_log2 = 1.4426950408889634074;
  constexpr double log2_high = 6.93147180369123816490e-01, log2_low = 1.90821492927058770002e-10;
  constexpr double to_integer =
      6755399441055744.0;  // 1.5 * 2^52: adding it leaves the rounded number in the low bits
  const double clamped = x > -708.0 ? x : -708.0;
  const double shifted = clamped * inverse_log2 + to_integer;
  const double n = shifted - to_integer;
  const double r = (clamped - n * log2_high) - n * log2_low;
  const double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  // Estrin's scheme: coefficients 1/k!.
  const double low = (1 + r) + r2 * (1. / 2 + r * (1. / 6));
  const double middle = (1. / 24 + r * (1. / 120)) + r2 * (1. / 720 + r * (1. / 5040));
  const double high = (1. / 40320 + r * (1. / 362880)) + r2 * (1. / 3628800 + r * (1. / 39916800));
  const double top = 1. / 479001600 + r * (1. / 6227020800.);
  const double power = low + r4 * middle + r8 * (high + r4 * top);
  std::uint64_t exponent, bits;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  std::memcpy(&bits, &power, sizeof bits);
  bits += exponent << 52;  // adds n to the exponent: the upper bits of `shifted` fall off
  double result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

}  // namespace

void vector_exp(const double* x, double* result, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) result[i] = exponential(x[i]);
}

}  // namespace weir
