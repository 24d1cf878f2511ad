#include "weir/transport/NetworkSimplex.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "transport/Certify.hpp"
#include "transport/CoarseStart.hpp"
#include "transport/NetworkSimplexLemon.hpp"
#include "transport/PointChecks.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using namespace detail;

/// Column generation: the simplex method sees few pairs (i, j), and each round those of smallest reduced cost
/// are added, so that in the end no pair left out can lower the cost.
template <class Cost>
class TransportSolver {
 public:
  TransportSolver(Points x, Points y, int exponent)
      : problem_(scaled(x, exponent), scaled(y, exponent), x.dimension),
        exponent_(exponent),
        units_(x.count / std::gcd(x.count, y.count) * y.count),
        v_(starting_potentials(problem_)),
        u_(problem_.to_x.weights(0)) {
    add_a_feasible_plan();
  }

  Transport solve() {
    constexpr Real enough = 1e-12;  // relative to the cost
    Real rounded_step = infinity;
    for (;;) {
      update_u();
      const bool all_there = !add_promising_pairs();
      const Real gap = solve_on_pairs();
      if (gap <= enough * cost_) return result();
      if (gap > 4 * step_ && !all_there) continue;
      // What remains comes from the rounding of costs. Without the pairs of no use, steps can be finer.
      if (!(step_ < rounded_step / 2)) return result();
      rounded_step = step_;
      keep_used_pairs();
    }
  }

 private:
  struct Pair {
    std::int32_t x, y;
    bool operator<(const Pair& other) const { return x < other.x || (x == other.x && y < other.y); }
    bool operator==(const Pair& other) const { return x == other.x && y == other.y; }
  };

  /// The staircase that moves mass between the clouds in the order of their first component.
  void add_a_feasible_plan() {
    const auto order = [](Points points) {
      std::vector<std::int32_t> indices(points.count);
      std::iota(indices.begin(), indices.end(), 0);
      std::sort(indices.begin(), indices.end(), [&](std::int32_t a, std::int32_t b) {
        return points[a][0] < points[b][0] || (points[a][0] == points[b][0] && a < b);
      });
      return indices;
    };
    const auto from = order(problem_.x), to = order(problem_.y);
    Index left = supply(), wanted = demand();
    for (std::size_t i = 0, j = 0; i < from.size() && j < to.size();) {
      pairs_.push_back({from[i], to[j]});
      const Index moved = std::min(left, wanted);
      left -= moved;
      wanted -= moved;
      if (left == 0) {
        left = supply();
        ++i;
      }
      if (wanted == 0) {
        wanted = demand();
        ++j;
      }
    }
  }
  Index supply() const { return units_ / problem_.x.count; }
  Index demand() const { return units_ / problem_.y.count; }

  void update_u() {
    for (Index i = 0; i < problem_.x.count; ++i) u_[i] = problem_.to_y.smallest_key(problem_.x[i], v_.data());
  }

  /// For each point the pairs of smallest reduced cost. Returns whether there were any new ones.
  bool add_promising_pairs() {
    constexpr Index breadth = 24;
    const std::size_t before = pairs_.size();
    Candidates<Cost> to_y(problem_.x, problem_.to_y, breadth), to_x(problem_.y, problem_.to_x, breadth);
    for (std::int32_t i = 0; i < problem_.x.count; ++i) {
      to_y.renew(i, v_.data());
      for (const auto& candidate : to_y[i]) pairs_.push_back({i, candidate.column});
    }
    for (std::int32_t j = 0; j < problem_.y.count; ++j) {
      to_x.renew(j, u_.data());
      for (const auto& candidate : to_x[j]) pairs_.push_back({candidate.column, j});
    }
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    return pairs_.size() > before;
  }

  /// Finds the flow on the pairs there are, the potentials that go with it, and the cost; returns how far the
  /// cost is above its dual bound over all pairs.
  Real solve_on_pairs() {
    std::vector<Real> reduced;
    Real largest = 0;
    for (const Pair pair : pairs_) {
      reduced.push_back(cost(pair) - u_[pair.x] - v_[pair.y]);
      largest = std::max(largest, std::abs(reduced.back()));
    }
    // Integer costs are multiples of a step: fine, but nodes * largest cost must stay below 2^60.
    const Real nodes = Real(problem_.x.count + problem_.y.count);
    step_ = largest > 0 ? std::ldexp(largest * nodes, -59) : 1;
    std::vector<Arc> arcs;
    for (std::size_t a = 0; a < pairs_.size(); ++a)
      arcs.push_back({pairs_[a].x, pairs_[a].y, std::int64_t(std::llround(reduced[a] / step_))});

    auto solution = solve_on_arcs(std::vector<std::int64_t>(problem_.x.count, supply()),
                                  std::vector<std::int64_t>(problem_.y.count, demand()), arcs);
    WEIR_CHECK(solution.feasible, "no plan on {} pairs of {} x {} points", pairs_.size(), problem_.x.count,
               problem_.y.count);
    flow_ = std::move(solution.flow);
    for (Index j = 0; j < problem_.y.count; ++j)
      v_[j] += step_ * Real(solution.potential[j] - solution.potential[0]);
    update_u();
    return find_cost_and_gap();
  }

  Real cost(Pair pair) const { return problem_.to_y.cost(problem_.x[pair.x], pair.y); }
  Real mass(std::size_t a) const { return Real(flow_[a]) / Real(units_); }

  Real find_cost_and_gap() {
    Real gap = 0;
    cost_ = 0;
    for (std::size_t a = 0; a < pairs_.size(); ++a) {
      if (flow_[a] == 0) continue;
      cost_ += mass(a) * cost(pairs_[a]);
      gap += mass(a) * (cost(pairs_[a]) - u_[pairs_[a].x] - v_[pairs_[a].y]);
    }
    return gap;
  }

  void keep_used_pairs() {
    std::vector<Pair> used;
    for (std::size_t a = 0; a < pairs_.size(); ++a)
      if (flow_[a] > 0) used.push_back(pairs_[a]);
    pairs_ = std::move(used);
  }

  Transport result() const {
    Transport result;
    for (std::size_t a = 0; a < pairs_.size(); ++a)
      if (flow_[a] > 0) result.plan.push_back({pairs_[a].x, pairs_[a].y, mass(a)});
    for (Index i = 0; i < problem_.x.count; ++i) result.u.push_back(Cost::scaled(u_[i], exponent_));
    for (Index j = 0; j < problem_.y.count; ++j) result.v.push_back(Cost::scaled(v_[j], exponent_));
    return result;
  }

  Problem<Cost> problem_;
  int exponent_;
  Index units_;  ///< the least number of equal parts of the mass that makes all supplies and demands whole
  std::vector<Real> v_, u_;
  std::vector<Pair> pairs_;
  std::vector<std::int64_t> flow_;  ///< of each pair
  Real cost_ = 0, step_ = 0;
};

template <class Cost>
Transport solve_for(Points x, Points y) {
  Transport result = TransportSolver<Cost>(x, y, binary_exponent(x, y)).solve();
  result.cost = cost_of_plan<Cost>(x, y, result.plan);
  result.certificate = certify<Cost>(x, y, result.plan, result.u, result.v);
  return result;
}

}  // namespace

Transport solve_network_simplex(Points x, Points y, TransportCost cost) {
  check_points(x, y);
  return cost == TransportCost::distance ? solve_for<Distance>(x, y) : solve_for<SquaredDistance>(x, y);
}

}  // namespace weir
