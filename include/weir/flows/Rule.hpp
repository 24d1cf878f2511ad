// How one block of a flow moves by one step, given its velocity.
#pragma once

#include "weir/base/Types.hpp"

namespace weir {

class Rule {
 public:
  virtual ~Rule() = default;
  /// How many numbers the rule remembers for each number of the block; zero at the start.
  virtual Index memory() const { return 0; }
  /// Collective. Step number `step`, of size h: moves x by its velocity v (components x local particles) and
  /// noise of the given temperature. `memory`: memory() * components rows, the first number of every
  /// component first.
  virtual void advance(Index step, Real h, Real temperature, const MatrixRef<const Real>& v,
                       const MatrixRef<Real>& x, const MatrixRef<Real>& memory) = 0;
  /// Which of the remembered numbers is the running average of the block; negative: none is kept.
  virtual Index average() const { return -1; }
};

}  // namespace weir
