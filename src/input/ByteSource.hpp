// Bytes at any offset of a file, a gzipped file or a member of a zip archive.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

class ByteSource {
 public:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}
  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// For messages.
  const std::string& name() const { return name_; }
  /// Where it is known without reading everything.
  virtual std::optional<Index> size() const = 0;
  /// Where it is not: more bytes than there can be.
  virtual Index most() const { return size().value_or(std::numeric_limits<Index>::max()); }
  /// Up to `count` bytes from `offset` on, fewer only at the end; returns how many. Going back in compressed
  /// sources starts again from their beginning.
  virtual Index read_some(Index offset, void* bytes, Index count) = 0;
  /// Exactly `count` bytes; throws InputError where the source ends before.
  void read(Index offset, void* bytes, Index count);

 private:
  std::string name_;
};

/// A file, unpacked on the way where it is gzipped (which its first bytes tell).
std::unique_ptr<ByteSource> open_bytes(const std::string& path);

/// Names of the members of a zip archive.
std::vector<std::string> zip_members(const std::string& path);
std::unique_ptr<ByteSource> open_zip_member(const std::string& path, const std::string& member);

}  // namespace weir
