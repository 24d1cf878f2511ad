#include "weir/transport/Distances.hpp"

#include <algorithm>
#include <cmath>

#include "transport/CostRows.hpp"
#include "transport/LaneSum.hpp"
#include "transport/PointChecks.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/VectorMath.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/NetworkSimplex.hpp"

namespace weir {

namespace {

using namespace detail;

std::vector<Real> sorted_values(Points points) {
  std::vector<Real> values(points.values, points.values + points.count);
  std::sort(values.begin(), values.end());
  return values;
}

/// E |x - y|^p along the quantiles, a staircase through the sorted values; in steps of 1 / (n m), counts stay
/// whole.
Real cost_on_line(Points x, Points y, int order) {
  const auto from = sorted_values(x), to = sorted_values(y);
  Index left = y.count, wanted = x.count;
  Real sum = 0;
  for (std::size_t i = 0, j = 0; i < from.size();) {
    const Index moved = std::min(left, wanted);
    const Real distance = std::abs(from[i] - to[j]);
    sum += Real(moved) * (order == 1 ? distance : distance * distance);
    left -= moved;
    wanted -= moved;
    if (left == 0) {
      left = y.count;
      ++i;
    }
    if (wanted == 0) {
      wanted = x.count;
      ++j;
    }
  }
  return sum / Real(x.count) / Real(y.count);
}

Real transport_cost(Points x, Points y, int order) {
  if (x.dimension == 1) return cost_on_line(x, y, order);
  const auto cost = order == 1 ? TransportCost::distance : TransportCost::squared_distance;
  return x.count == y.count ? solve_assignment(x, y, cost).cost : solve_network_simplex(x, y, cost).cost;
}

/// The sum over all pairs of what `transform` makes of a row of costs, in place.
template <class Cost, class Transform>
Real sum_over_pairs(Points x, Points y, Transform&& transform) {
  const CostRows<Cost> to_y(y);
  const auto zero = to_y.weights(0);
  std::vector<Real> row(to_y.padded()), minima(to_y.groups()), sums(x.count);
  for (Index i = 0; i < x.count; ++i) {
    to_y.find_keys(x[i], zero.data(), row.data(), minima.data());
    transform(row.data());
    sums[i] = lane_sum(row.data(), y.count);
  }
  return lane_sum(sums.data(), x.count);
}

/// Mean over the pairs of one cloud; each of the n pairs (i, i), left out of a U-statistic, contributes
/// `diagonal`.
Real mean_within(Real sum, Index n, Real diagonal, Statistic statistic) {
  if (statistic == Statistic::v) return sum / Real(n) / Real(n);
  WEIR_CHECK(n > 1, "a U-statistic of one point");
  return (sum - Real(n) * diagonal) / Real(n) / Real(n - 1);
}

}  // namespace

Real wasserstein(Points x, Points y, int order) {
  check_points(x, y);
  WEIR_CHECK(order == 1 || order == 2, "order {}", order);
  const Real cost = transport_cost(x, y, order);
  return order == 1 ? cost : std::sqrt(cost);
}

Real energy_distance(Points x, Points y, Statistic statistic) {
  check_points(x, y);
  const auto sum = [](Points a, Points b) { return sum_over_pairs<Distance>(a, b, [](Real*) {}); };
  return 2 * sum(x, y) / Real(x.count) / Real(y.count) - mean_within(sum(x, x), x.count, 0, statistic) -
         mean_within(sum(y, y), y.count, 0, statistic);
}

Real mmd_squared(Points x, Points y, Real bandwidth, Statistic statistic) {
  check_points(x, y);
  WEIR_CHECK(bandwidth > 0 && std::isfinite(bandwidth), "bandwidth {}", bandwidth);
  const auto sum = [&](Points a, Points b) {
    return sum_over_pairs<SquaredDistance>(a, b, [&](Real* row) {
      using Lanes = HostLanes<Real>;  // rows are padded to whole packs
      const Lanes factor(-0.5 / (bandwidth * bandwidth));
      for (Index j = 0; j < b.count; j += Index(sizeof(Lanes) / sizeof(Real)))
        store(fast_exp(factor * load(row + j, Lanes())), row + j);
    });
  };
  return mean_within(sum(x, x), x.count, 1, statistic) + mean_within(sum(y, y), y.count, 1, statistic) -
         2 * sum(x, y) / Real(x.count) / Real(y.count);
}

Real maximum_mean_discrepancy(Points x, Points y) {
  return std::sqrt(std::max(mmd_squared(x, y, median_distance(x, y)), Real(0)));
}

Real median_distance(Points x, Points y) {
  check_points(x, y);
  const Index pooled = x.count + y.count, used = std::min<Index>(pooled, 1000);
  std::vector<Real> sample;
  for (Index k = 0; k < used; ++k) {
    const Index i = k * pooled / used;
    const Real* point = i < x.count ? x[i] : y[i - x.count];
    sample.insert(sample.end(), point, point + x.dimension);
  }
  const Points points{sample.data(), used, x.dimension};
  const CostRows<Distance> rows(points);
  std::vector<Real> distances;
  for (Index i = 0; i < used; ++i)
    for (Index j = 0; j < i; ++j) distances.push_back(rows.cost(points[i], j));
  const auto middle = distances.begin() + Index(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  if (*middle > 0) return *middle;
  const Real largest = *std::max_element(distances.begin(), distances.end());
  return largest > 0 ? largest : 1;
}

bool is_distance(const std::string& name) {
  return name == "w1" || name == "w2" || name == "energy_distance" || name == "mmd";
}

Real distance_of(const std::string& name, Points x, Points y) {
  if (name == "w1") return wasserstein(x, y, 1);
  if (name == "w2") return wasserstein(x, y, 2);
  if (name == "energy_distance") return energy_distance(x, y);
  WEIR_CHECK(name == "mmd", "no distance {}", name);
  return maximum_mean_discrepancy(x, y);
}

}  // namespace weir
