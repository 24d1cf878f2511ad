#include "weir/input/DataReader.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>

#include "base/CrashMessage.hpp"
#include "input/BinaryTable.hpp"
#include "input/CsvTable.hpp"
#include "input/Hdf5Table.hpp"
#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

Index opened = 0;

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool ends_with_any(const std::string& text, const std::vector<std::string>& ends) {
  return std::any_of(ends.begin(), ends.end(), [&](const std::string& end) { return ends_with(text, end); });
}

// train-images-idx3-ubyte, labels.idx1-ubyte, x.idx
bool is_idx_name(const std::string& name) {
  static const std::regex pattern(R"(.*([-.]idx\d*-(u?byte|short|int|float|double)|\.idx\d*))");
  return std::regex_match(name, pattern);
}

std::unique_ptr<DataReader> open_npy(std::unique_ptr<ByteSource> source) {
  BinaryLayout layout = read_npy_header(*source);
  return std::make_unique<BinaryTable>(std::move(source), std::move(layout));
}

std::unique_ptr<DataReader> open_idx(std::unique_ptr<ByteSource> source) {
  BinaryLayout layout = read_idx_header(*source);
  return std::make_unique<BinaryTable>(std::move(source), std::move(layout));
}

std::vector<std::string> npz_members(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& member : zip_members(path))
    if (ends_with(member, ".npy")) names.push_back(member.substr(0, member.size() - 4));
  return names;
}

std::unique_ptr<DataReader> open_npz(const std::string& path, const std::string& dataset) {
  const auto names = npz_members(path);
  if (names.empty()) throw InputError(path + ": holds no array");
  if (dataset.empty() && names.size() > 1)
    throw InputError(path + ": holds several arrays; allowed as `dataset`: " + joined(names));
  const std::string name = dataset.empty() ? names[0] : dataset;
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw InputError(fmt::format("{}: has no array \"{}\"; allowed: {}{}", path, name, joined(names),
                                 did_you_mean(name, names)));
  return open_npy(open_zip_member(path, name + ".npy"));
}

}  // namespace

Index tables_opened() {
  return opened;
}

namespace {

/// Throws InputError where there is no file.
std::string lower_name(const std::string& path) {
  if (!std::filesystem::exists(path)) throw InputError(path + ": there is no such file");
  if (std::filesystem::is_directory(path)) throw InputError(path + ": is a folder; allowed: a file");
  std::string name = std::filesystem::path(path).filename().string();
  for (char& letter : name) letter = char(std::tolower(static_cast<unsigned char>(letter)));
  return name;
}

std::vector<std::string> list_arrays(const std::string& path) {
  const std::string name = lower_name(path);
  if (ends_with(name, ".npz")) return npz_members(path);
  if (ends_with(name, ".h5ad")) return h5ad_members(path);
  if (ends_with_any(name, {".h5", ".hdf5", ".hdf"})) return hdf5_members(path);
  return {};
}

bool is_hdf5_name(const std::string& name) {
  return ends_with_any(name, {".h5ad", ".h5", ".hdf5", ".hdf"});
}

/// Whatever libraries find wrong in a file is the file's fault.
template <class Read>
auto blame_file(const std::string& path, const Read& read) {
  std::optional<CrashMessage> of_hdf5;
  if (is_hdf5_name(lower_name(path))) of_hdf5.emplace(path);
  try {
    return read();
  } catch (const LibraryError& error) {
    throw InputError(path + ": cannot be read: " + error.what());
  } catch (const std::bad_alloc&) {
    throw InputError(path + ": tells of more than memory can hold (damaged?)");
  } catch (const std::length_error&) {
    throw InputError(path + ": tells of more than memory can hold (damaged?)");
  } catch (const std::out_of_range&) {
    throw InputError(path + ": cannot be read: a table in it has no axes (damaged?)");
  }
}

std::unique_ptr<DataReader> open_file(const std::string& path, const std::string& dataset) {
  std::string name = lower_name(path);
  if (ends_with(name, ".npz")) return open_npz(path, dataset);
  if (ends_with(name, ".h5ad")) return open_h5ad(path, dataset);
  if (ends_with_any(name, {".h5", ".hdf5", ".hdf"})) return open_hdf5(path, dataset);

  if (ends_with(name, ".gz")) name.resize(name.size() - 3);
  const bool npy = ends_with(name, ".npy"), idx = is_idx_name(name);
  const bool text = ends_with_any(name, {".csv", ".tsv", ".txt", ".dat"});
  if (!npy && !idx && !text)
    throw InputError(
        path +
        ": is of an unknown kind; allowed: .npy, .csv, .tsv, .txt, .dat and IDX files (gzipped or "
        "not), .npz, .h5, .hdf5, .h5ad");
  if (!dataset.empty())
    throw InputError(path + ": holds one table only; leave out `dataset` (found \"" + dataset + "\")");
  auto source = open_bytes(path);
  if (npy) return open_npy(std::move(source));
  if (idx) return open_idx(std::move(source));
  return std::make_unique<CsvTable>(std::move(source));
}

}  // namespace

std::unique_ptr<DataReader> open_data(const std::string& path, const std::string& dataset) {
  ++opened;
  return blame_file(path, [&] { return open_file(path, dataset); });
}

std::vector<std::string> arrays_in(const std::string& path) {
  return blame_file(path, [&] { return list_arrays(path); });
}

}  // namespace weir
