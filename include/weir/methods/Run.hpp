// A whole run, from the words of the command line to the exit code.
#pragma once

#include "weir/input/CommandLine.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

/// stopped: before its end, with a checkpoint written; the same command with --restart goes on.
enum class ExitCode { done = 0, failed = 1, bad_input = 2, stopped = 85 };

/// How a run ended: its exit code and, where that is not `done`, what the user is told.
struct Outcome {
  ExitCode code;
  std::string message;
  bool perhaps_alone = false;  ///< other ranks may not know of it: an error that nobody has agreed on
};

/// Collective; the libraries must be running. The same on all ranks unless `perhaps_alone`; nothing is
/// thrown, and nothing is written where the input is bad.
Outcome run_to_outcome(const CommandLine& command, const Communicator& comm);

/// Collective; the libraries must be running. Errors are reported once, by rank 0 on standard error, and
/// become the exit code. Nothing is written where the input is bad.
int run(const CommandLine& command, const Communicator& comm);

}  // namespace weir
