#include <zip.h>

#include <algorithm>

#include "input/ByteSource.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Member = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

Archive open_archive(const std::string& path) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw InputError(path + ": cannot be read as a zip archive: " + text);
  }
  return {archive, zip_discard};
}

class ZipSource : public ByteSource {
 public:
  ZipSource(const std::string& path, const std::string& member)
      : ByteSource(path + " (" + member + ")"), archive_(open_archive(path)), file_(nullptr, zip_fclose) {
    const zip_int64_t index = zip_name_locate(archive_.get(), member.c_str(), 0);
    WEIR_CHECK(index >= 0, "no member {} in {}", member, path);
    index_ = zip_uint64_t(index);
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(archive_.get(), index_, 0, &status) != 0 || !(status.valid & ZIP_STAT_SIZE))
      fail(zip_strerror(archive_.get()));
    size_ = Index(status.size);
    stored_ = (status.valid & ZIP_STAT_COMP_METHOD) && status.comp_method == ZIP_CM_STORE &&
              (status.valid & ZIP_STAT_ENCRYPTION_METHOD) && status.encryption_method == ZIP_EM_NONE;
    rewind();
  }

  std::optional<Index> size() const override { return size_; }

  Index read_some(Index offset, void* bytes, Index count) override {
    move_to(std::min(offset, size_));
    return read_on(bytes, std::min(count, size_ - position_));
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw InputError(name() + ": cannot be unpacked: " + text);
  }

  void rewind() {
    file_.reset(zip_fopen_index(archive_.get(), index_, 0));
    if (!file_) fail(zip_strerror(archive_.get()));
    position_ = 0;
  }

  // Stored members can be entered anywhere, deflated ones are read from their beginning.
  void move_to(Index offset) {
    if (offset == position_) return;
    if (stored_) {
      if (zip_fseek(file_.get(), offset, SEEK_SET) != 0) fail(zip_file_strerror(file_.get()));
      position_ = offset;
      return;
    }
    if (offset < position_) rewind();
    std::vector<char> skipped(std::min(offset - position_, Index(1) << 16));
    while (position_ < offset)
      if (read_on(skipped.data(), std::min(offset - position_, Index(skipped.size()))) == 0) return;
  }

  Index read_on(void* bytes, Index count) {
    Index done = 0;
    while (done < count) {
      const zip_int64_t got =
          zip_fread(file_.get(), static_cast<char*>(bytes) + done, zip_uint64_t(count - done));
      if (got < 0) fail(zip_file_strerror(file_.get()));
      if (got == 0) break;
      done += got;
    }
    position_ += done;
    // libzip compares check sums when it is asked for more than there is.
    char beyond;
    if (done > 0 && position_ == size_ && zip_fread(file_.get(), &beyond, 1) < 0)
      fail(zip_file_strerror(file_.get()));
    return done;
  }

  Archive archive_;
  Member file_;
  zip_uint64_t index_ = 0;
  Index size_ = 0;
  bool stored_ = false;
  Index position_ = 0;
};

}  // namespace

std::vector<std::string> zip_members(const std::string& path) {
  const Archive archive = open_archive(path);
  std::vector<std::string> names;
  const zip_int64_t number = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < number; ++i)
    if (const char* name = zip_get_name(archive.get(), zip_uint64_t(i), 0)) names.push_back(name);
  return names;
}

std::unique_ptr<ByteSource> open_zip_member(const std::string& path, const std::string& member) {
  return std::make_unique<ZipSource>(path, member);
}

}  // namespace weir
