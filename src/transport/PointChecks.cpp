#include "transport/PointChecks.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"

namespace weir::detail {

namespace {

void check_finite(Points points, const char* name) {
  for (Index i = 0; i < points.count; ++i)
    for (Index k = 0; k < points.dimension; ++k)
      if (!std::isfinite(points[i][k]))
        throw RunError(
            fmt::format("transport between point clouds: component {} of point {} of the {} cloud is {}", k,
                        i, name, points[i][k]));
}

Real largest(Points points) {
  Real size = 0;
  for (Index k = 0; k < points.count * points.dimension; ++k)
    size = std::max(size, std::abs(points.values[k]));
  return size;
}

}  // namespace

void check_points(Points x, Points y) {
  WEIR_CHECK(x.count > 0 && y.count > 0, "{} and {} points", x.count, y.count);
  WEIR_CHECK(x.dimension > 0 && x.dimension == y.dimension, "dimensions {} and {}", x.dimension, y.dimension);
  check_finite(x, "first");
  check_finite(y, "second");
}

int binary_exponent(Points x, Points y) {
  int exponent = 0;
  std::frexp(std::max(largest(x), largest(y)), &exponent);
  return exponent;
}

}  // namespace weir::detail
