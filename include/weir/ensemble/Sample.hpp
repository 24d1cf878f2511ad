// A few particles of an ensemble: on one rank, for work that takes them whole, or cut anew.
#pragma once

#include <vector>

#include "weir/ensemble/Ensemble.hpp"

namespace weir {

/// Collective: at most `points` particles, without repetition, drawn by counters (seed, tick): the same on
/// any number of ranks. They lie on `rank` one after the other, components together; the result is empty
/// elsewhere.
std::vector<Real> sample_on(int rank, const Ensemble& ensemble, Index points, Index seed, Index tick);

/// Collective: the first `count` particles as an ensemble of their own, in tiles of `tile`.
Ensemble first_particles(const Ensemble& ensemble, Index count, Index tile);

}  // namespace weir
