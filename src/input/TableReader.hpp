// What all readers share: the checks before and after a read.
#pragma once

#include "weir/input/DataReader.hpp"

namespace weir {

class TableReader : public DataReader {
 public:
  Index rows() const final { return rows_; }
  Index columns() const final { return columns_; }
  void read_rows(Index first, Index count, Real* values) final;
  void read_columns(Index first, Index count, const std::vector<Index>& columns, Real* values) final;

 protected:
  /// `name` stands in messages: the file, with the array where it holds several.
  explicit TableReader(std::string name) : name_(std::move(name)) {}

  /// Rows of some columns, row-major; both are in range.
  virtual void load(Index first, Index count, const std::vector<Index>& columns, Real* values) = 0;
  /// For `stack`, of an array whose axes are these.
  Index stack_axes(const std::vector<Index>& shape);
  /// "row 3, column 2 (PC1)"
  virtual std::string place(Index row, Index column) const;

  std::string name_;
  Index rows_ = 0;
  Index columns_ = 0;
};

/// Rows and flattened columns of an array of this shape. Throws InputError where it has no axes, or too many
/// entries.
struct TableShape {
  Index rows = 0, columns = 1;
};
TableShape table_shape(const std::vector<Index>& shape, const std::string& name);

}  // namespace weir
