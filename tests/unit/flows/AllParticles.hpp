// The particles of a stage's first block, on all ranks.
#pragma once

#include <algorithm>
#include <vector>

#include "weir/flows/Stage.hpp"

namespace weir::testing_tools {

/// All particles on all ranks. Collective.
inline std::vector<Real> all_particles(Stage& stage) {
  const ConstBlockViews views(stage.state().layout(), stage.state().vec());
  const auto x = views[0];
  const auto bytes = stage.state().layout().comm().all_gather(x.data(), Index(x.size() * sizeof(Real)));
  std::vector<Real> all(bytes.size() / sizeof(Real));
  std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(all.data()));
  return all;
}

}  // namespace weir::testing_tools
