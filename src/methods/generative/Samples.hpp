// samples.h5: what a method generated, in the units of the data.
//
//     /samples   (count, components), attribute `columns` where the data have names
//     /latents   (count, components), where there are any
//
// Committed whole when all of it is known.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/output/RunOutput.hpp"

namespace weir {

struct NamedRows {
  std::string name;
  const Ensemble* rows;
};

/// Collective: writes the tables; `columns` may be empty. Throws RunError.
void write_samples(RunOutput& output, const std::vector<NamedRows>& tables,
                   const std::vector<std::string>& columns);

}  // namespace weir
