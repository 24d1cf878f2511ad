#include "weir/transport/NearestNeighbours.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr Index block = 256;  // points compared at a time: their squares stay in cache

/// A cloud with each component by itself, so that distances to many points are found side by side.
class Columns {
 public:
  explicit Columns(Points points)
      : count_(points.count), values_(std::size_t(points.count * points.dimension)) {
    for (Index i = 0; i < points.count; ++i)
      for (Index c = 0; c < points.dimension; ++c) values_[std::size_t(c * count_ + i)] = points[i][c];
  }

  /// Squared distances of x to points [first, first + count), count <= block.
  void squares(const Real* x, Index dimension, Index first, Index count, Real* squares) const {
    std::fill_n(squares, count, Real(0));
    for (Index c = 0; c < dimension; ++c) {
      const Real* column = &values_[std::size_t(c * count_ + first)];
      const Real here = x[c];
      for (Index j = 0; j < count; ++j) squares[j] += (here - column[j]) * (here - column[j]);
    }
  }
  Index count() const { return count_; }

 private:
  Index count_;
  std::vector<Real> values_;
};

struct Nearest {
  Index index = -1;
  Real square = std::numeric_limits<Real>::infinity();
};

/// The nearest point to x but for number `except`.
Nearest nearest(const Real* x, Index dimension, const Columns& to, Index except) {
  Nearest found;
  Real squares[block];
  for (Index first = 0; first < to.count(); first += block) {
    const Index count = std::min(block, to.count() - first);
    to.squares(x, dimension, first, count, squares);
    if (except >= first && except < first + count)
      squares[except - first] = std::numeric_limits<Real>::infinity();
    const Real* least = std::min_element(squares, squares + count);
    if (*least < found.square) found = {first + Index(least - squares), *least};
  }
  return found;
}

}  // namespace

std::vector<Real> nearest_distances(Points from, Points to) {
  WEIR_CHECK(from.dimension == to.dimension, "points of {} and {} components", from.dimension, to.dimension);
  const Columns columns(to);
  std::vector<Real> distances(std::size_t(from.count));
  for (Index i = 0; i < from.count; ++i)
    distances[std::size_t(i)] = std::sqrt(nearest(from[i], from.dimension, columns, -1).square);
  return distances;
}

Real nearest_neighbour_accuracy(Points x, Points y) {
  WEIR_CHECK(x.dimension == y.dimension && x.count > 0 && y.count > 0, "clouds of {} and {} points", x.count,
             y.count);
  const Index d = x.dimension, all = x.count + y.count;
  std::vector<Real> pooled(x.values, x.values + x.count * d);
  pooled.insert(pooled.end(), y.values, y.values + y.count * d);
  const Points points{pooled.data(), all, d};
  const Columns columns(points);
  Index same = 0;
  for (Index i = 0; i < all; ++i) {
    const Index other = nearest(points[i], d, columns, i).index;
    same += (i < x.count) == (other < x.count);
  }
  return Real(same) / Real(all);
}

}  // namespace weir
