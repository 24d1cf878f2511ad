// Runs that are interrupted and go on: on some of the ranks, from checkpoints, compared in the end.
#pragma once

#include <map>
#include <optional>

#include "methods/InProcess.hpp"

namespace weir::testing_tools {

struct DeckRun {
  const SharedFolder& folder;
  std::string deck;
  std::string output = "out";
  std::vector<std::string> settings = {};
  bool check = false;  // `--check`
  std::optional<Real> time_limit = {};

  /// On the first `ranks` ranks (0: on all), `restart` as on the command line. Collective over all ranks.
  Outcome operator()(int ranks = 0, std::optional<std::string> restart = {}) const;
};

std::vector<std::string> checkpoints(const SharedFolder& folder, const std::string& output = "out");

std::map<std::string, std::vector<Real>> snapshots_of(const std::string& folder);

/// Every data set of an HDF5 file as bytes. (Files of equal contents may differ in the gaps between objects.)
std::map<std::string, std::string> contents_of(const std::string& path);

/// But for times and ranks.
void expect_equal_runs(const std::string& one, const std::string& other);

/// As after a crash: checkpoints whose names do not end in `last` were never made.
void forget_all_but(const SharedFolder& folder, const std::string& last);

/// A time limit of nothing stops a run wherever it asks: where a step or a piece of work is done and kept.
/// Returns the number of runs that it took.
int run_interrupted(const SharedFolder& folder, const std::string& deck);

/// `least`: stops that there must be, beside those at steps of a training.
void expect_equal_when_interrupted(const std::string& deck, int least);

}  // namespace weir::testing_tools
