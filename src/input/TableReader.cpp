#include "input/TableReader.hpp"

#include <fmt/ranges.h>

#include <cmath>
#include <limits>
#include <new>
#include <numeric>
#include <stdexcept>

#include "weir/base/Error.hpp"

namespace weir {

std::vector<std::string> DataReader::texts(Index first, Index count, Index column) {
  std::vector<Real> values(static_cast<std::size_t>(count));
  if (count > 0) read_columns(first, count, {column}, values.data());
  std::vector<std::string> texts;
  for (const Real value : values) texts.push_back(fmt::format("{}", value));
  return texts;
}

void TableReader::read_rows(Index first, Index count, Real* values) {
  std::vector<Index> all(columns_);
  std::iota(all.begin(), all.end(), Index(0));
  read_columns(first, count, all, values);
}

void TableReader::read_columns(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  WEIR_CHECK(first >= 0 && count >= 0 && first <= rows_ - count, "rows {} to {} of {} in {}", first,
             first + count, rows_, name_);
  for (Index column : columns)
    WEIR_CHECK(column >= 0 && column < columns_, "column {} of {} in {}", column, columns_, name_);
  if (count == 0 || columns.empty()) return;
  try {
    load(first, count, columns, values);
  } catch (const LibraryError& error) {
    throw InputError(name_ + ": cannot be read: " + error.what());
  } catch (const std::bad_alloc&) {
    throw InputError(name_ + ": tells of more than memory can hold (damaged?)");
  } catch (const std::length_error&) {
    throw InputError(name_ + ": tells of more than memory can hold (damaged?)");
  }
  const Index width = Index(columns.size());
  for (Index i = 0; i < count * width; ++i)
    if (!std::isfinite(values[i]))
      throw InputError(fmt::format("{}: {} is {}; allowed: finite numbers", name_,
                                   place(first + i / width, columns[i % width]), values[i]));
}

Index TableReader::stack_axes(const std::vector<Index>& shape) {
  if (shape.size() != 3) return 0;
  rows_ = shape[0] * shape[1];
  columns_ = shape[2];
  return shape[0];
}

std::string TableReader::place(Index row, Index column) const {
  const auto names = column_names();
  const std::string name = column < Index(names.size()) ? " (" + names[column] + ")" : "";
  return fmt::format("row {}, column {}{}", row, column, name);
}

std::string shape_text(const std::vector<Index>& shape) {
  return fmt::format("({})", fmt::join(shape, ", "));
}

TableShape table_shape(const std::vector<Index>& shape, const std::string& name) {
  if (shape.empty()) throw InputError(name + ": is a single number; allowed: an array of one axis or more");
  // Bytes, too, must be countable.
  constexpr Index most = std::numeric_limits<Index>::max() / 64;
  Index entries = 1;
  for (Index extent : shape) {
    if (extent < 0 || (extent > 0 && entries > most / extent))
      throw InputError(fmt::format("{}: has the impossible shape {}", name, shape_text(shape)));
    if (extent > 0) entries *= extent;
  }
  TableShape table{shape[0], 1};
  for (size_t axis = 1; axis < shape.size(); ++axis) table.columns *= shape[axis];
  return table;
}

}  // namespace weir
