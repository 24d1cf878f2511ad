// Whether a network that is being trained draws copies of the rows that it learns from.
//
//     copying = median distance of samples to the nearest training row / the same of rows held out
//
// of a few samples, by few steps: a look during training, not the figure at its end. Paths begin where the
// first of those begin that are generated afterwards, with noise of their own.
#pragma once

#include "methods/schroedinger_bridge/drifts/EndpointNetwork.hpp"
#include "methods/schroedinger_bridge/latent/BridgeEnds.hpp"

namespace weir {

/// All methods are collective.
class SampleWatch {
 public:
  /// Whether there are rows enough to tell.
  static bool can_tell(const BridgeOptions& options, const BridgeEnds& ends);
  /// `options`, `ends` outlive the object.
  SampleWatch(const BridgeOptions& options, const BridgeEnds& ends, const RunOptions& run);
  Real copying(const EndpointNetwork& network) const;

  // A kernel, which nvcc takes in public functions only.
  void add_step(const Matrix<Real>& z, const Matrix<Real>& to_end, Real rate, const Matrix<Real>& noise,
                Real deviation) const;

 private:
  const BridgeOptions& options_;
  const BridgeEnds& ends_;
  RunOptions run_;
  Ensemble starts_;
};

}  // namespace weir
