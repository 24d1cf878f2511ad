// A table in a file as decks give it: which columns, which rows, in which units.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/input/Section.hpp"

namespace weir {

class DataFile;

/// Labels of the rows, and which rows to read: a column of the data's own file, or a table of one column in
/// another.
struct LabelOptions {
  std::string column;  ///< by its name or its number, counted from 0
  PathValue path;
  std::string dataset;
  std::vector<RealOrWord> select;  ///< labels of the rows that are read, or ranges of them; empty: all rows
};
void describe(Section& section, LabelOptions& options);

/// `file: {path: x.npy, columns: [PC1, 3..5], scale: 0.1, labels: {column: hours, select: [0, 24..72]}}`
struct DataOptions {
  static constexpr const char* key = "file";
  static constexpr const char* shorthand = "path";
  /// For messages: the path, or the first of several.
  const std::string& name() const { return paths.empty() ? path.path : paths.front().path; }
  PathValue path;
  std::vector<PathValue> paths;  ///< instead of one: several, whose rows follow each other
  std::string dataset;
  std::optional<std::vector<IndexOrWord>> columns;  ///< see ColumnChoice; absent: all but the labels' column
  VectorValue scale{1}, shift{0};                   ///< value = scale * raw + shift
  std::optional<LabelOptions> labels;

  /// Rows are populations where they carry no labels: those of a file each, or those of an array of three
  /// axes.
  bool parts_are_labels = false;
  std::string key_path;                               ///< where the deck gives these options, for messages
  std::shared_ptr<std::shared_ptr<DataFile>> shared;  ///< by copies of options from a deck (see open_data)
};
void describe(Section& section, DataOptions& options);

}  // namespace weir
