#include "transport/AssignmentSolver.hpp"

namespace weir::detail {

namespace {
constexpr Index candidates_per_row = 24;
}

template <class Cost>
AssignmentSolver<Cost>::AssignmentSolver(Points rows, const CostRows<Cost>& costs, std::vector<Real> v)
    : rows_(rows),
      costs_(costs),
      size_(costs.count()),
      candidates_(rows, costs, candidates_per_row),
      v_(std::move(v)),
      y_of_x_(size_),
      x_of_y_(size_),
      matched_cost_(size_),
      columns_(size_),
      offsets_(size_) {}

template <class Cost>
void AssignmentSolver<Cost>::solve() {
  // Paths for a few rows are cheap. For more, an auction improves the potentials first, phase by phase.
  const Index few = size_ / 50;
  auto free_rows = assign_tight_pairs();
  Real epsilon = 8 * typical_regret();
  for (int phase = 0; Index(free_rows.size()) > few && phase < 12 && epsilon > 0; ++phase) {
    // A phase that drags on asks for coarser prices first.
    for (int rise = 0; !auction(epsilon, 40 * size_) && rise < 8 && phase == 0; ++rise) epsilon *= 8;
    epsilon *= 0.2;
    if (phase >= 2) free_rows = assign_tight_pairs();
  }
  for (const auto row : free_rows) augment(row);
}

/// Assigns rows to tight columns as they come, and lets the rest bid. Returns the rows still free.
template <class Cost>
std::vector<std::int32_t> AssignmentSolver<Cost>::assign_tight_pairs() {
  recentre();
  std::fill(y_of_x_.begin(), y_of_x_.end(), -1);
  std::fill(x_of_y_.begin(), x_of_y_.end(), -1);
  std::vector<std::int32_t> free_rows;
  for (std::int32_t i = 0; i < size_; ++i) {
    const auto column = tight_column(i, candidates_.best(i, v_.data()));
    if (x_of_y_[column] < 0)
      assign(i, column);
    else
      free_rows.push_back(i);
  }
  for (int round = 0; round < 2; ++round) bid_without_increment(free_rows, 5 * size_);
  return free_rows;
}

/// A column of the smallest key, a free one if there is any among the candidates.
template <class Cost>
std::int32_t AssignmentSolver<Cost>::tight_column(std::int32_t row,
                                                  const typename Candidates<Cost>::Best& best) const {
  if (x_of_y_[best.column] < 0 || best.second > best.first) return best.column;
  for (const Candidate& candidate : candidates_[row])
    if (x_of_y_[candidate.column] < 0 && candidate.cost - v_[candidate.column] <= best.first)
      return candidate.column;
  return best.column;
}

/// Jonker and Volgenant's augmenting row reduction: a free row takes its best column and lowers that column's
/// potential until the second best is as good; whoever held it is free and bids next, or, where the potential
/// did not fall, waits for the next round.
template <class Cost>
void AssignmentSolver<Cost>::bid_without_increment(std::vector<std::int32_t>& free_rows, Index budget) {
  std::vector<std::int32_t> bidders(free_rows.rbegin(), free_rows.rend());
  free_rows.clear();
  while (!bidders.empty()) {
    const auto row = bidders.back();
    bidders.pop_back();
    const auto best = candidates_.best(row, v_.data());
    auto column = best.column;
    const Real lowered = best.second < infinity ? v_[column] - (best.second - best.first) : v_[column];
    const bool falls = lowered < v_[column];
    if (falls)
      v_[column] = lowered;
    else
      column = tight_column(row, best);
    const auto evicted = x_of_y_[column];
    assign(row, column);
    if (evicted < 0) continue;
    y_of_x_[evicted] = -1;
    (falls && --budget > 0 ? bidders : free_rows).push_back(evicted);
  }
}

/// Every row bids for its best column until all have one; each bid lowers a potential by epsilon or more, so
/// that the assignment is within size * epsilon of optimal. Returns false where the budget of bids did not
/// suffice.
template <class Cost>
bool AssignmentSolver<Cost>::auction(Real epsilon, Index budget) {
  constexpr Real slack = 16;  // in units of epsilon: renewing rows for less than that is not worth its while
  recentre();
  std::fill(x_of_y_.begin(), x_of_y_.end(), -1);
  std::vector<std::int32_t> bidders(size_);
  for (std::int32_t i = 0; i < size_; ++i) bidders[i] = std::int32_t(size_) - 1 - i;
  while (!bidders.empty() && budget-- > 0) {
    const auto row = bidders.back();
    bidders.pop_back();
    const auto best = candidates_.best(row, v_.data(), slack * epsilon);
    const Real regret = best.second < infinity ? std::max(best.second - best.first, Real(0)) : 0;
    v_[best.column] -= regret + epsilon;
    const auto evicted = x_of_y_[best.column];
    x_of_y_[best.column] = row;
    if (evicted >= 0) bidders.push_back(evicted);
  }
  return bidders.empty();
}

/// Mean difference between the best and the second best column over a sample of rows.
template <class Cost>
Real AssignmentSolver<Cost>::typical_regret() {
  const Index stride = std::max<Index>(1, size_ / 200);
  Real sum = 0;
  Index number = 0;
  for (Index i = 0; i < size_; i += stride) {
    const auto best = candidates_.best(i, v_.data());
    if (!(best.second < infinity)) continue;
    sum += best.second - best.first;
    ++number;
  }
  return number > 0 ? sum / Real(number) : 0;
}

/// Potentials are free up to a constant; near zero they lose the fewest digits.
template <class Cost>
void AssignmentSolver<Cost>::recentre() {
  Real mean = 0;
  for (Index j = 0; j < size_; ++j) mean += v_[j] / Real(size_);
  for (Index j = 0; j < size_; ++j) v_[j] -= mean;
  candidates_.shift_keys(mean);
}

template <class Cost>
void AssignmentSolver<Cost>::assign(std::int32_t row, std::int32_t column) {
  y_of_x_[row] = column;
  x_of_y_[column] = row;
  matched_cost_[row] = costs_.cost(rows_[row], column);
}

template <class Cost>
void AssignmentSolver<Cost>::augment(std::int32_t free_row) {
  search(free_row);
  // Potentials of what was settled fall by what the path's end lies beyond it: the path becomes tight.
  for (const auto j : settled_) v_[j] -= nearest_free_distance_ - columns_[j].distance;
  flip_path(free_row);
}

/// Dijkstra's search from a free row to the nearest free column, the length of (i, j) being c_ij - u_i - v_j.
template <class Cost>
void AssignmentSolver<Cost>::search(std::int32_t free_row) {
  ++searches_;
  queue_.clear();
  settled_.clear();
  nearest_free_ = -1;
  nearest_free_distance_ = infinity;
  offsets_[free_row] = -candidates_.best(free_row, v_.data()).first;
  relax(free_row);
  while (!queue_.empty() && queue_.front().distance < nearest_free_distance_) {
    const Event next = queue_.front();
    std::pop_heap(queue_.begin(), queue_.end());
    queue_.pop_back();
    if (next.target < 0) {
      const auto row = ~next.target;
      candidates_.widen(row, v_.data(), offsets_[row], next.distance);
      relax(row);
      continue;
    }
    Column& column = columns_[next.target];
    if (column.settled || next.distance > column.distance) continue;
    column.settled = true;
    settled_.push_back(next.target);
    const auto row = x_of_y_[next.target];
    offsets_[row] = next.distance - u(row);
    relax(row);
  }
}

template <class Cost>
void AssignmentSolver<Cost>::relax(std::int32_t row) {
  const auto enqueue = [this](Real distance, std::int32_t target) {
    queue_.push_back({distance, target});
    std::push_heap(queue_.begin(), queue_.end());
  };
  const Real offset = offsets_[row];
  for (const Candidate& candidate : candidates_[row]) {
    const Real distance = offset + (candidate.cost - v_[candidate.column]);
    if (distance >= nearest_free_distance_) continue;
    Column& column = columns_[candidate.column];
    if (column.search != searches_) column = {infinity, -1, searches_, false};
    if (column.settled || distance >= column.distance) continue;
    column.distance = distance;
    column.from = row;
    if (x_of_y_[candidate.column] < 0) {
      nearest_free_ = candidate.column;
      nearest_free_distance_ = distance;
    } else {
      enqueue(distance, candidate.column);
    }
  }
  const Real beyond = offset + candidates_.bound(row);
  if (beyond < nearest_free_distance_) enqueue(beyond, ~row);
}

template <class Cost>
void AssignmentSolver<Cost>::flip_path(std::int32_t free_row) {
  for (auto column = nearest_free_;;) {
    const auto row = columns_[column].from;
    const auto previous = y_of_x_[row];
    assign(row, column);
    if (row == free_row) return;
    column = previous;
  }
}

template class AssignmentSolver<SquaredDistance>;
template class AssignmentSolver<Distance>;

}  // namespace weir::detail
