// Sizes of the populations that a deck learns from, and small stand-ins for them: what the models of its
// costs need instead of the populations themselves.
#pragma once

#include <vector>

#include "methods/learn_energies/LearnEnergiesOptions.hpp"

namespace weir {

struct LearningShape {
  Index dimension = 0;
  std::vector<Index> train;  ///< particles for training, of the populations that are not left out
  std::vector<Real> times;   ///< of these
  std::vector<Index> all;    ///< particles, of all populations
  Index transitions() const { return Index(train.size()) - 1; }
  /// Bytes of the populations and of what their couplings leave, on the rank that has most.
  Real memory(const RunOptions& run, int ranks) const;
};

/// Collective. Simulated populations are not simulated; a file is read. Throws InputError.
LearningShape learning_shape(const LearnEnergiesOptions& options, const Communicator& comm,
                             const RunOptions& run);

/// Two consecutive populations on this rank alone, of n and m training particles: the first ones of the
/// simulation, at a smaller size, or normal ones instead of those of a file. Not collective.
Populations small_populations(const LearnEnergiesOptions& options, Index dimension, Index n, Index m,
                              const RunOptions& run);

/// A coupling that moves nothing, with uniform masses: for times that do not depend on what a coupling holds.
CoupledEnsemble at_rest(const Ensemble& ensemble);

}  // namespace weir
