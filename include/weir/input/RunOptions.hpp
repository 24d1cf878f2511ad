// The section `run` of every deck.
#pragma once

#include <optional>
#include <string>

#include "weir/input/Section.hpp"

namespace weir {

struct CheckpointOptions {
  Index every = 0;    ///< steps; 0: not by steps
  Real minutes = 30;  ///< 0: not by time
  Index keep = 2;
};
void describe(Section& section, CheckpointOptions& options);

/// What `--estimate` plans for; no run looks at it.
struct MachineOptions {
  std::optional<Real> latency, bandwidth;  ///< of a message between two nodes; absent: measured
  std::optional<Real> memory;              ///< that a rank may take
};
void describe(Section& section, MachineOptions& options);

struct RunOptions {
  std::string name;  ///< where the deck gives none: the deck's file name without its ending
  Index seed = 0;
  std::string precision = "double";  ///< of networks and pair kernels: double or single
  Index tile = 64;
  std::string output = "out/<name>";
  CheckpointOptions checkpoint;
  MachineOptions machine;
  enum class Talk { quiet, normal, verbose } talk = Talk::normal;  ///< of the command line, not of the deck

  bool single_precision() const { return precision == "single"; }
  /// The output folder, `<name>` replaced; relative to the folder that the run starts in.
  std::string output_folder() const;
};

void describe(Section& section, RunOptions& options);

}  // namespace weir
