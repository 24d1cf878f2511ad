// What a method learns a law from: rows of a file, or drawn ones, split into a training and a test part.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "methods/generative/Synthetic.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/Split.hpp"
#include "weir/input/DataOptions.hpp"

namespace weir {

struct FileRows : DataOptions {
  static constexpr const char* doc = "rows of a file";
  VectorValue period{0};  ///< of columns that are angles, say; 0: none
};
struct GenerativeDataOptions {
  std::variant<SyntheticData, FileRows> source;
  std::string where;
};
void describe(Section& section, FileRows& options);
void describe(Section& section, GenerativeDataOptions& options);

struct DataShape {
  Index rows, components;
  std::vector<std::string> columns;  ///< their names, where the file has some
  bool labelled;
};
/// Not collective, but every rank opens the file. Throws InputError.
DataShape shape_of(const GenerativeDataOptions& options);
/// The same of a file; `key`: the deck's key of it.
DataShape shape_of(const FileRows& rows, const std::string& key);

/// Rows in the units of the deck, after `scale` and `shift`.
struct Data {
  Ensemble train, test;
  std::optional<Ensemble> train_labels, test_labels;  ///< of one component, cut like the rows
  std::vector<std::string> columns;
  /// Where the law is known: an independent set of so many rows; `draw` numbers them from 0. Collective.
  std::function<Ensemble(Index rows, Index draw)> fresh;
};

/// Collective. Training rows are cut into tiles of `tile_rows`, so that a row and what belongs to it have one
/// owner. `set` numbers the synthetic sets of one deck. Throws InputError.
Data make_data(const GenerativeDataOptions& options, const SplitOptions& split, const Communicator& comm,
               const RunOptions& run, Index tile_rows, Index set = 0);

/// Rows as a file has them, one after the other, which is also how they are dealt to ranks.
struct LabelledRows {
  Ensemble rows;
  std::optional<Ensemble> labels;
};
/// Collective: nothing is split or shuffled. Throws InputError; `key`: the deck's key of the file.
LabelledRows rows_in_order(const FileRows& file, const std::string& key, const Communicator& comm,
                           const RunOptions& run);

/// The same with at most so many rows; those of a file stay as they are.
GenerativeDataOptions smaller(GenerativeDataOptions options, Index rows);

/// Closes the file that the rows come from; it could be read again.
void close_files(const GenerativeDataOptions& options);

}  // namespace weir
