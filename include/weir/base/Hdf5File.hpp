// An HDF5 file that all ranks write or read together.
//
// A table of rows lives as /name of shape (rows, columns), row-major: what a Kokkos LayoutLeft view of
// (components, particles) is in memory. Identifiers close themselves; every call is checked.
#pragma once

#include <hdf5.h>
#include <mpi.h>

#include <string>
#include <utility>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

/// Owns any HDF5 identifier.
class Hdf5Id {
 public:
  Hdf5Id() = default;
  explicit Hdf5Id(hid_t id) : id_(id) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Hdf5Id() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  operator hid_t() const { return id_; }
  hid_t release() { return std::exchange(id_, -1); }

 private:
  hid_t id_ = -1;
};

/// All methods are collective over the communicator given, with the same arguments on all ranks except for
/// local data. Groups in a name are made as needed; what has the name already is replaced. Throws
/// LibraryError, on all ranks where one of them cannot open, transfer or close.
class Hdf5File {
 public:
  enum class Access { create, read, read_write };
  Hdf5File(const std::string& path, MPI_Comm comm, Access access);
  /// Closes the file and hears whether everything went to it; the destructor cannot say so.
  void close();

  void write_rows(const std::string& name, const Real* values, Index local_rows, Index first_row, Index rows,
                  Index columns);
  void read_rows(const std::string& name, Real* values, Index local_rows, Index first_row) const;
  /// Small arrays that every rank holds whole.
  void write(const std::string& name, const std::vector<Real>& values, const std::vector<Index>& shape);
  std::vector<Real> read(const std::string& name) const;
  void write_strings(const std::string& name, const std::vector<std::string>& values);
  std::vector<std::string> read_strings(const std::string& name) const;

  const std::string& path() const { return path_; }
  bool has(const std::string& name) const;
  std::vector<Index> shape(const std::string& name) const;
  std::vector<std::string> members(const std::string& group) const;
  void remove(const std::string& name);
  /// Where a table written by write_rows begins, in bytes from the file's start.
  Index offset(const std::string& name) const;

  void set_attribute(const std::string& object, const std::string& name, Real value);
  void set_attribute(const std::string& object, const std::string& name, const std::string& value);
  Real attribute(const std::string& object, const std::string& name) const;
  std::string text_attribute(const std::string& object, const std::string& name) const;

 private:
  Hdf5Id create_dataset(const std::string& name, hid_t type, const std::vector<Index>& shape);
  Hdf5Id collective() const;
  template <class Work>
  void together(Work work) const;
  void reserve(Index first, Index bytes) const;

  std::string path_;
  MPI_Comm comm_;
  bool writes_;
  Index end_of_tables_ = 0;  // of those written by this object
  int rank_ = 0;
  Hdf5Id file_;
};

}  // namespace weir
