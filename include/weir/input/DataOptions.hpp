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
  std::vector<Real> select;  ///< labels of the rows that are read; empty: all rows
};
void describe(Section& section, LabelOptions& options);

/// `file: {path: x.npy, columns: [0, 5], scale: 0.1, labels: {column: hours, select: [0, 24]}}`
struct DataOptions {
  static constexpr const char* key = "file";
  static constexpr const char* shorthand = "path";
  PathValue path;
  std::string dataset;
  std::optional<std::array<Index, 2>> columns;  ///< half-open; absent: all but the labels' column
  VectorValue scale{1}, shift{0};               ///< value = scale * raw + shift
  std::optional<LabelOptions> labels;

  std::string key_path;                               ///< where the deck gives these options, for messages
  std::shared_ptr<std::shared_ptr<DataFile>> shared;  ///< by copies of options from a deck (see open_data)
};
void describe(Section& section, DataOptions& options);

}  // namespace weir
