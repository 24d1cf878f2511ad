// How a rule's noise is keyed: by the run's seed, the stage, the block and what the numbers are for.
#pragma once

#include <cstdint>

#include "weir/base/Error.hpp"
#include "weir/flows/Rule.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// Stages that keys can tell apart.
constexpr int most_stages = 1 << 25;

inline Random noise_of(const RuleSite& site, Stream stream) {
  WEIR_CHECK(site.stage >= 0 && site.stage < most_stages && site.number >= 0 && site.number <= most_blocks,
             "stage {}, block {}", site.stage, site.number);
  return Random(site.seed, stream, site.stage * int(most_blocks + 1) + site.number);
}

}  // namespace weir
