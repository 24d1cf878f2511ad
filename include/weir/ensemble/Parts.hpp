// Ensembles made of others: copies, some of their components, two side by side; and how far two are apart row
// by row.
#pragma once

#include "weir/ensemble/Ensemble.hpp"

namespace weir {

// What is made is cut as the ensemble that it comes from, and shares no memory with it. Nothing is collective
// but the last function.
Ensemble copy_of(const Ensemble& ensemble);
/// Components [first, end).
Ensemble components_of(const Ensemble& ensemble, Index first, Index end);
/// The components of a, then those of b, which is cut alike.
Ensemble side_by_side(const Ensemble& a, const Ensemble& b);

/// Collective: the root of the mean over particles and components [first, end) of (a - b)^2.
Real root_mean_square(const Ensemble& a, const Ensemble& b, Index first, Index end);

}  // namespace weir
