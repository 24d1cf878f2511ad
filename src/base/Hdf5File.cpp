#include "weir/base/Hdf5File.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>

#include "weir/base/Calls.hpp"

namespace weir {

namespace {

constexpr Index largest_piece = Index(1) << 30;  // bytes a rank writes in one call: MPI-IO counts are int
constexpr Index room_for_metadata = Index(1) << 16;

Index product(const std::vector<Index>& shape) {
  return std::accumulate(shape.begin(), shape.end(), Index(1), std::multiplies<Index>());
}

Hdf5Id simple_space(const std::vector<Index>& shape) {
  std::vector<hsize_t> extents(shape.begin(), shape.end());
  return Hdf5Id(WEIR_HDF5(H5Screate_simple(int(extents.size()), extents.data(), nullptr)));
}

Hdf5Id string_type(std::size_t length) {
  Hdf5Id type(WEIR_HDF5(H5Tcopy(H5T_C_S1)));
  WEIR_HDF5(H5Tset_size(type, std::max<std::size_t>(1, length)));
  WEIR_HDF5(H5Tset_cset(type, H5T_CSET_UTF8));
  WEIR_HDF5(H5Tset_strpad(type, H5T_STR_NULLPAD));
  return type;
}

std::string trimmed(const char* text, std::size_t length) {
  return {text, std::find(text, text + length, '\0')};
}

/// Calls transfer(first local row, count) for pieces of rows that fit MPI-IO, as many times on every rank.
template <class Transfer>
void in_pieces(MPI_Comm comm, Index local_rows, Index columns, Transfer transfer) {
  const Index rows_each = std::max(Index(1), largest_piece / (columns * Index(sizeof(Real))));
  Index pieces = std::max(Index(1), (local_rows + rows_each - 1) / rows_each);
  WEIR_MPI(MPI_Allreduce(MPI_IN_PLACE, &pieces, 1, MPI_INT64_T, MPI_MAX, comm));
  for (Index piece = 0; piece < pieces; ++piece) {
    const Index first = std::min(piece * rows_each, local_rows);
    transfer(first, std::min(rows_each, local_rows - first));
  }
}

void select_rows(hid_t space, Index first, Index count, Index columns) {
  if (count == 0) {
    WEIR_HDF5(H5Sselect_none(space));
    return;
  }
  const hsize_t start[2] = {hsize_t(first), 0}, extent[2] = {hsize_t(count), hsize_t(columns)};
  WEIR_HDF5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, extent, nullptr));
}

}  // namespace

/// Runs work that may fail on one rank alone (a disk that is full, a quota); all ranks hear of it.
template <class Work>
void Hdf5File::together(Work work) const {
  std::string failure;
  try {
    work();
  } catch (const LibraryError& error) {
    failure = error.what();
  }
  int ranks = 0;
  WEIR_MPI(MPI_Comm_size(comm_, &ranks));
  int first = failure.empty() ? ranks : rank_;
  WEIR_MPI(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm_));
  if (first == ranks) return;
  int length = int(failure.size());
  WEIR_MPI(MPI_Bcast(&length, 1, MPI_INT, first, comm_));
  failure.resize(length);
  WEIR_MPI(MPI_Bcast(failure.data(), length, MPI_CHAR, first, comm_));
  throw LibraryError(fmt::format("{} ({})", failure, path_));
}

/// Asks the file system for room before writing: MPI-IO may keep to itself that a disk was full. Where the
/// file system has no such call, nothing is lost but the warning.
void Hdf5File::reserve(Index first, Index bytes) const {
#if defined(__linux__)
  together([&] {
    if (rank_ != 0 || bytes == 0) return;
    const int descriptor = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return;
    const bool refused = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, off_t(first), off_t(bytes)) != 0;
    const int why = errno;
    ::close(descriptor);
    if (refused && (why == ENOSPC || why == EDQUOT || why == EFBIG || why == EIO))
      throw LibraryError(fmt::format("no room for {} bytes: {}", bytes, std::strerror(why)));
  });
#else
  (void)first, (void)bytes;
#endif
}

Hdf5File::Hdf5File(const std::string& path, MPI_Comm comm, Access access)
    : path_(path), comm_(comm), writes_(access != Access::read) {
  WEIR_MPI(MPI_Comm_rank(comm, &rank_));
  Hdf5Id properties(WEIR_HDF5(H5Pcreate(H5P_FILE_ACCESS)));
  WEIR_HDF5(H5Pset_fapl_mpio(properties, comm, MPI_INFO_NULL));
  WEIR_HDF5(H5Pset_all_coll_metadata_ops(properties, true));
  WEIR_HDF5(H5Pset_coll_metadata_write(properties, true));
  // Groups of later formats, HDF5 2's own choice, have the times when they were made: equal runs write equal
  // files.
  WEIR_HDF5(H5Pset_libver_bounds(properties, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST));
  together([&] {
    if (access == Access::create)
      file_ = Hdf5Id(WEIR_HDF5(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, properties)));
    else
      file_ = Hdf5Id(WEIR_HDF5(
          H5Fopen(path.c_str(), access == Access::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR, properties)));
  });
}

void Hdf5File::close() {
  if (writes_) reserve(0, end_of_tables_ + room_for_metadata);  // HDF5 writes that when it closes
  together([&] { WEIR_HDF5(H5Fclose(file_.release())); });
}

Hdf5Id Hdf5File::collective() const {
  Hdf5Id properties(WEIR_HDF5(H5Pcreate(H5P_DATASET_XFER)));
  WEIR_HDF5(H5Pset_dxpl_mpio(properties, H5FD_MPIO_COLLECTIVE));
  return properties;
}

Hdf5Id Hdf5File::create_dataset(const std::string& name, hid_t type, const std::vector<Index>& shape) {
  if (has(name)) remove(name);
  Hdf5Id links(WEIR_HDF5(H5Pcreate(H5P_LINK_CREATE)));
  WEIR_HDF5(H5Pset_create_intermediate_group(links, 1));
  Hdf5Id creation(WEIR_HDF5(H5Pcreate(H5P_DATASET_CREATE)));
  WEIR_HDF5(H5Pset_obj_track_times(creation, false));  // equal runs write equal files
  return Hdf5Id(
      WEIR_HDF5(H5Dcreate2(file_, name.c_str(), type, simple_space(shape), links, creation, H5P_DEFAULT)));
}

void Hdf5File::write_rows(const std::string& name, const Real* values, Index local_rows, Index first_row,
                          Index rows, Index columns) {
  const Hdf5Id dataset = create_dataset(name, H5T_IEEE_F64LE, {rows, columns});
  const Hdf5Id transfer = collective();
  const Index first_byte = offset(name), bytes = rows * columns * Index(sizeof(Real));
  reserve(first_byte, bytes);
  end_of_tables_ = std::max(end_of_tables_, first_byte + bytes);
  in_pieces(comm_, local_rows, columns, [&](Index first, Index count) {
    const Hdf5Id in_file(WEIR_HDF5(H5Dget_space(dataset))),
        in_memory = simple_space({std::max(count, Index(1)), columns});
    select_rows(in_file, first_row + first, count, columns);
    select_rows(in_memory, 0, count, columns);
    together([&] {
      WEIR_HDF5(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, in_memory, in_file, transfer, values + first * columns));
    });
  });
}

void Hdf5File::read_rows(const std::string& name, Real* values, Index local_rows, Index first_row) const {
  const Hdf5Id dataset(WEIR_HDF5(H5Dopen2(file_, name.c_str(), H5P_DEFAULT)));
  const Hdf5Id transfer = collective();
  const Index columns = shape(name).at(1);
  in_pieces(comm_, local_rows, columns, [&](Index first, Index count) {
    const Hdf5Id in_file(WEIR_HDF5(H5Dget_space(dataset))),
        in_memory = simple_space({std::max(count, Index(1)), columns});
    select_rows(in_file, first_row + first, count, columns);
    select_rows(in_memory, 0, count, columns);
    together([&] {
      WEIR_HDF5(H5Dread(dataset, H5T_NATIVE_DOUBLE, in_memory, in_file, transfer, values + first * columns));
    });
  });
}

void Hdf5File::write(const std::string& name, const std::vector<Real>& values,
                     const std::vector<Index>& shape) {
  WEIR_CHECK(product(shape) == Index(values.size()), "{} values for {}", values.size(), name);
  const Hdf5Id dataset = create_dataset(name, H5T_IEEE_F64LE, shape);
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset)));
  if (rank_ != 0) WEIR_HDF5(H5Sselect_none(space));
  if (!values.empty())
    together(
        [&] { WEIR_HDF5(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, space, space, collective(), values.data())); });
}

std::vector<Real> Hdf5File::read(const std::string& name) const {
  const Hdf5Id dataset(WEIR_HDF5(H5Dopen2(file_, name.c_str(), H5P_DEFAULT)));
  std::vector<Real> values(product(shape(name)));
  if (!values.empty())
    together([&] {
      WEIR_HDF5(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, collective(), values.data()));
    });
  return values;
}

void Hdf5File::write_strings(const std::string& name, const std::vector<std::string>& values) {
  std::size_t length = 1;
  for (const auto& value : values) length = std::max(length, value.size());
  std::vector<char> letters(length * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), letters.begin() + i * length);
  const Hdf5Id type = string_type(length);
  const Hdf5Id dataset = create_dataset(name, type, {Index(values.size())});
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset)));
  if (rank_ != 0) WEIR_HDF5(H5Sselect_none(space));
  if (!values.empty())
    together([&] { WEIR_HDF5(H5Dwrite(dataset, type, space, space, collective(), letters.data())); });
}

std::vector<std::string> Hdf5File::read_strings(const std::string& name) const {
  const Hdf5Id dataset(WEIR_HDF5(H5Dopen2(file_, name.c_str(), H5P_DEFAULT))),
      type(WEIR_HDF5(H5Dget_type(dataset)));
  const std::size_t length = H5Tget_size(type);
  const Index count = product(shape(name));
  std::vector<char> letters(length * count);
  if (count > 0)
    together([&] { WEIR_HDF5(H5Dread(dataset, type, H5S_ALL, H5S_ALL, collective(), letters.data())); });
  std::vector<std::string> values;
  for (Index i = 0; i < count; ++i) values.push_back(trimmed(&letters[i * length], length));
  return values;
}

bool Hdf5File::has(const std::string& name) const {
  // Every group on the way must be there before the last one may be asked for.
  for (std::size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1))
    if (WEIR_HDF5(H5Lexists(file_, name.substr(0, slash).c_str(), H5P_DEFAULT)) == 0) return false;
  return WEIR_HDF5(H5Lexists(file_, name.c_str(), H5P_DEFAULT)) > 0;
}

std::vector<Index> Hdf5File::shape(const std::string& name) const {
  const Hdf5Id dataset(WEIR_HDF5(H5Dopen2(file_, name.c_str(), H5P_DEFAULT))),
      space(WEIR_HDF5(H5Dget_space(dataset)));
  std::vector<hsize_t> extents(WEIR_HDF5(H5Sget_simple_extent_ndims(space)));
  WEIR_HDF5(H5Sget_simple_extent_dims(space, extents.data(), nullptr));
  return {extents.begin(), extents.end()};
}

std::vector<std::string> Hdf5File::members(const std::string& group) const {
  const Hdf5Id id(WEIR_HDF5(H5Gopen2(file_, group.c_str(), H5P_DEFAULT)));
  H5G_info_t info;
  WEIR_HDF5(H5Gget_info(id, &info));
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    char name[256];
    WEIR_HDF5(H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT));
    names.emplace_back(name);
  }
  return names;
}

void Hdf5File::remove(const std::string& name) {
  WEIR_HDF5(H5Ldelete(file_, name.c_str(), H5P_DEFAULT));
}

Index Hdf5File::offset(const std::string& name) const {
  const Hdf5Id dataset(WEIR_HDF5(H5Dopen2(file_, name.c_str(), H5P_DEFAULT)));
  const haddr_t address = H5Dget_offset(dataset);
  if (address == HADDR_UNDEF) throw LibraryError(fmt::format("HDF5: {} has no place in {}", name, path_));
  return Index(address);
}

namespace {
/// An attribute of that name gives way to the one that is about to be made.
void remove_attribute(hid_t id, const std::string& name) {
  if (WEIR_HDF5(H5Aexists(id, name.c_str())) > 0) WEIR_HDF5(H5Adelete(id, name.c_str()));
}
}  // namespace

void Hdf5File::set_attribute(const std::string& object, const std::string& name, Real value) {
  const Hdf5Id id(WEIR_HDF5(H5Oopen(file_, object.c_str(), H5P_DEFAULT))),
      space(WEIR_HDF5(H5Screate(H5S_SCALAR)));
  remove_attribute(id, name);
  const Hdf5Id attribute(
      WEIR_HDF5(H5Acreate2(id, name.c_str(), H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT)));
  WEIR_HDF5(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value));
}

void Hdf5File::set_attribute(const std::string& object, const std::string& name, const std::string& value) {
  const Hdf5Id id(WEIR_HDF5(H5Oopen(file_, object.c_str(), H5P_DEFAULT))),
      space(WEIR_HDF5(H5Screate(H5S_SCALAR)));
  const Hdf5Id type = string_type(value.size());
  remove_attribute(id, name);
  const Hdf5Id attribute(WEIR_HDF5(H5Acreate2(id, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT)));
  WEIR_HDF5(H5Awrite(attribute, type, value.empty() ? "\0" : value.data()));
}

Real Hdf5File::attribute(const std::string& object, const std::string& name) const {
  const Hdf5Id attribute(
      WEIR_HDF5(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT)));
  Real value = 0;
  WEIR_HDF5(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value));
  return value;
}

std::string Hdf5File::text_attribute(const std::string& object, const std::string& name) const {
  const Hdf5Id attribute(
      WEIR_HDF5(H5Aopen_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT)));
  const Hdf5Id type(WEIR_HDF5(H5Aget_type(attribute)));
  std::vector<char> letters(H5Tget_size(type));
  WEIR_HDF5(H5Aread(attribute, type, letters.data()));
  return trimmed(letters.data(), letters.size());
}

}  // namespace weir
