// Centres of radial features taken from the data by k-means++.
#pragma once

#include <vector>

#include "weir/energies/FeatureBasis.hpp"
#include "weir/ensemble/Ensemble.hpp"

namespace weir {

enum class CentresOf { points, differences };

/// Collective: the centres that `options` asks of the data (d x number), or an empty matrix where it asks for
/// none. Points: of all ensembles together; differences: of each particle and the one shuffled to its place,
/// for W.

HostMatrix<Real> data_centres(const FeatureOptions& options, const std::vector<const Ensemble*>& ensembles,
                              CentresOf of, Index seed);

/// Throws InputError where there are fewer training points than centres asked for. Not collective.
void check_data_centres(const FeatureOptions& options, const std::vector<Ensemble>& ensembles);

}  // namespace weir
