// HDF5 identifiers that close themselves.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weir/base/Calls.hpp"
#include "weir/base/Types.hpp"

namespace weir {

class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Id() = default;
  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Id() {
    if (id_ >= 0) close_(id_);
  }

  operator hid_t() const { return id_; }
  bool is_open() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

namespace hdf5 {

/// Throws InputError where the file is no HDF5 file.
Hdf5Id open_file(const std::string& path);
bool has(hid_t location, const std::string& path);
bool is_group(hid_t location, const std::string& path);
Hdf5Id open_object(hid_t location, const std::string& path);
Hdf5Id type_of(hid_t dataset);
std::vector<Index> shape_of(hid_t dataset);

/// Throws InputError where a data set is packed by a filter that this HDF5 has not, or its shape tells of
/// more than can be stored. `name` stands in the message.
void check_readable(hid_t dataset, const std::string& name);

/// Paths of all data sets below a group.
std::vector<std::string> dataset_paths(hid_t group);

/// Empty where there is no such attribute, or it is no text.
std::string text_attribute(hid_t object, const std::string& name);
/// Integers of an attribute or of a whole data set of one axis.
std::vector<Index> integer_attribute(hid_t object, const std::string& name);
/// All texts of a data set of one axis; none where it holds something else. `name` stands in messages.
std::vector<std::string> texts(hid_t dataset, const std::string& name);
/// Throws InputError where references to texts of any length do not fit what they refer to, which HDF5 itself
/// does not survive. Looks at data sets in one piece; others are taken as they are.
void check_variable_texts(hid_t dataset, Index count, const std::string& name);
/// Part [first, first + count) of a data set of one axis, as `memory_type`.
void read_part(hid_t dataset, Index first, Index count, hid_t memory_type, void* values);

}  // namespace hdf5

}  // namespace weir
