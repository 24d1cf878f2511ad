// What couplings of consecutive populations leave to whoever learns from them.
#pragma once

#include "weir/ensemble/Ensemble.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {

/// What the coupling of consecutive populations leaves at the particles of one of them.
struct CoupledEnsemble : ConditionalDisplacement {
  Real cost = 0, gap = 0;   ///< of the whole coupling: mean squared displacement, duality gap
  Real marginal_error = 0;  ///< of an entropic coupling; exact ones have none
  Index iterations = 0;     ///< of an entropic coupling
};

/// One step from population k to k + 1, seen from the population where the features are taken.
struct Transition {
  const Ensemble& at;
  const CoupledEnsemble& coupled;
  Real tau;
  Matrix<Real> scores = {};  ///< of `at`, grad log rho; empty where no entropy is learned
};

}  // namespace weir
