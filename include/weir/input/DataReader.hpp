// Tables of numbers in files: .npy .npz .csv(.gz) .h5 .h5ad and IDX(.gz), row by row.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

/// A table of rows x columns in a file. Nothing here is collective: every rank opens the file and reads the
/// rows it wants, and holds no more than those. All methods throw InputError (with file, row and column where
/// there are any; rows and columns are counted from 0) for what is not a table of finite numbers.
class DataReader {
 public:
  virtual ~DataReader() = default;
  virtual Index rows() const = 0;
  /// Numbers per row: an array of more than two axes has its later axes flattened, of one axis has one
  /// column.
  virtual Index columns() const = 0;
  /// Names of the columns where the file has them (CSV header, h5ad variables), else empty.
  virtual std::vector<std::string> column_names() const { return {}; }
  /// Lengths of the array's axes as the file has them.
  virtual std::vector<Index> shape() const { return {rows(), columns()}; }
  /// Takes an array of three axes (populations, particles, components) for a table whose rows are particles,
  /// one population behind the other. Returns the number of populations; 0, and nothing changes, where the
  /// array has other axes.
  virtual Index stack() { return 0; }
  /// Whether a column holds texts, or anything but numbers; and those of rows [first, first + count).
  virtual bool has_texts(Index) const { return false; }
  virtual std::vector<std::string> texts(Index first, Index count, Index column);
  /// Rows [first, first + count), row-major, all columns.
  virtual void read_rows(Index first, Index count, Real* values) = 0;
  /// The same for some columns, in the order of `columns`. What stands in the others (text, NaN) does not
  /// matter.
  virtual void read_columns(Index first, Index count, const std::vector<Index>& columns, Real* values) = 0;
};

/// "(3, 1000, 2)"
std::string shape_text(const std::vector<Index>& shape);

/// Chooses the reader by the file's name (a clear error lists the kinds that are read). `dataset` names the
/// array in a file that holds several: .npz member, path in .h5; for .h5ad "X" (default) or "obsm/X_pca" and
/// the like or "obs/<column>" (categories become their index). Empty: the only one there is, or an error that
/// lists them. Rows are read fastest in ascending order: compressed files have no other.
std::unique_ptr<DataReader> open_data(const std::string& path, const std::string& dataset = "");

/// Names that `dataset` may have: members of .npz, data sets of .h5, of .h5ad X, layers/.., obsm/.. and
/// obs/..; empty where the file is one table. Throws InputError.
std::vector<std::string> arrays_in(const std::string& path);

/// Tables that this process has opened so far: for tests.
Index tables_opened();

}  // namespace weir
