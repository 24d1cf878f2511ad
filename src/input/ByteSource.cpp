#include "input/ByteSource.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "weir/base/Error.hpp"

namespace weir {

void ByteSource::read(Index offset, void* bytes, Index count) {
  const Index there = read_some(offset, bytes, count);
  if (there < count)
    throw InputError(fmt::format("{}: ends after {} bytes; {} are needed (truncated?)", name(),
                                 offset + there, offset + count));
}

namespace {

// One call reads no more than this: the libraries count in int.
constexpr Index largest_read = Index(1) << 30;

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::string& path)
      : ByteSource(path), descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail();
    struct stat status {};
    if (fstat(descriptor_, &status) != 0) fail();
    size_ = status.st_size;
  }
  ~FileSource() override {
    if (descriptor_ >= 0) close(descriptor_);
  }

  std::optional<Index> size() const override { return size_; }

  Index read_some(Index offset, void* bytes, Index count) override {
    Index done = 0;
    while (done < count) {
      const ssize_t got = pread(descriptor_, static_cast<char*>(bytes) + done,
                                std::min(count - done, largest_read), offset + done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail();
      if (got == 0) break;
      done += got;
    }
    return done;
  }

 private:
  [[noreturn]] void fail() const { throw InputError(name() + ": cannot be read: " + std::strerror(errno)); }

  int descriptor_;
  Index size_ = 0;
};

class GzipSource : public ByteSource {
 public:
  explicit GzipSource(const std::string& path) : ByteSource(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw InputError(path + ": cannot be read: " + std::strerror(errno));
    gzbuffer(file_, 1 << 17);
    // Deflate packs 1032 bytes into one at most.
    std::error_code none;
    const auto packed = std::filesystem::file_size(path, none);
    if (!none) most_ = 1032 * Index(packed);
  }
  ~GzipSource() override { gzclose(file_); }

  std::optional<Index> size() const override { return std::nullopt; }
  Index most() const override { return most_; }

  Index read_some(Index offset, void* bytes, Index count) override {
    if (offset != gztell(file_) && gzseek(file_, offset, SEEK_SET) < 0) fail();
    Index done = 0;
    while (done < count) {
      const int got =
          gzread(file_, static_cast<char*>(bytes) + done, unsigned(std::min(count - done, largest_read)));
      if (got < 0) fail();
      note_cut();
      if (got == 0) break;
      done += got;
    }
    if (done < count && !cut_.empty()) throw InputError(name() + ": cannot be unpacked: " + cut_);
    return done;
  }

 private:
  // The end of the data need not be the end of the stream: a file cut off reads short without an error. What
  // zlib noticed ahead of the last bytes, 1.3.2 has forgotten at the next read.
  void note_cut() {
    int code = Z_OK;
    const std::string text = gzerror(file_, &code);
    if (code != Z_OK && code != Z_STREAM_END) cut_ = text;
  }
  [[noreturn]] void fail() {
    int code = Z_OK;
    const std::string text = gzerror(file_, &code);
    throw InputError(name() + ": cannot be unpacked: " + (code == Z_ERRNO ? std::strerror(errno) : text));
  }

  gzFile file_;
  Index most_ = std::numeric_limits<Index>::max();
  std::string cut_;  // zlib's words about a stream without an end
};

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
  auto plain = std::make_unique<FileSource>(path);
  unsigned char magic[2] = {};
  if (plain->read_some(0, magic, 2) == 2 && magic[0] == 0x1f && magic[1] == 0x8b)
    return std::make_unique<GzipSource>(path);
  return plain;
}

}  // namespace weir
