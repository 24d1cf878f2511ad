// Potentials to start a transport problem from: those of a quarter of its points.
#pragma once

#include "transport/AssignmentSolver.hpp"

namespace weir::detail {

/// The two clouds of a problem, in units of 2^exponent, as rows and as what rows are compared with.
template <class Cost>
struct Problem {
  std::vector<Real> x_values, y_values;
  Points x, y;
  CostRows<Cost> to_x, to_y;

  Problem(std::vector<Real> x_points, std::vector<Real> y_points, Index dimension)
      : x_values(std::move(x_points)),
        y_values(std::move(y_points)),
        x{x_values.data(), Index(x_values.size()) / dimension, dimension},
        y{y_values.data(), Index(y_values.size()) / dimension, dimension},
        to_x(x),
        to_y(y) {}
  Problem(const Problem&) = delete;
};

std::vector<Real> scaled(Points points, int exponent);

template <class Cost>
AssignmentSolver<Cost> solve(const Problem<Cost>& problem);

/// v_j = min_i c(x_i, y_j) - u_i over some of the points x, with the u_i of an assignment among as many of
/// the points y; zeros where the problem is small or most points are nearest neighbours of each other.
template <class Cost>
std::vector<Real> starting_potentials(const Problem<Cost>& problem);

}  // namespace weir::detail
