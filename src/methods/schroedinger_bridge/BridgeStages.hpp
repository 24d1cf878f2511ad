// The stages of schroedinger_bridge.
#pragma once

#include "weir/output/StageList.hpp"

namespace weir {

/// Through snapshots: pieces of couplings, then of metrics.
inline StageList snapshot_stages() {
  return StageList({"couple", "measure"});
}

/// To the law of data: training of the autoencoder, pieces of the entropic plan, training of the drift, steps
/// of the bridge, those of three reference bridges (ReferenceBridges.hpp), training of a classifier, pieces
/// of metrics.
inline StageList latent_stages() {
  return StageList(
      {"pretrain", "couple", "train", "generate", "exact", "fine", "late", "classify", "measure"});
}

}  // namespace weir
