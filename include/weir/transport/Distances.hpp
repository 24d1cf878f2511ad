#pragma once
#include <vector>
#include "weir/transport/Points.hpp"
namespace weir { Real wasserstein(Points x, Points y, int order); Real energy_distance(Points x, Points y); Real maximum_mean_discrepancy(Points x, Points y); Real bures_distance(const std::vector<Real>& m, const std::vector<Real>& S, const std::vector<Real>& n, const std::vector<Real>& T); }
