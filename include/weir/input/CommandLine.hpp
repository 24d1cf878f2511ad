// weir DECK [options] [-- PETSc options]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

struct CommandLine {
  std::string deck;
  std::string new_from, new_method = "learn_energies";  ///< weir new FILE [METHOD]
  std::vector<std::string> settings;                    ///< of every --set
  bool check = false;
  bool overwrite = false;  ///< replaces what an earlier run left in the output folder
  bool quiet = false, verbose = false;
  bool benchmark = false;  ///< runs the deck and tells what it took
  bool estimate = false;   ///< runs nothing: tells what a step would take on `ranks` ranks
  bool json = false;       ///< of the estimate
  std::vector<Index> ranks{1, 64, 4096, 65536};
  std::optional<std::string>
      restart;                     ///< continue from this checkpoint; empty: from the newest that is whole
  std::optional<Real> time_limit;  ///< seconds after which the run stops with a checkpoint
  // Each of these prints something and ends; no deck is needed.
  bool reference = false;
  bool schema = false;
  bool version = false;
  bool build_info = false;
  bool help = false;
  std::vector<std::string> petsc_options;  ///< what stands after "--"

  bool needs_deck() const {
    return new_from.empty() && !(reference || schema || version || build_info || help);
  }
};

/// Throws InputError for what is not understood; starts no library, so it may come before MPI.
CommandLine parse_command_line(int argc, const char* const* argv);

/// The text of --help.
std::string command_line_help();

}  // namespace weir
