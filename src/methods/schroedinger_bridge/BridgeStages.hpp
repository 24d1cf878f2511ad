// The stages of schroedinger_bridge.
#pragma once

#include "weir/output/StageList.hpp"

namespace weir {

/// Through snapshots: pieces of couplings, then of metrics.
inline StageList snapshot_stages() {
  return StageList({"couple", "measure"});
}

}  // namespace weir
