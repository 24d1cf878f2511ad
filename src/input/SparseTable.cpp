#include "input/SparseTable.hpp"

#include <algorithm>

#include "base/CrashMessage.hpp"

namespace weir {

namespace {

constexpr Index entries_a_piece = 1 << 20;

// "csr" or "csc" in today's and in former files, else empty.
std::string sparse_format(hid_t group) {
  const std::string today = hdf5::text_attribute(group, "encoding-type");
  const std::string former = hdf5::text_attribute(group, "h5sparse_format");
  return today == "csr_matrix" || today == "csc_matrix" ? today.substr(0, 3) : former;
}

}  // namespace

bool SparseTable::is_one(hid_t group) {
  return !sparse_format(group).empty() && hdf5::has(group, "data") && hdf5::has(group, "indices") &&
         hdf5::has(group, "indptr");
}

SparseTable::SparseTable(Hdf5Id file, const std::string& file_name, const std::string& path)
    : TableReader(file_name + " (" + path + ")"),
      file_(std::move(file)),
      group_(hdf5::open_object(file_, path)),
      data_(hdf5::open_object(group_, "data")),
      indices_(hdf5::open_object(group_, "indices")),
      pointers_(hdf5::open_object(group_, "indptr")) {
  for (const hid_t part : {hid_t(data_), hid_t(indices_), hid_t(pointers_)})
    hdf5::check_readable(part, name_);
  by_rows_ = sparse_format(group_) == "csr";
  auto shape = hdf5::integer_attribute(group_, "shape");
  if (shape.empty()) shape = hdf5::integer_attribute(group_, "h5sparse_shape");
  if (shape.size() != 2) throw InputError(name_ + ": has no attribute \"shape\" of two numbers");
  rows_ = table_shape(shape, name_).rows;
  columns_ = shape[1];
  for (const hid_t part : {hid_t(data_), hid_t(indices_), hid_t(pointers_)})
    if (hdf5::shape_of(part).size() != 1)
      throw InputError(name_ + ": data, indices and indptr must have one axis each");
  entries_ = hdf5::shape_of(data_).at(0);
  const Index lines = by_rows_ ? rows_ : columns_;
  if (hdf5::shape_of(pointers_).at(0) != lines + 1 || hdf5::shape_of(indices_).at(0) != entries_)
    throw InputError(name_ + ": indptr, indices and data do not fit its shape");
}

void SparseTable::check_pointers(const std::vector<Index>& pointers) const {
  if (!std::is_sorted(pointers.begin(), pointers.end()) || pointers.front() < 0 || pointers.back() > entries_)
    throw InputError(name_ + ": indptr is corrupt");
}

// action(line, index, value) for all entries of some lines (rows or columns, as they are stored).
template <class Action>
void SparseTable::for_each_entry(Index first_line, Index lines, const Action& action) {
  std::vector<Index> pointers(lines + 1);
  hdf5::read_part(pointers_, first_line, lines + 1, H5T_NATIVE_INT64, pointers.data());
  check_pointers(pointers);
  std::vector<Index> indices;
  std::vector<Real> data;
  Index line = 0;
  for (Index begin = pointers.front(); begin < pointers.back(); begin += entries_a_piece) {
    const Index count = std::min(entries_a_piece, pointers.back() - begin);
    indices.resize(count);
    data.resize(count);
    hdf5::read_part(indices_, begin, count, H5T_NATIVE_INT64, indices.data());
    hdf5::read_part(data_, begin, count, H5T_NATIVE_DOUBLE, data.data());
    for (Index e = 0; e < count; ++e) {
      while (begin + e >= pointers[line + 1]) ++line;
      action(first_line + line, indices[e], data[e]);
    }
  }
}

void SparseTable::load(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  const CrashMessage message(name_);
  const Index width = Index(columns.size());
  std::fill(values, values + count * width, 0.0);
  if (by_rows_) {
    std::vector<Index> position(columns_, -1);  // of a column among those asked for
    for (Index k = 0; k < width; ++k) position[columns[k]] = k;
    for_each_entry(first, count, [&](Index row, Index column, Real value) {
      if (column < 0 || column >= columns_) throw InputError(name_ + ": indices are corrupt");
      if (position[column] >= 0) values[(row - first) * width + position[column]] += value;
    });
    return;
  }
  for (Index k = 0; k < width; ++k)
    for_each_entry(columns[k], 1, [&](Index, Index row, Real value) {
      if (row < 0 || row >= rows_) throw InputError(name_ + ": indices are corrupt");
      if (row >= first && row < first + count) values[(row - first) * width + k] += value;
    });
}

}  // namespace weir
