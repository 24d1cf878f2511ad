// The kernel of the assignment problem: an epsilon-scaled auction for the potentials, then shortest
// augmenting paths.
#pragma once

#include "transport/Candidates.hpp"

namespace weir::detail {

/// min over permutations p of sum_i c(x_i, y_p(i)). Throughout, v holds the potentials of the columns y, and
/// u_i = min_j c_ij - v_j those of the rows x, so that u_i + v_j <= c_ij; row i is assigned only where its
/// pair is tight, u_i + v_j = c_ij. v only falls, which is what Candidates needs.
template <class Cost>
class AssignmentSolver {
 public:
  /// `v`: potentials to start from, any numbers, padded as CostRows wants them. The others must outlive this.
  AssignmentSolver(Points rows, const CostRows<Cost>& costs, std::vector<Real> v);

  void solve();

  const std::vector<std::int32_t>& y_of_x() const { return y_of_x_; }
  const std::vector<std::int32_t>& x_of_y() const { return x_of_y_; }
  const std::vector<Real>& v() const { return v_; }
  Real u(Index i) const { return matched_cost_[i] - v_[y_of_x_[i]]; }

 private:
  std::vector<std::int32_t> assign_tight_pairs();
  std::int32_t tight_column(std::int32_t row, const typename Candidates<Cost>::Best& best) const;
  void bid_without_increment(std::vector<std::int32_t>& free_rows, Index budget);
  bool auction(Real epsilon, Index budget);
  Real typical_regret();
  void recentre();

  void augment(std::int32_t free_row);
  void search(std::int32_t free_row);
  void relax(std::int32_t row);
  void flip_path(std::int32_t free_row);
  void assign(std::int32_t row, std::int32_t column);

  Points rows_;
  const CostRows<Cost>& costs_;
  Index size_;
  Candidates<Cost> candidates_;
  std::vector<Real> v_;
  std::vector<std::int32_t> y_of_x_, x_of_y_;
  std::vector<Real> matched_cost_;

  /// Dijkstra's queue holds columns to settle, and rows (as ~row) whose columns beyond their candidates may
  /// be next.
  struct Event {
    Real distance;
    std::int32_t target;
    bool operator<(const Event& other) const { return distance > other.distance; }  // nearest on top
  };
  struct Column {
    Real distance = infinity;
    std::int32_t from = -1;   ///< row that reached it
    std::int32_t search = 0;  ///< number of the search that this entry belongs to
    bool settled = false;
  };
  std::vector<Event> queue_;
  std::vector<Column> columns_;
  std::vector<Real> offsets_;  ///< distance of a row minus its u: from there, column j is c_ij - v_j away
  std::vector<std::int32_t> settled_;
  std::int32_t searches_ = 0;
  std::int32_t nearest_free_ = -1;
  Real nearest_free_distance_ = infinity;
};

}  // namespace weir::detail
