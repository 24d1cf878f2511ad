#include "weir/transport/Sinkhorn.hpp"

#include <algorithm>
#include <cmath>

#include "transport/CostRows.hpp"
#include "transport/LaneSum.hpp"
#include "transport/PointChecks.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/VectorMath.hpp"

namespace weir {

namespace {

using namespace detail;

/// One cloud with its weights and potential, as the other sees it. From a point z, with w_j = potential_j +
/// epsilon log weight_j,
///     soft minimum:     m = -epsilon log sum_j exp((w_j - c(z, y_j)) / epsilon)
///     conditional law:  p_j = exp((m + w_j - c(z, y_j)) / epsilon), sum 1
template <class Cost>
class Side {
 public:
  Side(Points points, const std::vector<Real>& weights)
      : points_(points),
        rows_(points),
        weights_(weights.empty() ? std::vector<Real>(points.count, 1 / Real(points.count)) : weights),
        potential_(points.count, 0),
        shifted_(rows_.weights(0)),
        keys_(rows_.padded()),
        minima_(rows_.groups()),
        law_(rows_.padded()) {}

  Points points() const { return points_; }
  Index count() const { return points_.count; }
  Real weight(Index j) const { return weights_[j]; }
  std::vector<Real>& potential() { return potential_; }
  const std::vector<Real>& potential() const { return potential_; }

  /// To be called when the potential or epsilon has changed.
  void prepare(Real epsilon) {
    epsilon_ = epsilon;
    for (Index j = 0; j < count(); ++j) shifted_[j] = potential_[j] + epsilon * std::log(weights_[j]);
  }

  /// In pieces that stay in cache, each from the smallest key so far down: one term of the sum is at least 1.
  Real soft_minimum(const Real* z) {
    constexpr Index piece = 16 * CostRows<Cost>::block;
    Real smallest = infinity, sum = 0;
    for (Index begin = 0; begin < rows_.padded(); begin += piece) {
      const Index end = std::min(begin + piece, rows_.padded()), number = std::min(end, count()) - begin;
      rows_.find_keys(z, shifted_.data(), keys_.data(), minima_.data(), begin, end);
      const Real least =
          *std::min_element(minima_.begin(), minima_.begin() + (end - begin) / CostRows<Cost>::members);
      if (least < smallest) {
        sum *= std::exp((least - smallest) / epsilon_);
        smallest = least;
      }
      Lanes sums(Real(0));
      for_each_pack(smallest, number, [&](Index, Lanes law) { sums += law; });
      Real of_lane[pack_width<Real>];
      sums.store(of_lane);
      sum += lane_sum(of_lane, pack_width<Real>);
    }
    return smallest - epsilon_ * std::log(sum);
  }

  /// Mean (into `mean`), variance and cost from z under the conditional law, `m` being the soft minimum at z.
  struct Expectation {
    Real variance, cost;
  };
  Expectation expect(const Real* z, Real m, Real* mean) {
    rows_.find_keys(z, shifted_.data(), keys_.data(), minima_.data());
    for_each_pack(m, count(), [&](Index j, Lanes law) { law.store(&law_[j]); });
    for (Index j = 0; j < count(); ++j) keys_[j] = law_[j] * (keys_[j] + shifted_[j]);
    Expectation result{0, lane_sum(keys_.data(), count())};
    for (Index k = 0; k < points_.dimension; ++k) {
      const Real* y = rows_.component(k);
      for (Index j = 0; j < count(); ++j) keys_[j] = law_[j] * y[j];
      mean[k] = lane_sum(keys_.data(), count());
      for (Index j = 0; j < count(); ++j) keys_[j] = law_[j] * (y[j] - mean[k]) * (y[j] - mean[k]);
      result.variance += lane_sum(keys_.data(), count());
    }
    return result;
  }

 private:
  using Lanes = Pack<Real>;
  static_assert(CostRows<Cost>::block % pack_width<Real> == 0, "rows are padded to whole packs");
  /// exp((m - key) / epsilon) of the first keys; 0 for padding.
  template <class Use>
  void for_each_pack(Real m, Index number, Use&& use) const {
    for (Index j = 0; j < number; j += pack_width<Real>)
      use(j, fast_exp((Lanes(m) - Lanes::load(&keys_[j])) * Lanes(1 / epsilon_)));
  }

  Points points_;
  CostRows<Cost> rows_;
  std::vector<Real> weights_, potential_;
  Real epsilon_ = 0;
  std::vector<Real> shifted_, keys_, minima_, law_;
};

/// The potential that makes the marginal of `target` exact: its soft minima over `source`.
template <class Cost>
std::vector<Real> balanced(const Side<Cost>& target, Side<Cost>& source, Real epsilon) {
  source.prepare(epsilon);
  std::vector<Real> potential(target.count());
  for (Index i = 0; i < target.count(); ++i) potential[i] = source.soft_minimum(target.points()[i]);
  return potential;
}

/// sum_i |marginal_i - weight_i|, the marginal being weight_i exp((potential_i - balanced_i) / epsilon).
template <class Cost>
Real marginal_error(const Side<Cost>& side, const std::vector<Real>& balanced, Real epsilon) {
  Real error = 0;
  for (Index i = 0; i < side.count(); ++i)
    error += side.weight(i) * std::abs(std::expm1((side.potential()[i] - balanced[i]) / epsilon));
  return error;
}

/// Relaxation factor of the iteration potential += factor * (balanced - potential). Near the solution it is a
/// successive over-relaxation with consistent ordering: Young's relation gives the rate r of the plain
/// iteration from the rate observed, (rate + factor - 1)^2 = rate factor^2 r, and the best factor,
/// 2 / (1 + sqrt(1 - r)) (Lehmann et al., Optimization Letters 16, 2022).
class Relaxation {
 public:
  Real factor() const { return factor_; }

  /// To be told the error after each iteration. A new factor is given a window to settle, then measured over
  /// another.
  void observe(Real error) {
    ++observed_;
    if (observed_ == window) settled_ = error;
    if (observed_ != 2 * window) return;
    observed_ = 0;
    const Real rate = std::pow(error / settled_, Real(1) / window);
    if (!(rate < 1)) {
      factor_ = 1;
    } else if (rate > factor_ - 1) {
      const Real plain = (rate + factor_ - 1) * (rate + factor_ - 1) / (rate * factor_ * factor_);
      factor_ = 2 / (1 + std::sqrt(std::max(1 - plain, Real(1e-5))));
    }
  }

 private:
  static constexpr int window = 6;
  Real factor_ = 1, settled_ = 1;
  int observed_ = 0;
};

/// Alternates until the marginals are met to `tolerance`, that of y to rounding.
template <class Cost>
void iterate(Side<Cost>& x, Side<Cost>& y, Real epsilon, Real tolerance, Index max_iterations,
             SinkhornResult& result) {
  Relaxation relaxation;
  bool last = false;  // plain, so that the marginal of y is exact
  x.potential() = balanced(x, y, epsilon);
  for (Index iteration = 1; iteration <= max_iterations; ++iteration) {
    ++result.iterations;
    const Real factor = last || iteration == max_iterations ? 1 : relaxation.factor();
    const auto relax = [factor](std::vector<Real>& potential, const std::vector<Real>& goal) {
      for (std::size_t i = 0; i < goal.size(); ++i)
        potential[i] = factor == 1 ? goal[i] : potential[i] + factor * (goal[i] - potential[i]);
    };
    const auto balanced_y = balanced(y, x, epsilon);
    relax(y.potential(), balanced_y);
    const auto balanced_x = balanced(x, y, epsilon);
    const Real error = marginal_error(x, balanced_x, epsilon) + marginal_error(y, balanced_y, epsilon);
    result.marginal_error = error;
    result.converged = factor == 1 && error <= tolerance;
    if (result.converged || iteration == max_iterations) return;
    last = error <= tolerance;
    relax(x.potential(), balanced_x);
    relaxation.observe(error);
  }
}

/// The conditional laws of `source` given each point of `target`; also adds up the cost.
template <class Cost>
BarycentricMap conditional_moments(const Side<Cost>& target, Side<Cost>& source, Real epsilon, Real& cost) {
  const Index d = target.points().dimension, n = target.count();
  BarycentricMap map{d, std::vector<Real>(n * d), std::vector<Real>(n), std::vector<Real>(n)};
  source.prepare(epsilon);
  cost = 0;
  for (Index i = 0; i < n; ++i) {
    const Real minimum = source.soft_minimum(target.points()[i]);
    const auto expectation = source.expect(target.points()[i], minimum, map.mean.data() + i * d);
    map.mass[i] = target.weight(i) * std::exp((target.potential()[i] - minimum) / epsilon);
    map.variance[i] = expectation.variance;
    cost += map.mass[i] * expectation.cost;
  }
  return map;
}

/// The largest cost there can be between two points of the clouds' common bounding box.
template <class Cost>
Real largest_cost(Points x, Points y) {
  Real square = 0;
  for (Index k = 0; k < x.dimension; ++k) {
    Real low = x[0][k], high = low;
    for (const Points& points : {x, y})
      for (Index i = 0; i < points.count; ++i) {
        low = std::min(low, points[i][k]);
        high = std::max(high, points[i][k]);
      }
    square += (high - low) * (high - low);
  }
  return Cost::of_square(square);
}

template <class Cost>
SinkhornResult solve_for(Points x_points, Points y_points, const SinkhornOptions& options) {
  constexpr Real rough = 1e-2;  // all that an epsilon on the way is worth
  constexpr Index few = 10;
  Side<Cost> x(x_points, options.x_weights), y(y_points, options.y_weights);
  SinkhornResult result;
  for (Real epsilon = largest_cost<Cost>(x_points, y_points); epsilon > options.epsilon; epsilon /= 2)
    iterate(x, y, epsilon, rough, few, result);
  iterate(x, y, options.epsilon, options.tolerance, options.max_iterations, result);

  result.maps.y_given_x = conditional_moments(x, y, options.epsilon, result.cost);
  result.maps.x_given_y = conditional_moments(y, x, options.epsilon, result.cost);
  for (Index i = 0; i < x.count(); ++i) result.objective += x.weight(i) * x.potential()[i];
  for (Index j = 0; j < y.count(); ++j) result.objective += y.weight(j) * y.potential()[j];
  result.f = std::move(x.potential());
  result.g = std::move(y.potential());
  return result;
}

void check_weights(const std::vector<Real>& weights, Index count) {
  if (weights.empty()) return;
  WEIR_CHECK(Index(weights.size()) == count, "{} weights for {} points", weights.size(), count);
  const Real sum = lane_sum(weights.data(), count), least = *std::min_element(weights.begin(), weights.end());
  WEIR_CHECK(least > 0 && std::abs(sum - 1) < 1e-9, "weights with sum {}, the least {}", sum, least);
}

}  // namespace

SinkhornResult sinkhorn(Points x, Points y, const SinkhornOptions& options) {
  check_points(x, y);
  WEIR_CHECK(options.epsilon > 0 && std::isfinite(options.epsilon), "epsilon {}", options.epsilon);
  WEIR_CHECK(options.tolerance > 0 && options.max_iterations > 0, "tolerance {}, {} iterations",
             options.tolerance, options.max_iterations);
  check_weights(options.x_weights, x.count);
  check_weights(options.y_weights, y.count);
  return options.cost == TransportCost::distance ? solve_for<Distance>(x, y, options)
                                                 : solve_for<SquaredDistance>(x, y, options);
}

}  // namespace weir
