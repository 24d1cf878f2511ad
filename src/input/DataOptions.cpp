#include "weir/input/DataOptions.hpp"

#include <algorithm>
#include <numeric>

#include "input/Scalars.hpp"
#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"

namespace weir {

void describe(Section& section, LabelOptions& options) {
  section.option("column", options.column,
                 "column of the same file, by its name or its number (counted from 0)");
  section.option("path", options.path, "another file, with one label a row");
  section.option("dataset", options.dataset, "the array in a file of several");
  if (section.reading() && options.column.empty() && options.path.empty() && options.dataset.empty())
    section.error("column", "missing; allowed: column (of the same file), path (of another file) or dataset");
  if (section.reading() && !options.column.empty() && !(options.path.empty() && options.dataset.empty()))
    section.error(
        "column",
        "found beside path or dataset; allowed: either a column of the same file, or another table");
}

void describe(Section& section, DataOptions& options) {
  if (section.reading()) options.key_path = section.path();
  section.required("path", options.path, ".npy, .npz, .csv, .h5, .h5ad or IDX file, gzipped or not");
  section.option("dataset", options.dataset, "the array in a file of several (.npz, .h5, .h5ad)");
  section.option("columns", options.columns, "columns [a, b), counted from 0; none: all but the labels'")
      .at_least(0);
  section.option("scale", options.scale, "value = scale * raw + shift; not 0");
  section.option("shift", options.shift, "value = scale * raw + shift");
  section.section("labels", options.labels, "which population each row belongs to", "column");
  section.option("times", options.times,
                 "time of each population, in ascending order of labels; none: the labels");
  const auto& scales = options.scale.values;
  if (section.reading() && std::find(scales.begin(), scales.end(), 0) != scales.end())
    section.error("scale", "found 0, which makes all values equal; allowed: any other number");
  if (section.reading() && options.columns && (*options.columns)[0] >= (*options.columns)[1])
    section.error("columns", "found no column; allowed: [a, b] with a < b, half-open");
}

namespace {

// Problems of a file become problems of the key that names it.
template <class Work>
auto blame(const std::string& key, const Work& work) {
  try {
    return work();
  } catch (const InputError& error) {
    auto problems = error.problems();
    for (auto& problem : problems)
      if (problem.key.empty()) problem.key = key;
    throw InputError(problems);
  }
}

// Some columns of a table, value = scale * raw + shift.
class ColumnsOfTable : public DataReader {
 public:
  ColumnsOfTable(std::unique_ptr<DataReader> table, std::vector<Index> chosen, std::string key)
      : table_(std::move(table)), chosen_(std::move(chosen)), key_(std::move(key)) {}

  void rescale(std::vector<Real> scale, std::vector<Real> shift) {
    scale_ = std::move(scale);
    shift_ = std::move(shift);
  }

  Index rows() const override { return table_->rows(); }
  Index columns() const override { return Index(chosen_.size()); }
  std::vector<std::string> column_names() const override {
    const auto all = table_->column_names();
    std::vector<std::string> names;
    for (Index column : chosen_)
      if (!all.empty()) names.push_back(all.at(column));
    return names;
  }
  void read_rows(Index first, Index count, Real* values) override {
    std::vector<Index> all(chosen_.size());
    std::iota(all.begin(), all.end(), Index(0));
    read_columns(first, count, all, values);
  }
  void read_columns(Index first, Index count, const std::vector<Index>& columns, Real* values) override {
    std::vector<Index> raw;
    for (Index column : columns) raw.push_back(chosen_.at(column));
    blame(key_, [&] { table_->read_columns(first, count, raw, values); });
    if (scale_.empty()) return;
    const Index width = Index(columns.size());
    for (Index i = 0; i < count; ++i)
      for (Index k = 0; k < width; ++k) {
        Real& value = values[i * width + k];
        value = scale_[columns[k]] * value + shift_[columns[k]];
      }
  }

 private:
  std::unique_ptr<DataReader> table_;
  std::vector<Index> chosen_;
  std::string key_;
  std::vector<Real> scale_, shift_;
};

std::string below(const DataOptions& options, const std::string& name) {
  return options.key_path.empty() ? name : options.key_path + "." + name;
}

std::unique_ptr<DataReader> open_table(const DataOptions& options) {
  return blame(below(options, "path"), [&] { return open_data(options.path.path, options.dataset); });
}

bool labels_stand_in_a_column(const DataOptions& options) {
  return options.labels && !options.labels->column.empty();
}

Index label_column(const DataOptions& options, const DataReader& table) {
  const std::string& wanted = options.labels->column;
  const auto names = table.column_names();
  const auto named = std::find(names.begin(), names.end(), wanted);
  if (named != names.end()) return named - names.begin();
  if (const auto number = parse_index(wanted); number && *number >= 0 && *number < table.columns())
    return *number;
  throw InputError(
      below(options, "labels.column"),
      fmt::format(
          "found \"{}\"; allowed: a column of {}{}", wanted,
          names.empty() ? fmt::format("{}, 0 to {}", options.path.path, table.columns() - 1) : joined(names),
          did_you_mean(wanted, names)));
}

std::vector<Index> chosen_columns(const DataOptions& options, const DataReader& table) {
  const auto [first, end] = options.columns.value_or(std::array<Index, 2>{0, table.columns()});
  if (end > table.columns())
    throw InputError(below(options, "columns"),
                     fmt::format("found [{}, {}]; allowed: up to {}, the columns of {}", first, end,
                                 table.columns(), options.path.path));
  std::vector<Index> chosen(end - first);
  std::iota(chosen.begin(), chosen.end(), first);
  if (!options.columns && labels_stand_in_a_column(options))
    chosen.erase(chosen.begin() + label_column(options, table));
  return chosen;
}

}  // namespace

std::unique_ptr<DataReader> open_data(const DataOptions& options) {
  auto table = open_table(options);
  if (table->rows() == 0)
    throw InputError(below(options, "path"),
                     options.path.path + ": has no rows; allowed: a table of one at least");
  auto chosen = chosen_columns(options, *table);
  const Index width = Index(chosen.size());
  auto reader = std::make_unique<ColumnsOfTable>(std::move(table), std::move(chosen), below(options, "path"));
  reader->rescale(options.scale.resolve(width, below(options, "scale")),
                  options.shift.resolve(width, below(options, "shift")));
  return reader;
}

std::unique_ptr<DataReader> open_labels(const DataOptions& options) {
  if (!options.labels) return nullptr;
  auto data = open_table(options);
  if (labels_stand_in_a_column(options)) {
    std::vector<Index> column{label_column(options, *data)};
    return std::make_unique<ColumnsOfTable>(std::move(data), std::move(column),
                                            below(options, "labels.column"));
  }
  const LabelOptions& where = *options.labels;
  const std::string& path = where.path.empty() ? options.path.path : where.path.path;
  const std::string key = below(options, where.path.empty() ? "labels.dataset" : "labels.path");
  auto labels = blame(key, [&] { return open_data(path, where.dataset); });
  if (labels->columns() != 1)
    throw InputError(
        key, fmt::format("found {} columns in {}; allowed: one label a row", labels->columns(), path));
  if (labels->rows() != data->rows())
    throw InputError(key, fmt::format("found {} labels in {}; allowed: {}, one a row of {}", labels->rows(),
                                      path, data->rows(), options.path.path));
  return std::make_unique<ColumnsOfTable>(std::move(labels), std::vector<Index>{0}, key);
}

}  // namespace weir
