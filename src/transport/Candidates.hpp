// For each row of an assignment problem, the few columns that can matter to it now.
#pragma once

#include <algorithm>
#include <cstdint>

#include "transport/CostRows.hpp"

namespace weir::detail {

struct Candidate {
  Real cost;
  std::int32_t column;
};

/// The columns of smallest key c_ij - v_j when row i was last looked at as a whole, and a bound below the
/// keys of all the others. Solvers only ever lower v, so keys only grow and the bound holds until the row is
/// renewed.
template <class Cost>
class Candidates {
 public:
  /// `rows` and `costs` must outlive this.
  Candidates(Points rows, const CostRows<Cost>& costs, Index capacity)
      : rows_(rows),
        costs_(costs),
        lists_(std::size_t(rows.count)),
        bounds_(lists_.size(), -infinity),
        capacities_(lists_.size(), std::int32_t(std::min(capacity, costs.count()))),
        keys_(std::size_t(costs.padded())),
        minima_(std::size_t(costs.groups())),
        found_(std::size_t(costs.padded() + 1)) {}

  const std::vector<Candidate>& operator[](Index i) const { return lists_[i]; }
  Real bound(Index i) const { return bounds_[i]; }

  /// Looks at the whole row.
  void renew(Index i, const Real* v) {
    costs_.find_keys(rows_[i], v, keys_.data(), minima_.data());
    const Index capacity = capacities_[i];
    // At least `capacity` + 1 groups, and so that many keys, reach down to the threshold.
    Real threshold = infinity;
    if (capacity < costs_.groups()) {
      sorted_ = minima_;
      std::nth_element(sorted_.begin(), sorted_.begin() + capacity, sorted_.end());
      threshold = sorted_[capacity];
    }
    select(threshold);
    bounds_[i] = number_found_ == costs_.count() ? infinity : threshold;
    if (number_found_ > 2 * capacity) {
      // Among equal keys, rows prefer different columns: duplicates of a point are then no contest.
      const auto turn = [&](std::int32_t column) { return column < i ? column + costs_.count() : column; };
      const auto before = [&](const Found& a, const Found& b) {
        return a.key < b.key || (a.key == b.key && turn(a.column) < turn(b.column));
      };
      std::nth_element(found_.begin(), found_.begin() + capacity, found_.begin() + number_found_, before);
      bounds_[i] = found_[capacity].key;
      number_found_ = capacity;
    }
    auto& list = lists_[i];
    list.resize(number_found_);
    for (Index q = 0; q < number_found_; ++q)
      list[q] = {costs_.cost(rows_[i], found_[q].column), found_[q].column};
  }
  /// The same with ever more columns, until offset + bound exceeds `distance`.
  void widen(Index i, const Real* v, Real offset, Real distance) {
    renew(i, v);
    while (offset + bounds_[i] <= distance) {
      capacities_[i] = std::min(2 * capacities_[i], std::int32_t(costs_.count()));
      renew(i, v);
    }
  }

  /// Where the potentials v were lowered by `shift` at every column.
  void shift_keys(Real shift) {
    constexpr Real rounding = 4 * std::numeric_limits<Real>::epsilon();
    for (Real& bound : bounds_)
      if (std::isfinite(bound)) bound += shift - rounding * (std::abs(bound) + std::abs(shift));
  }

  /// The smallest key of row i, its column, and a bound below all other keys, attained or close to it. With
  /// slack, `first` and `second` may be too large by that much.
  struct Best {
    Real first, second;
    std::int32_t column;
  };
  Best best(Index i, const Real* v, Real slack = 0) {
    Best best = scan(i, v);
    if (!(best.first <= bounds_[i] + slack)) {
      renew(i, v);
      best = scan(i, v);
    }
    best.second = std::min(best.second, bounds_[i] + slack);
    return best;
  }

 private:
  struct Found {
    Real key;
    std::int32_t column;
  };

  void select(Real threshold) {
    Index number = 0;  // written without branches: every key is a toss-up
    for (Index group = 0; group < costs_.groups(); ++group) {
      if (!(minima_[group] <= threshold)) continue;
      const Index first = costs_.first_of_group(group);
      for (Index j = first; j < first + CostRows<Cost>::block; j += CostRows<Cost>::lanes) {
        found_[number] = {keys_[j], std::int32_t(j)};
        number += keys_[j] <= threshold && j < costs_.count();
      }
    }
    number_found_ = number;
  }

  Best scan(Index i, const Real* v) const {
    Best best{infinity, infinity, -1};
    for (const Candidate& candidate : lists_[i]) {
      const Real key = candidate.cost - v[candidate.column];
      if (key < best.first)
        best = {key, best.first, candidate.column};
      else if (key < best.second)
        best.second = key;
    }
    return best;
  }

  Points rows_;
  const CostRows<Cost>& costs_;
  std::vector<std::vector<Candidate>> lists_;
  std::vector<Real> bounds_;
  std::vector<std::int32_t> capacities_;
  std::vector<Real> keys_, minima_, sorted_;
  std::vector<Found> found_;
  Index number_found_ = 0;
};

}  // namespace weir::detail
