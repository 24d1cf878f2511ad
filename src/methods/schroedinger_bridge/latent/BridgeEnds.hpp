// The latents at both ends of a bridge, and where its paths begin.
//
//     convolved   y + sigma xi, y a training row
//     gaussian    N(m, C + sigma^2 I), m and C the moments of the training rows
//     point       0
//     ensemble    rows that were given, else those of the start that are held out
#pragma once

#include <optional>

#include "methods/schroedinger_bridge/latent/BridgeOptions.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/input/RunOptions.hpp"

namespace weir {

/// Rows that are trained on, and those that are held out.
struct BridgeEnds {
  Ensemble train, test;
  std::optional<Ensemble> start_train, start_test;  ///< where it starts from an ensemble
  std::optional<Ensemble> given_starts;             ///< in place of those held out
  Real sigma;
};

/// Of a bridge from an ensemble.
Index starts_at_hand(const BridgeEnds& ends);

/// Collective: where `count` paths begin, or as many as starts were given: the same on any number of ranks.
/// An ensemble has at least `count` starts.
Ensemble draw_starts(const StartOptions& start, const BridgeEnds& ends, Index count, const RunOptions& run);

}  // namespace weir
