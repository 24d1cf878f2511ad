// The contract between a method and the steppers: a coupled gradient flow of blocks.
//
//     d X_b = v_b(t, X) dt + sqrt(2 T_b) dW_b
#pragma once

#include <memory>

#include "weir/flows/State.hpp"

namespace weir {

class Flow {
 public:
  virtual ~Flow() = default;
  virtual std::shared_ptr<const Layout> layout() const = 0;
  /// Collective; pure in (t, x): steppers may ask for it several times a step, and reject steps. v is
  /// overwritten.
  virtual void velocity(Real t, const ConstBlockViews& x, const BlockViews& v) = 0;
  /// T_b(t); 0: the block is noise-free.
  virtual Real temperature(Real t, Index block) const = 0;
  /// The largest T_b(t) of all t from `start` on and before `end`.
  virtual Real largest_temperature(Real start, Real end, Index block) const = 0;
};

}  // namespace weir
