// The data file of a deck, open: the rows and columns that its options choose, scaled, and the labels of
// rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/input/DataOptions.hpp"
#include "weir/input/DataReader.hpp"

namespace weir {

class LabelColumn;
class LabelSelection;
struct LabelMeaning;

/// Nothing here is collective: every rank opens the file and reads the rows it wants. All methods throw
/// InputError with the key of the deck that a problem comes from.
class DataFile {
 public:
  explicit DataFile(const DataOptions& options);
  ~DataFile();

  /// Those that are selected.
  Index rows() const { return rows_; }
  Index columns() const { return Index(columns_.size()); }
  /// Names of the chosen columns; empty where the file has none.
  std::vector<std::string> column_names() const;
  /// Their numbers in the file, and value = scale * raw + shift, one of each a column.
  const std::vector<Index>& column_numbers() const { return columns_; }
  const std::vector<Real>& scale() const { return scale_; }
  const std::vector<Real>& shift() const { return shift_; }
  bool has_labels() const { return labels_ != nullptr; }
  /// What the texts of labels stand for; null where labels are numbers of the file.
  const LabelMeaning* label_meaning() const;
  /// Text of a label that `read` gave, as the file has it.
  std::string label_text(Real label) const;
  /// The array's axes as the file has them, for messages, and their number.
  std::string shape() const;
  Index axes() const;

  /// Rows [first, first + count), row-major, value = scale * raw + shift; where they are not null, their
  /// labels, and their numbers in the file, from 0 (rows that are not selected count). Read fastest in
  /// ascending order.
  void read(Index first, Index count, Real* values, Real* labels = nullptr, Index* numbers = nullptr);

 private:
  /// Rows of the table that are selected, one after the other.
  struct Block {
    std::vector<Real> values, labels;
    std::vector<Index> numbers;
  };
  void open_table(const DataOptions& options);
  void open_labels(const DataOptions& options);
  DataReader& find_labels(const DataOptions& options);
  void count_selected(const DataOptions& options);
  std::vector<std::string> list_labels();
  bool is_selected(Real label) const;
  void load(Index first, Index count, Block& block);
  void load_apart(Index first, Index count, Block& block);
  void read_values(Index first, Index count, Real* values);
  void read_labels(Index first, Index count, Real* labels);
  void rescale(Index count, Real* values) const;

  std::string path_, path_key_, label_key_;
  std::unique_ptr<DataReader> table_, label_table_;
  std::vector<Index> parts_;             // first rows of the parts that rows come in, and the end
  std::vector<std::string> part_names_;  // empty: parts have numbers
  std::unique_ptr<LabelSelection> selection_;
  std::unique_ptr<LabelColumn> labels_;
  std::vector<Index> columns_;
  std::vector<Real> scale_, shift_;
  Index label_column_ = -1;             // of the table
  std::vector<Index> selected_before_;  // selected rows before each block of the table; none: all rows are
  Index rows_ = 0;
};

/// The file of the options. Options that were read from a deck, and copies of them, share one that is opened
/// when it is first asked for.
std::shared_ptr<DataFile> open_data(const DataOptions& options);

/// Closes the file that the options share; it would be opened again.
void close_data(const DataOptions& options);

}  // namespace weir
