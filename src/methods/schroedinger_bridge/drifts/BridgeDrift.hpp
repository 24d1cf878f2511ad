// The drift of a bridge to a law, by where it expects to end.
//
//     dZ = b(Z, t) dt + sigma dW,      b(z, t) = (E[Z_1 | Z_t = z] - z) / (1 - t)
//
// The score of the blurred law says the same: sigma^2 grad log q_{sigma sqrt(1-t)} = b for a start q_sigma.
#pragma once

#include <memory>

#include "weir/base/Types.hpp"

namespace weir {

class BridgeDrift {
 public:
  virtual ~BridgeDrift() = default;
  /// Collective: E[Z_1 | Z_t = z] - z for the local particles, of the partition that the drift was made for;
  /// t < 1.
  virtual void displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) = 0;
};

}  // namespace weir
