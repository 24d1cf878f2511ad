// Ridge-regularised least squares from a Gram matrix, and what the data do not determine.
//
//     (A'A + ridge I) theta = -A'b,   A'A, A'b and b'b given
//
// Rank, condition and null directions are those of the column-scaled design (every column of A of unit
// length), so that they do not depend on units.
#pragma once

#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

struct LeastSquares {
  std::vector<Real> theta;
  Real residual = 0;  ///< |A theta + b|^2
  Index rank = 0;
  Real condition = 0;  ///< of the scaled design, over the directions that are determined
  /// Every direction of theta that leaves A theta unchanged, as sparse as elimination makes it: "V: x0 - W:
  /// x0".
  std::vector<std::string> null_directions;
};

/// gram: lower triangle (column-major, order n + 1) of [A b]'[A b]. Without ridge, what is not determined is
/// set to zero in the scaled design. Not collective.
LeastSquares solve_least_squares(const std::vector<Real>& gram, Index n, Real ridge,
                                 const std::vector<std::string>& names);

}  // namespace weir
