// What `weir --estimate DECK --ranks 1,64,4096` prints: memory, time and efficiency of the parts of a
// run, and what limits them.
#pragma once

#include <string>

#include "weir/input/CommandLine.hpp"
#include "weir/methods/Method.hpp"

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

/// Collective: the table or JSON, for rank 0 to print. Throws InputError for what the model does not cover.
std::string estimate(const Method& method, const RunOptions& run, const CommandLine& command,
                     const Communicator& comm);

}  // namespace weir
