// Costs from one point to all points of a cloud, vectorised over the cloud.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "weir/transport/Points.hpp"

namespace weir::detail {

struct SquaredDistance {
  static Real of_square(Real square) { return square; }
  static Real scaled(Real cost, int exponent) { return std::ldexp(cost, 2 * exponent); }
};
struct Distance {
  static Real of_square(Real square) { return std::sqrt(square); }
  static Real scaled(Real cost, int exponent) { return std::ldexp(cost, exponent); }
};

constexpr Real infinity = std::numeric_limits<Real>::infinity();

/// A cloud y stored one array per component, its count padded to whole blocks, its coordinates times
/// 2^-exponent. Weights passed in are as long as the padded count; those of the padding are -infinity, so
/// that its keys, cost - weight, are never the smallest.
template <class Cost>
class CostRows {
 public:
  static constexpr Index lanes = 8;    ///< doubles of one vector register
  static constexpr Index members = 8;  ///< keys in a group
  static constexpr Index block = lanes * members;

  explicit CostRows(Points points, int exponent = 0)
      : count_(points.count),
        padded_((points.count + block - 1) / block * block),
        dimension_(points.dimension),
        components_(std::size_t(padded_ * dimension_), 0) {
    for (Index j = 0; j < count_; ++j)
      for (Index k = 0; k < dimension_; ++k)
        components_[std::size_t(k * padded_ + j)] = std::ldexp(points[j][k], -exponent);
  }

  Index count() const { return count_; }
  Index padded() const { return padded_; }
  Index groups() const { return padded_ / members; }
  /// Component k of all points, contiguous.
  const Real* component(Index k) const { return components_.data() + k * padded_; }
  std::vector<Real> weights(Real value) const {
    std::vector<Real> w(std::size_t(padded_), -infinity);
    std::fill_n(w.begin(), count_, value);
    return w;
  }

  Real cost(const Real* x, Index j) const {
    Real square = 0;
    for (Index k = 0; k < dimension_; ++k) {
      const Real t = x[k] - components_[std::size_t(k * padded_ + j)];
      square += t * t;
    }
    return Cost::of_square(square);
  }

  /// keys_j = c(x, y_j) - weights_j, and the smallest key of each group. Group g of block b has the keys
  /// b * block + g % lanes + {0, lanes, 2 lanes ..}: one lane, so that minima need no shuffling.
  void find_keys(const Real* x, const Real* weights, Real* keys, Real* minima) const {
    find_keys(x, weights, keys, minima, 0, padded_);
  }
  /// The same for the points [begin, end), whole blocks; `keys` and `minima` are theirs.
  void find_keys(const Real* x, const Real* weights, Real* keys, Real* minima, Index begin, Index end) const {
    for_dimension([&](auto fixed) {
      for (Index first = begin; first < end; first += block) {
        Real squares[block];
        find_squares<decltype(fixed)::value>(x, first, squares);
        Real least[lanes];
        for (Real& value : least) value = infinity;
        for (Index m = 0; m < block; m += lanes) {
#pragma omp simd
          for (Index l = 0; l < lanes; ++l) {
            const Real key = Cost::of_square(squares[m + l]) - weights[first + m + l];
            keys[first - begin + m + l] = key;
            least[l] = key < least[l] ? key : least[l];
          }
        }
        for (Index l = 0; l < lanes; ++l) minima[(first - begin) / members + l] = least[l];
      }
    });
  }
  static Index first_of_group(Index group) {
    return group / lanes * block + group % lanes;
  }

  /// min_j c(x, y_j) - weights_j.
  Real smallest_key(const Real* x, const Real* weights) const {
    Real least[block];
    for (Real& value : least) value = infinity;
    for_dimension([&](auto fixed) {
      for (Index first = 0; first < padded_; first += block) {
        Real squares[block];
        find_squares<decltype(fixed)::value>(x, first, squares);
#pragma omp simd
        for (Index l = 0; l < block; ++l) {
          const Real key = Cost::of_square(squares[l]) - weights[first + l];
          least[l] = key < least[l] ? key : least[l];
        }
      }
    });
    Real smallest = infinity;
    for (Real value : least) smallest = value < smallest ? value : smallest;
    return smallest;
  }

 private:
  template <int D>
  using Fixed = std::integral_constant<int, D>;
  /// Calls `work` with the dimension as a constant where it is small, with 0 otherwise.
  template <class Work>
  void for_dimension(Work&& work) const {
    switch (dimension_) {
      case 1:
        return work(Fixed<1>());
      case 2:
        return work(Fixed<2>());
      case 3:
        return work(Fixed<3>());
      default:
        return work(Fixed<0>());
    }
  }

  template <int D>
  void find_squares(const Real* x, Index first, Real* squares) const {
    const Index dimension = D > 0 ? D : dimension_;
#pragma omp simd
    for (Index l = 0; l < block; ++l) squares[l] = 0;
    for (Index k = 0; k < dimension; ++k) {
      const Real* y = component(k) + first;
#pragma omp simd
      for (Index l = 0; l < block; ++l) {
        const Real t = x[k] - y[l];
        squares[l] += t * t;
      }
    }
  }

  Index count_, padded_, dimension_;
  std::vector<Real> components_;
};

}  // namespace weir::detail
