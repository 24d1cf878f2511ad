// Files that the tests of readers write for themselves.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/input/DataReader.hpp"

namespace weir {

/// A folder of its own that goes with the object.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return *this / name;
  }
  std::string write_gz(const std::string& name, const std::string& bytes) const {
    gzFile file = gzopen((*this / name).c_str(), "wb");
    gzwrite(file, bytes.data(), unsigned(bytes.size()));
    gzclose(file);
    return *this / name;
  }

 private:
  std::filesystem::path path_;
};

/// The bytes of numbers as they lie in memory, or swapped.
template <class T>
std::string bytes_of(const std::vector<T>& values, bool swapped = false) {
  std::string bytes(values.size() * sizeof(T), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    std::memcpy(&bytes[i * sizeof(T)], &values[i], sizeof(T));
    if (swapped) std::reverse(bytes.begin() + i * sizeof(T), bytes.begin() + (i + 1) * sizeof(T));
  }
  return bytes;
}

inline std::string npy(const std::string& descr, const std::string& shape, const std::string& data,
                       int version = 1, bool fortran = false) {
  std::string header = "{'descr': " + descr + ", 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  const size_t start = version == 1 ? 10 : 12;
  header.resize((start + header.size()) / 64 * 64 + 64 - start - 1, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += char(version);
  bytes += '\0';
  for (size_t i = 0; i < start - 8; ++i) bytes += char(header.size() >> 8 * i & 255);
  return bytes + header + data;
}

inline std::vector<Real> all_rows(DataReader& reader) {
  std::vector<Real> values(reader.rows() * reader.columns());
  reader.read_rows(0, reader.rows(), values.data());
  return values;
}
inline std::vector<Real> all_rows(const std::string& path, const std::string& dataset = "") {
  return all_rows(*open_data(path, dataset));
}

/// What is wrong with a file when it is opened and read, without the folder's name.
inline std::string problem_of(const std::string& path, const std::string& dataset = "") {
  std::string text;
  try {
    all_rows(path, dataset);
  } catch (const InputError& error) {
    text = error.what();
  }
  const std::string folder = std::filesystem::path(path).parent_path().string() + "/";
  for (size_t at; (at = text.find(folder)) != text.npos;) text.erase(at, folder.size());
  return text;
}

}  // namespace weir
