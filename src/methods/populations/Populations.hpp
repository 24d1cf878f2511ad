// Snapshots of a population: ensembles at times t_0 < t_1 < .., each split into a training and a test part.
//
// unpaired (default)  every snapshot is an independent population: rows read are shuffled and split per
// snapshot;
//                     simulated training populations start from a fresh ensemble each
// paired              row i of every snapshot is the same particle, and stays so through the split
//
// Simulated test particles are one trajectory in either case, so that a prediction is measured against where
// the very same particles went.
#pragma once

#include <variant>
#include <vector>

#include "methods/simulate/SimulateOptions.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/Split.hpp"
#include "weir/input/DataOptions.hpp"
#include "weir/input/RunOptions.hpp"

namespace weir {

struct SimulatedPopulations : SimulateOptions {
  static constexpr const char* key = "simulate";
  static constexpr const char* doc = "simulated: one population a step";
};
struct FilePopulations : DataOptions {
  static constexpr const char* key = "file";
  static constexpr const char* doc = "read from a file whose rows carry labels, one population a label";
  std::vector<Real> times;  ///< one a population, in ascending order of labels; empty: the labels themselves
  std::string standardise = "false";
};
struct SnapshotPopulations {
  static constexpr const char* key = "snapshots";
  static constexpr const char* doc = "a block of the snapshots.h5 that a run left, one population a snapshot";
  static constexpr const char* shorthand = "path";
  PathValue path;
  std::string block = "paths";
};
struct PopulationsOptions {
  std::variant<SimulatedPopulations, FilePopulations, SnapshotPopulations> source;
  std::string where;
};
void describe(Section& section, SimulatedPopulations& options);
void describe(Section& section, FilePopulations& options);
void describe(Section& section, SnapshotPopulations& options);
void describe(Section& section, PopulationsOptions& options);

/// Where the components of particles come from, in the file: value = scale * raw + shift.
struct SourceColumns {
  std::vector<Index> numbers = {};
  std::vector<std::string> names = {};  ///< empty where the file has none
  std::vector<Real> scale = {}, shift = {};
};

struct Populations {
  std::vector<Real> times;
  std::vector<Ensemble> train, test;
  /// One component: the number of each particle's row in the file; empty where they come from elsewhere.
  std::vector<Ensemble> train_rows = {}, test_rows = {};
  /// The label of each population, where it is a text of the file; else empty.
  std::vector<std::string> names = {};
  SourceColumns source = {};  ///< of a file
  /// How columns were standardised, y = (x - mean) / deviation; empty: they were not.
  std::vector<Real> mean = {}, deviation = {};
  /// What the user should know: how labels were understood, how columns were standardised.
  std::vector<std::string> remarks = {};
  Index count() const { return Index(times.size()); }
  Index dimension() const { return train.front().components(); }
};

/// Collective. `left_out`: numbers of populations that nothing is learned from. Throws InputError: fewer than
/// two populations, an empty part, unequal sizes under `paired`.
Populations make_populations(const PopulationsOptions& options, const SplitOptions& split, bool paired,
                             const Communicator& comm, const RunOptions& run,
                             const std::vector<Index>& left_out = {});

/// Not collective: the ensemble in the units of the file; itself where nothing was standardised.
Ensemble in_units_of_file(const Populations& populations, const Ensemble& ensemble);

/// "population 2 (day3) at time 3: 100 to train, 50 to test, 5 components", one a population.
std::vector<std::string> population_lines(const Populations& populations);

/// Closes the file that populations were read from; they could be made again.
void close_files(const PopulationsOptions& options);

/// Collective: checks what can be checked without simulating, and returns the dimension.
Index check_populations(const PopulationsOptions& options, const Communicator& comm, const RunOptions& run);

}  // namespace weir
