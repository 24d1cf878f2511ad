// What an earlier run left in the folder of a run.
#pragma once

#include <string>

#include "weir/base/Types.hpp"

namespace weir {

struct EarlierRun {
  bool there = false;
  bool finished = false;  ///< its summary says so
  Index checkpoints = 0;
  std::string deck;  ///< its deck.yaml; empty where there is none

  /// "a finished run", "a run that was stopped, with 2 checkpoints"
  std::string told() const;
};
/// Not collective; no folder is no run.
EarlierRun earlier_run_in(const std::string& folder);

/// Not collective. Throws InputError (key run.output) where the folder, or the nearest one above it that
/// exists, cannot be written. Makes nothing.
void check_output_folder(const std::string& folder);

}  // namespace weir
