#include "input/Hdf5Id.hpp"

#include <algorithm>
#include <functional>

#include "weir/input/DataReader.hpp"

namespace weir::hdf5 {

Hdf5Id open_file(const std::string& path) {
  try {
    return {WEIR_HDF5(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)), H5Fclose};
  } catch (const LibraryError&) {
    const bool begins_as_one = H5Fis_hdf5(path.c_str()) > 0;
    throw InputError(
        path + (begins_as_one ? ": begins as an HDF5 file and cannot be opened: it is cut short, or damaged"
                              : ": is no HDF5 file, whatever its name says"));
  }
}

// H5Lexists asks for the last link only and fails where one before is missing.
bool has(hid_t location, const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (H5Lexists(location, part.c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == path.npos) return H5Oexists_by_name(location, path.c_str(), H5P_DEFAULT) > 0;
    if (!is_group(location, part)) return false;
  }
}

Hdf5Id open_object(hid_t location, const std::string& path) {
  return {WEIR_HDF5(H5Oopen(location, path.c_str(), H5P_DEFAULT)), H5Oclose};
}

bool is_group(hid_t location, const std::string& path) {
  return H5Iget_type(open_object(location, path)) == H5I_GROUP;
}

Hdf5Id type_of(hid_t dataset) {
  return {WEIR_HDF5(H5Dget_type(dataset)), H5Tclose};
}

std::vector<Index> shape_of(hid_t dataset) {
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset)), H5Sclose);
  const int axes = int(WEIR_HDF5(H5Sget_simple_extent_ndims(space)));
  std::vector<hsize_t> extents(axes);
  WEIR_HDF5(H5Sget_simple_extent_dims(space, extents.data(), nullptr));
  return {extents.begin(), extents.end()};
}

namespace {

/// Filters that h5py and hdf5plugin write with.
std::string filter_name(H5Z_filter_t filter, const char* told) {
  switch (filter) {
    case 32000:
      return "lzf";
    case 32001:
      return "blosc";
    case 32004:
      return "lz4";
    case 32008:
      return "bitshuffle";
    case 32015:
      return "zstd";
    case 32026:
      return "blosc2";
    default:
      return *told ? told : fmt::format("number {}", filter);
  }
}

/// Bytes of all texts, where they have a fixed length, or of what points to them.
Real bytes_of(hid_t dataset) {
  Real bytes = Real(H5Tget_size(type_of(dataset)));
  for (const Index extent : shape_of(dataset)) bytes *= Real(extent);
  return bytes;
}

}  // namespace

void check_readable(hid_t dataset, const std::string& name) {
  const Hdf5Id created(WEIR_HDF5(H5Dget_create_plist(dataset)), H5Pclose);
  const int filters = H5Pget_nfilters(created);
  for (int i = 0; i < filters; ++i) {
    char told[64] = "";
    unsigned flags = 0, configuration = 0;
    size_t values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(created, unsigned(i), &flags, &values, nullptr, sizeof told - 1, told, &configuration);
    if (filter >= 0 && H5Zfilter_avail(filter) <= 0)
      throw InputError(
          fmt::format("{}: is packed by the filter {}, which HDF5 has not here; write it by gzip "
                      "(h5py: compression=\"gzip\"; anndata: write_h5ad(.., compression=\"gzip\"))",
                      name, filter_name(filter, told)));
  }
  // Memory is asked for by the shape: one that is damaged must not ask for all there is. Filters pack some
  // 32,000 bytes into one at most.
  const H5D_layout_t layout = H5Pget_layout(created);
  const bool elsewhere = layout == H5D_VIRTUAL || H5Pget_external_count(created) > 0;
  constexpr Real most_packed = 40000, always = 1e8;
  if (!elsewhere && bytes_of(dataset) > always + most_packed * Real(H5Dget_storage_size(dataset)))
    throw InputError(fmt::format("{}: stores {} bytes for the shape {} (damaged?)", name,
                                 H5Dget_storage_size(dataset), shape_text(shape_of(dataset))));
}

namespace {

// By hand: H5Ovisit and H5Literate have another signature in every other release.
void collect_datasets(hid_t group, const std::string& prefix, int depth, std::vector<std::string>& paths) {
  constexpr int deepest = 16;  // hard links may form circles
  H5G_info_t info;
  WEIR_HDF5(H5Gget_info(group, &info));
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t length =
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    if (length < 0) continue;
    std::string name(size_t(length) + 1, '\0');
    H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size(), H5P_DEFAULT);
    name.pop_back();
    const Hdf5Id object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!object.is_open()) continue;  // a link that leads nowhere
    const H5I_type_t type = H5Iget_type(object);
    if (type == H5I_DATASET) paths.push_back(prefix + name);
    if (type == H5I_GROUP && depth < deepest) collect_datasets(object, prefix + name + "/", depth + 1, paths);
  }
}

// Texts may have a fixed length in the file, padded, or any length.
std::vector<std::string> read_texts(hid_t type, Index count, const std::function<void(hid_t, void*)>& read,
                                    hid_t space) {
  std::vector<std::string> result;
  if (H5Tis_variable_str(type) > 0) {
    const Hdf5Id memory(WEIR_HDF5(H5Tcopy(type)), H5Tclose);
    std::vector<char*> texts(count);
    read(memory, texts.data());
    for (const char* each : texts) result.emplace_back(each ? each : "");
#if H5_VERSION_GE(1, 12, 0)
    H5Treclaim(memory, space, H5P_DEFAULT, texts.data());
#else
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, texts.data());
#endif
  } else {
    const size_t length = H5Tget_size(type);
    std::vector<char> texts(length * count);
    read(type, texts.data());
    for (Index i = 0; i < count; ++i) {
      std::string text(texts.data() + i * length, length);
      text.resize(std::min(text.size(), text.find('\0')));
      result.push_back(text);
    }
  }
  return result;
}

bool is_text(hid_t type) {
  return H5Tget_class(type) == H5T_STRING;
}

}  // namespace

std::vector<std::string> dataset_paths(hid_t group) {
  std::vector<std::string> paths;
  collect_datasets(group, "", 0, paths);
  return paths;
}

std::string text_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return "";
  const Hdf5Id attribute(WEIR_HDF5(H5Aopen(object, name.c_str(), H5P_DEFAULT)), H5Aclose);
  const Hdf5Id type(WEIR_HDF5(H5Aget_type(attribute)), H5Tclose);
  const Hdf5Id space(WEIR_HDF5(H5Aget_space(attribute)), H5Sclose);
  if (!is_text(type) || H5Sget_simple_extent_npoints(space) != 1) return "";
  return read_texts(
      type, 1, [&](hid_t memory, void* texts) { WEIR_HDF5(H5Aread(attribute, memory, texts)); }, space)[0];
}

std::vector<Index> integer_attribute(hid_t object, const std::string& name) {
  if (H5Aexists(object, name.c_str()) <= 0) return {};
  const Hdf5Id attribute(WEIR_HDF5(H5Aopen(object, name.c_str(), H5P_DEFAULT)), H5Aclose);
  const Hdf5Id space(WEIR_HDF5(H5Aget_space(attribute)), H5Sclose);
  std::vector<Index> values(WEIR_HDF5(H5Sget_simple_extent_npoints(space)));
  WEIR_HDF5(H5Aread(attribute, H5T_NATIVE_INT64, values.data()));
  return values;
}

std::vector<std::string> texts(hid_t dataset, const std::string& name) {
  const Hdf5Id type = type_of(dataset);
  const auto shape = shape_of(dataset);
  check_readable(dataset, name);
  if (!is_text(type) || shape.size() != 1) return {};
  if (H5Tis_variable_str(type) > 0) check_variable_texts(dataset, shape[0], name);
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset)), H5Sclose);
  const auto read = [&](hid_t memory, void* values) {
    WEIR_HDF5(H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  };
  return read_texts(type, shape[0], read, space);
}

void read_part(hid_t dataset, Index first, Index count, hid_t memory_type, void* values) {
  const Hdf5Id space(WEIR_HDF5(H5Dget_space(dataset)), H5Sclose);
  const hsize_t start = hsize_t(first), length = hsize_t(count);
  WEIR_HDF5(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &length, nullptr));
  const Hdf5Id memory(WEIR_HDF5(H5Screate_simple(1, &length, nullptr)), H5Sclose);
  WEIR_HDF5(H5Dread(dataset, memory_type, memory, space, H5P_DEFAULT, values));
}

}  // namespace weir::hdf5
