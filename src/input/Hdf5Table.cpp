#include "input/Hdf5Table.hpp"

#include <algorithm>

#include "base/CrashMessage.hpp"
#include "input/Suggestion.hpp"

namespace weir {

namespace {

constexpr Index numbers_a_piece = 1 << 20;

bool is_numeric(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  return kind == H5T_INTEGER || kind == H5T_FLOAT ||
         kind == H5T_ENUM;  // truth values are stored as an enumeration
}

const char* kind_name(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return "text";
    case H5T_COMPOUND:
      return "records of several fields";
    case H5T_ARRAY:
      return "arrays";
    default:
      return "no numbers";
  }
}

}  // namespace

Hdf5Table::Hdf5Table(Hdf5Id file, const std::string& file_name, const std::string& path,
                     const std::string& member)
    : TableReader(file_name + " (" + path + (member.empty() ? "" : "/" + member) + ")"),
      file_(std::move(file)),
      dataset_(hdf5::open_object(file_, path)),
      shape_(hdf5::shape_of(dataset_)) {
  hdf5::check_readable(dataset_, name_);
  set_memory_type(member);
  const TableShape shape = table_shape(shape_, name_);
  rows_ = shape.rows;
  columns_ = shape.columns * member_size_;
}

void Hdf5Table::set_memory_type(const std::string& member) {
  Hdf5Id type = hdf5::type_of(dataset_);
  if (!member.empty()) {
    const int index = H5Tget_class(type) == H5T_COMPOUND ? H5Tget_member_index(type, member.c_str()) : -1;
    if (index < 0) throw InputError(name_ + ": there is no such field");
    type = Hdf5Id(WEIR_HDF5(H5Tget_member_type(type, unsigned(index))), H5Tclose);
  }
  Hdf5Id numbers(WEIR_HDF5(H5Tcopy(H5T_NATIVE_DOUBLE)), H5Tclose);
  if (!member.empty() && H5Tget_class(type) == H5T_ARRAY) {
    hsize_t length = 0;
    if (H5Tget_array_ndims(type) != 1)
      throw InputError(name_ + ": holds arrays of several axes; allowed: of one");
    WEIR_HDF5(H5Tget_array_dims2(type, &length));
    member_size_ = Index(length);
    type = Hdf5Id(WEIR_HDF5(H5Tget_super(type)), H5Tclose);
    numbers = Hdf5Id(WEIR_HDF5(H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &length)), H5Tclose);
  }
  if (!is_numeric(type)) throw InputError(name_ + ": holds " + kind_name(type) + "; allowed: numbers");
  memory_type_ = std::move(numbers);
  if (member.empty()) return;
  Hdf5Id record(WEIR_HDF5(H5Tcreate(H5T_COMPOUND, sizeof(Real) * member_size_)), H5Tclose);
  WEIR_HDF5(H5Tinsert(record, member.c_str(), 0, memory_type_));
  memory_type_ = std::move(record);
}

void Hdf5Table::load(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  const CrashMessage message(name_);
  const Index piece = std::max(Index(1), numbers_a_piece / std::max(Index(1), columns_));
  for (Index done = 0, here; stacked_ && done < count; done += here) {
    here = std::min({piece, count - done, shape_[1] - (first + done) % shape_[1]});
    load_stacked(first + done, here, columns, values + done * Index(columns.size()));
  }
  for (Index done = 0; !stacked_ && done < count; done += piece)
    load_piece(first + done, std::min(piece, count - done), columns, values + done * Index(columns.size()));
}

void Hdf5Table::load_piece(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  std::vector<hsize_t> start(shape_.size(), 0), extent(shape_.begin(), shape_.end());
  start[0] = hsize_t(first);
  extent[0] = hsize_t(count);
  Index first_column = 0, width = columns_;
  if (shape_.size() == 2 && member_size_ == 1) {  // a matrix of many columns need not be read whole
    const auto [lowest, highest] = std::minmax_element(columns.begin(), columns.end());
    first_column = *lowest;
    width = *highest - *lowest + 1;
    start[1] = hsize_t(first_column);
    extent[1] = hsize_t(width);
  }
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset_)), H5Sclose);
  WEIR_HDF5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr));
  const Hdf5Id memory(WEIR_HDF5(H5Screate_simple(int(extent.size()), extent.data(), nullptr)), H5Sclose);
  std::vector<Real> read(count * width);
  WEIR_HDF5(H5Dread(dataset_, memory_type_, memory, space, H5P_DEFAULT, read.data()));
  for (Index i = 0; i < count; ++i)
    for (Index column : columns) *values++ = read[i * width + column - first_column];
}

Index Hdf5Table::stack() {
  const Index populations = member_size_ == 1 ? stack_axes(shape_) : 0;
  stacked_ = populations > 0;
  return populations;
}

/// Particles of one population.
void Hdf5Table::load_stacked(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  const hsize_t start[3] = {hsize_t(first / shape_[1]), hsize_t(first % shape_[1]), 0},
                extent[3] = {1, hsize_t(count), hsize_t(columns_)};
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset_)), H5Sclose);
  WEIR_HDF5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, extent, nullptr));
  const Hdf5Id memory(WEIR_HDF5(H5Screate_simple(3, extent, nullptr)), H5Sclose);
  std::vector<Real> read(std::size_t(count * columns_));
  WEIR_HDF5(H5Dread(dataset_, memory_type_, memory, space, H5P_DEFAULT, read.data()));
  for (Index i = 0; i < count; ++i)
    for (const Index column : columns) *values++ = read[std::size_t(i * columns_ + column)];
}

bool Hdf5Texts::is_one(hid_t dataset) {
  return H5Iget_type(dataset) == H5I_DATASET && H5Tget_class(hdf5::type_of(dataset)) == H5T_STRING &&
         hdf5::shape_of(dataset).size() == 1;
}

Hdf5Texts::Hdf5Texts(const std::string& file_name, const std::string& path)
    : TableReader(file_name + " (" + path + ")") {
  texts_ = hdf5::texts(hdf5::open_object(hdf5::open_file(file_name), path), name_);
  rows_ = Index(texts_.size());
  columns_ = 1;
}

std::vector<std::string> Hdf5Texts::texts(Index first, Index count, Index) {
  return {texts_.begin() + first, texts_.begin() + first + count};
}

void Hdf5Texts::load(Index, Index, const std::vector<Index>&, Real*) {
  throw InputError(name_ + ": holds text; allowed: numbers");
}

std::vector<std::string> hdf5_members(const std::string& file_name) {
  return hdf5::dataset_paths(hdf5::open_file(file_name));
}

std::unique_ptr<DataReader> open_hdf5(const std::string& file_name, const std::string& path) {
  Hdf5Id file = hdf5::open_file(file_name);
  const auto paths = hdf5::dataset_paths(file);
  if (paths.empty()) throw InputError(file_name + ": holds no data set");
  if (path.empty() && paths.size() > 1)
    throw InputError(file_name + ": holds several data sets; allowed as `dataset`: " + joined(paths));
  const std::string chosen =
      path.empty() ? paths[0] : path.substr(std::min(path.size(), path.find_first_not_of('/')));
  if (std::find(paths.begin(), paths.end(), chosen) == paths.end())
    throw InputError(fmt::format("{}: has no data set \"{}\"; allowed: {}{}", file_name, path, joined(paths),
                                 did_you_mean(chosen, paths)));
  if (Hdf5Texts::is_one(hdf5::open_object(file, chosen)))
    return std::make_unique<Hdf5Texts>(file_name, chosen);
  return std::make_unique<Hdf5Table>(std::move(file), file_name, chosen);
}

}  // namespace weir
