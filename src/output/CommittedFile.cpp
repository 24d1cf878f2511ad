#include "weir/output/CommittedFile.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

struct Footer {
  char magic[8];
  std::int64_t length;
  std::int64_t checksum;
};
constexpr char magic[8] = {'w', 'e', 'i', 'r', ' ', 'c', 'r', 'c'};

RunError cannot(const char* what, const std::string& path) {
  return RunError(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// Owns a file descriptor; each method throws RunError.
class File {
 public:
  File(const std::string& path, int flags) : path_(path), descriptor_(open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0) throw cannot("open", path_);
  }
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Index size() const {
    struct stat status;
    if (fstat(descriptor_, &status) != 0) throw cannot("look at", path_);
    return Index(status.st_size);
  }
  void read(void* to, Index length, Index offset) const {
    auto* bytes = static_cast<char*>(to);
    while (length > 0) {
      const ssize_t count = pread(descriptor_, bytes, std::size_t(length), off_t(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw cannot("read", path_);
      if (count == 0) throw RunError(fmt::format("{} ends at byte {}", path_, offset));
      bytes += count, length -= count, offset += count;
    }
  }
  void append(const void* from, std::size_t length) const {
    if (lseek(descriptor_, 0, SEEK_END) < 0 || ::write(descriptor_, from, length) != ssize_t(length))
      throw cannot("write", path_);
  }
  void sync() const {
    if (fsync(descriptor_) != 0) throw cannot("write to disk", path_);
  }
  void close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) throw cannot("close", path_);
  }

  unsigned checksum(Index first, Index last) const {
    std::vector<unsigned char> buffer(std::size_t(std::min(last - first, Index(1) << 22)));
    uLong crc = crc32(0, nullptr, 0);
    while (first < last) {
      const Index count = std::min(last - first, Index(buffer.size()));
      read(buffer.data(), count, first);
      crc = crc32(crc, buffer.data(), uInt(count));
      first += count;
    }
    return unsigned(crc);
  }

 private:
  std::string path_;
  int descriptor_;
};

/// Collective: the checksum of the file's first `length` bytes; each rank reads its share, and syncs the file
/// where it is asked to.
unsigned shared_checksum(const Communicator& comm, const std::string& path, Index length, bool sync) {
  const auto first = [&](Index rank) {
    return length / comm.size() * rank + std::min(rank, length % comm.size());
  };
  unsigned mine = 0;
  comm.agree([&] {
    const File file(path, O_RDONLY);
    mine = file.checksum(first(comm.rank()), first(comm.rank() + 1));
    if (sync) file.sync();
  });
  const auto bytes = comm.all_gather(&mine, Index(sizeof mine));
  uLong whole = crc32(0, nullptr, 0);
  for (Index rank = 0; rank < comm.size(); ++rank) {
    unsigned part = 0;
    std::memcpy(&part, bytes.data() + rank * Index(sizeof part), sizeof part);
    whole = crc32_combine(whole, part, z_off_t(first(rank + 1) - first(rank)));
  }
  return unsigned(whole);
}

Index shared_size(const Communicator& comm, const std::string& path) {
  Index size = 0;
  comm.agree([&] {
    if (comm.is_root()) size = File(path, O_RDONLY).size();
  });
  return comm.broadcast_value(size);
}

void write_and_rename(const Communicator& comm, const std::string& path, const std::string& temporary,
                      const std::function<void(Hdf5File&)>& fill) {
  {
    Hdf5File file(temporary, comm.mpi(), Hdf5File::Access::create);
    fill(file);
    file.close();
  }
  Footer footer;
  std::memcpy(footer.magic, magic, sizeof magic);
  footer.length = shared_size(comm, temporary);
  footer.checksum = shared_checksum(comm, temporary, footer.length, true);
  comm.agree([&] {
    if (!comm.is_root()) return;
    File file(temporary, O_WRONLY);
    file.append(&footer, sizeof footer);
    file.sync();
    file.close();
    if (std::rename(temporary.c_str(), path.c_str()) != 0) throw cannot("rename", temporary);
    sync_to_disk(std::filesystem::path(path).parent_path().string());
  });
}

}  // namespace

void sync_to_disk(const std::string& path) {
  File(path.empty() ? "." : path, O_RDONLY).sync();
}

void commit_text(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".part";
  std::ofstream file(temporary, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw RunError(fmt::format("cannot write {}: is the disk full?", temporary));
  sync_to_disk(temporary);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) throw cannot("rename", temporary);
}

unsigned checksum_of_start(const std::string& path, Index length) {
  return File(path, O_RDONLY).checksum(0, length);
}

void commit_hdf5(const Communicator& comm, const std::string& path,
                 const std::function<void(Hdf5File&)>& fill) {
  const std::string temporary = path + ".part";
  const auto give_up = [&](const std::string& why) {
    if (comm.is_root()) unlink(temporary.c_str());
    throw RunError(
        fmt::format("{} was not written: {}; --restart goes on from the checkpoint before", path, why));
  };
  try {
    write_and_rename(comm, path, temporary, fill);
  } catch (const LibraryError& error) {
    give_up(error.what());
  } catch (const RunError& error) {
    give_up(error.what());
  }
}

void check_committed(const Communicator& comm, const std::string& path) {
  const Index size = shared_size(comm, path);
  Footer footer{};
  comm.agree([&] {
    if (!comm.is_root()) return;
    if (size >= Index(sizeof footer))
      File(path, O_RDONLY).read(&footer, sizeof footer, size - Index(sizeof footer));
    if (std::memcmp(footer.magic, magic, sizeof magic) != 0) throw RunError("its end is missing or damaged");
    if (footer.length != size - Index(sizeof footer))
      throw RunError(fmt::format("it has {} bytes, not {}", size, footer.length + Index(sizeof footer)));
  });
  footer = comm.broadcast_value(footer);
  if (std::int64_t(shared_checksum(comm, path, footer.length, false)) != footer.checksum)
    throw RunError("its checksum is wrong");
}

}  // namespace weir
