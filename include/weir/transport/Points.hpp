// Point clouds as transport sees them: plain arrays on the host.
#pragma once

#include "weir/base/Types.hpp"

namespace weir {

/// `count` points of `dimension` components each, not owned; point i lies at values + i * dimension.
struct Points {
  const Real* values = nullptr;
  Index count = 0;
  Index dimension = 0;

  const Real* operator[](Index i) const { return values + i * dimension; }
};

/// What it costs to move unit mass from a to b: |a - b|^2 or |a - b|.
enum class TransportCost { squared_distance, distance };

}  // namespace weir
