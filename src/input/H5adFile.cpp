// Annotated matrices (anndata): X, obsm, layers and obs, as today's releases write them and as former ones
// did.
#include <algorithm>
#include <functional>

#include "input/Hdf5Table.hpp"
#include "input/SparseTable.hpp"
#include "input/Suggestion.hpp"

namespace weir {

namespace {

// One column of obs where values may be missing: coded by a negative category, or by a mask beside the
// values.
class ObsColumn : public TableReader {
 public:
  ObsColumn(const std::string& name, std::unique_ptr<DataReader> values, std::unique_ptr<DataReader> mask,
            std::vector<std::string> categories = {})
      : TableReader(name),
        values_(std::move(values)),
        mask_(std::move(mask)),
        categories_(std::move(categories)) {
    rows_ = values_->rows();
    columns_ = 1;
    if (values_->columns() != 1 || (mask_ && mask_->rows() != rows_))
      throw InputError(name_ + ": is no single column");
  }
  bool has_texts(Index) const override { return !categories_.empty(); }
  std::vector<std::string> texts(Index first, Index count, Index) override {
    std::vector<Real> codes(static_cast<std::size_t>(count));
    if (count > 0) values_->read_rows(first, count, codes.data());
    std::vector<std::string> all;
    for (const Real code : codes) {
      if (code >= Real(categories_.size())) throw InputError(name_ + ": has codes beyond its categories");
      all.push_back(code < 0 ? "" : categories_[std::size_t(code)]);
    }
    return all;
  }

 protected:
  void load(Index first, Index count, const std::vector<Index>&, Real* values) override {
    values_->read_rows(first, count, values);
    std::vector<Real> missing(count, 0.0);
    if (mask_) mask_->read_rows(first, count, missing.data());
    for (Index i = 0; i < count; ++i)
      if (missing[i] != 0 || (!mask_ && values[i] < 0))
        throw InputError(fmt::format("{}: row {} has no value; allowed: a category or number in every row",
                                     name_, first + i));
  }

 private:
  std::unique_ptr<DataReader> values_, mask_;
  std::vector<std::string> categories_;
};

class H5adFile {
 public:
  explicit H5adFile(const std::string& name) : name_(name), file_(hdf5::open_file(name)) {}

  std::unique_ptr<DataReader> open(const std::string& path) const {
    if (path.rfind("obs/", 0) == 0) return open_obs(path.substr(4));
    if (const size_t slash = path.find('/'); slash != path.npos && is_dataset(path.substr(0, slash)))
      return table(path.substr(0, slash), path.substr(slash + 1));
    if (!hdf5::has(file_, path)) no_such(path);
    if (!hdf5::is_group(file_, path)) return with_variable_names(table(path), path);
    if (SparseTable::is_one(hdf5::open_object(file_, path)))
      return with_variable_names(std::make_unique<SparseTable>(hdf5::open_file(name_), name_, path), path);
    not_a_matrix(path);
  }

  std::vector<std::string> members() const {
    std::vector<std::string> all;
    if (hdf5::has(file_, "X")) all.push_back("X");
    for (const std::string group : {"layers", "obsm", "obs"})
      if (hdf5::has(file_, group) && hdf5::is_group(file_, group)) add_members(group, all);
    return all;
  }

 private:
  bool is_dataset(const std::string& path) const {
    return hdf5::has(file_, path) && !hdf5::is_group(file_, path);
  }

  // Each table owns its file: it outlives this object.
  std::unique_ptr<Hdf5Table> table(const std::string& path, const std::string& member = "") const {
    return std::make_unique<Hdf5Table>(hdf5::open_file(name_), name_, path, member);
  }

  std::unique_ptr<DataReader> open_obs(const std::string& column) const {
    if (is_dataset("obs")) return table("obs", column);  // before anndata 0.7: one data set of records
    const std::string path = "obs/" + column, label = name_ + " (" + path + ")";
    if (!hdf5::has(file_, path)) no_such(path);
    if (hdf5::is_group(file_, path)) {
      if (hdf5::has(file_, path + "/codes"))
        return std::make_unique<ObsColumn>(label, table(path + "/codes"), nullptr,
                                           categories(path + "/categories"));
      if (hdf5::has(file_, path + "/values") && hdf5::has(file_, path + "/mask"))
        return std::make_unique<ObsColumn>(label, table(path + "/values"), table(path + "/mask"));
      throw InputError(label + ": is neither numbers nor categories");
    }
    // anndata 0.7: codes with a reference to their categories.
    const bool categorical = H5Aexists(hdf5::open_object(file_, path), "categories") > 0;
    if (categorical)
      return std::make_unique<ObsColumn>(label, table(path), nullptr,
                                         categories("obs/__categories/" + column));
    if (Hdf5Texts::is_one(hdf5::open_object(file_, path))) return std::make_unique<Hdf5Texts>(name_, path);
    return table(path);
  }

  /// Their names; numbers as texts.
  std::vector<std::string> categories(const std::string& path) const {
    if (!hdf5::has(file_, path)) return {};
    if (hdf5::is_group(file_, path)) {  // a column with a mask, in newer files
      if (!hdf5::has(file_, path + "/values")) return {};
      return categories(path + "/values");
    }
    if (Hdf5Texts::is_one(hdf5::open_object(file_, path))) {
      Hdf5Texts names(name_, path);
      return names.texts(0, names.rows(), 0);
    }
    const auto numbers = table(path);
    return numbers->texts(0, numbers->rows(), 0);
  }

  template <class Table>
  std::unique_ptr<DataReader> with_variable_names(std::unique_ptr<Table> table,
                                                  const std::string& path) const {
    const bool has_variables = path == "X" || path.rfind("layers/", 0) == 0;
    if (!has_variables) return table;
    auto names = variable_names();
    if (!names.empty() && Index(names.size()) != table->columns())
      throw InputError(fmt::format("{} ({}): has {} columns, and var has {} names (damaged?)", name_, path,
                                   table->columns(), names.size()));
    table->set_column_names(std::move(names));
    return table;
  }

  std::vector<std::string> variable_names() const {
    if (!hdf5::has(file_, "var") || !hdf5::is_group(file_, "var")) return {};
    const std::string index = hdf5::text_attribute(hdf5::open_object(file_, "var"), "_index");
    const std::string path = "var/" + (index.empty() ? "_index" : index);
    return is_dataset(path) ? hdf5::texts(hdf5::open_object(file_, path), name_ + " (" + path + ")")
                            : std::vector<std::string>();
  }

  /// A group that is there, but no matrix.
  [[noreturn]] void not_a_matrix(const std::string& path) const {
    const std::string kind = hdf5::text_attribute(hdf5::open_object(file_, path), "encoding-type");
    const std::string label = name_ + " (" + path + ")";
    const size_t slash = path.find('/');
    const std::string key = slash == path.npos ? path : path.substr(slash + 1);
    if (kind == "dataframe" && slash != path.npos)
      throw InputError(fmt::format(
          "{}: is a data frame; allowed: a matrix (adata.{}[\"{}\"] = adata.{}[\"{}\"].to_numpy())", label,
          path.substr(0, slash), key, path.substr(0, slash), key));
    if (path == "obs" || path == "var")
      throw InputError(label + ": is a data frame; allowed: one column of it, such as \"obs/day\"");
    if (!kind.empty() && kind != "dict")
      throw InputError(fmt::format("{}: is stored as \"{}\"; allowed: a matrix of numbers", label, kind));
    std::vector<std::string> members;
    add_members(path, members);
    throw InputError(fmt::format("{}: is a group; allowed: a matrix in it ({})", label, joined(members)));
  }

  [[noreturn]] void no_such(const std::string& path) const {
    const std::vector<std::string> allowed = members();
    if (allowed.empty()) throw InputError(fmt::format("{}: holds no matrix at all (damaged?)", name_));
    throw InputError(fmt::format("{}: has no matrix \"{}\"; allowed: {}{}", name_, path, joined(allowed),
                                 did_you_mean(path, allowed)));
  }

  // The members themselves, not the data sets that they consist of.
  void add_members(const std::string& group, std::vector<std::string>& members) const {
    for (const auto& path : hdf5::dataset_paths(hdf5::open_object(file_, group))) {
      const std::string member = group + "/" + path.substr(0, path.find('/'));
      const bool seen = std::find(members.begin(), members.end(), member) != members.end();
      if (!seen && path.rfind("__", 0) != 0) members.push_back(member);
    }
  }

  std::string name_;
  Hdf5Id file_;
};

}  // namespace

std::vector<std::string> h5ad_members(const std::string& file_name) {
  return H5adFile(file_name).members();
}

std::unique_ptr<DataReader> open_h5ad(const std::string& file_name, const std::string& path) {
  return H5adFile(file_name).open(path.empty() ? "X" : path);
}

}  // namespace weir
