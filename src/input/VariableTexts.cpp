// Texts of any length lie in heaps of the file, and HDF5 copies them into memory of the length that their
// references tell, without comparing: a damaged reference makes it write beyond. This compares before it
// reads.
//
// File format specification, sections III.E (global heap) and IV.A.2.d (variable-length data): a reference is
// length (4 bytes), address of a collection (8), index (4); a collection is "GCOL", version, 3 reserved, size
// (8), then objects: index (2), references (2), reserved (4), size (8), the data padded to 8 bytes.
#include <cstring>
#include <map>

#include "input/ByteSource.hpp"
#include "input/Hdf5Id.hpp"
#include "weir/base/Error.hpp"

namespace weir::hdf5 {

namespace {

constexpr Index reference_size = 16, header_size = 16;

template <class T>
T number_at(const std::vector<char>& bytes, Index at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

class Heaps {
 public:
  Heaps(ByteSource& file, const std::string& name) : file_(file), name_(name) {}

  /// Bytes of an object of the collection at `address`.
  Index size_of(std::uint64_t address, std::uint32_t index) {
    const auto known = collections_.find(address);
    const auto& objects = known != collections_.end() ? known->second : collections_[address] = read(address);
    const auto object = objects.find(index);
    if (object == objects.end()) fail();
    return object->second;
  }

  [[noreturn]] void fail() const {
    throw InputError(name_ + ": its texts are not where the file says (damaged?)");
  }

 private:
  std::map<std::uint32_t, Index> read(std::uint64_t address) {
    constexpr std::uint64_t most = std::uint64_t(1) << 48;
    std::vector<char> header(header_size);
    const Index size_of_file = file_.size().value_or(0);
    if (address > most || Index(address) + header_size > size_of_file) fail();
    file_.read(Index(address), header.data(), header_size);
    const auto size = number_at<std::uint64_t>(header, 8);
    if (std::memcmp(header.data(), "GCOL", 4) != 0 || size > most || Index(address + size) > size_of_file)
      fail();
    std::vector<char> bytes(static_cast<std::size_t>(size));
    file_.read(Index(address), bytes.data(), Index(size));
    std::map<std::uint32_t, Index> objects;
    for (Index at = header_size; at + header_size <= Index(size);) {
      const auto index = number_at<std::uint16_t>(bytes, at);
      const auto length = number_at<std::uint64_t>(bytes, at + 8);
      if (index == 0) break;  // what is free
      if (length > size || at + header_size + Index(length) > Index(size)) fail();
      objects[index] = Index(length);
      at += header_size + (Index(length) + 7) / 8 * 8;
    }
    return objects;
  }

  ByteSource& file_;
  const std::string& name_;
  std::map<std::uint64_t, std::map<std::uint32_t, Index>> collections_;
};

bool has_plain_addresses(hid_t file) {
  const Hdf5Id created(WEIR_HDF5(H5Fget_create_plist(file)), H5Pclose);
  hsize_t block = 0;
  size_t address = 0, length = 0;
  WEIR_HDF5(H5Pget_userblock(created, &block));
  WEIR_HDF5(H5Pget_sizes(created, &address, &length));
  return block == 0 && address == 8 && length == 8;
}

}  // namespace

void check_variable_texts(hid_t dataset, Index count, const std::string& name) {
  const Hdf5Id created(WEIR_HDF5(H5Dget_create_plist(dataset)), H5Pclose);
  const Hdf5Id file(WEIR_HDF5(H5Iget_file_id(dataset)), H5Fclose);
  const haddr_t start = H5Dget_offset(dataset);
  if (H5Pget_layout(created) != H5D_CONTIGUOUS || start == HADDR_UNDEF || !has_plain_addresses(file)) return;
  std::string path(4096, '\0');
  const ssize_t length = H5Fget_name(file, path.data(), path.size());
  if (length <= 0 || std::size_t(length) >= path.size()) return;
  path.resize(std::size_t(length));
  const auto bytes = open_bytes(path);
  std::vector<char> references(std::size_t(count * reference_size));
  bytes->read(Index(start), references.data(), Index(references.size()));
  Heaps heaps(*bytes, name);
  for (Index i = 0; i < count; ++i) {
    const Index at = i * reference_size;
    const auto told = number_at<std::uint32_t>(references, at);
    const auto address = number_at<std::uint64_t>(references, at + 4);
    if (told == 0 || address == 0) continue;
    if (heaps.size_of(address, number_at<std::uint32_t>(references, at + 12)) > Index(told)) heaps.fail();
  }
}

}  // namespace weir::hdf5
