// Small populations that every number of ranks makes alike.
#pragma once

#include <cmath>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"

namespace weir::testing_tools {

/// Population k of sizes[k] particles in the plane, moved a little from the one before.
inline std::vector<Ensemble> clouds(const Communicator& comm, const std::vector<Index>& sizes) {
  std::vector<Ensemble> populations;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    populations.emplace_back(comm, sizes[k], 2, 8);
    const Index first = populations[k].partition.first_particle();
    for (Index i = 0; i < populations[k].partition.local_particles(); ++i) {
      populations[k].x(0, i) = std::cos(0.7 * Real(first + i) + Real(k));
      populations[k].x(1, i) = std::sin(1.3 * Real(first + i)) + 0.2 * Real(k);
    }
  }
  return populations;
}

}  // namespace weir::testing_tools
