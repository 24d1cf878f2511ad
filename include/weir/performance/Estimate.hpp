// What `weir --estimate DECK --ranks 1,64,4096` prints: memory, time and efficiency of the parts of a
// run, and what limits them.
#pragma once

#include <string>
#include <vector>

#include "weir/input/RunOptions.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

/// A latency-bandwidth description of a interconnect.
struct Interconnect {
  Real latency = 2e-6, bandwidth = 10e9;  ///< seconds, bytes a second; these where nothing is known
  std::string source = "assumed";         ///< deck, measured or assumed

  /// What `traffic` takes on so many ranks.
  Real seconds(const Traffic& traffic, Index ranks) const;
};

/// Collective: as the deck says; what it leaves open from messages between the first and the last rank, where
/// these are two.
Interconnect describe_interconnect(const MachineOptions& options, const Communicator& comm);

struct TimePrediction {
  Index ranks;
  Real memory, seconds, efficiency;
  std::string limit;  ///< compute, few tiles, serial work, latency, bandwidth or memory
};
TimePrediction predict_time(const CostModel& model, const Interconnect& interconnect,
                            const MachineOptions& machine, Real program_memory, Index ranks);

/// Collective: bytes of the largest process by now; before anything else, of the program and its libraries.
Real resident_memory(const Communicator& comm);

/// What an estimate is of.
struct Estimated {
  std::string deck, method;  ///< names, for the JSON
  std::vector<CostedPart> parts;
  Real program_memory = 0;  ///< bytes that every rank takes besides
};

/// Collective: measures the parts, and returns the table or the JSON, for rank 0 to print.
std::string estimate(const Estimated& estimated, const MachineOptions& machine,
                     const std::vector<Index>& ranks, bool as_json, const Communicator& comm);

}  // namespace weir
