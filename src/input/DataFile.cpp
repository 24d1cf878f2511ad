#include "weir/input/DataFile.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "input/Scalars.hpp"
#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr Index block_rows = 4096;  // of the table, read at a time beside their labels

/// Problems of a file become problems of the key that names it.
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

std::string below(const DataOptions& options, const std::string& name) {
  return options.key_path.empty() ? name : options.key_path + "." + name;
}

Index find_label_column(const DataOptions& options, const DataReader& table) {
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

std::vector<Index> chosen_columns(const DataOptions& options, const DataReader& table, Index label_column) {
  const auto [first, end] = options.columns.value_or(std::array<Index, 2>{0, table.columns()});
  if (end > table.columns())
    throw InputError(below(options, "columns"),
                     fmt::format("found [{}, {}]; allowed: up to {}, the columns of {}", first, end,
                                 table.columns(), options.path.path));
  std::vector<Index> chosen(end - first);
  std::iota(chosen.begin(), chosen.end(), first);
  if (!options.columns && label_column >= 0) chosen.erase(chosen.begin() + label_column);
  return chosen;
}

}  // namespace

DataFile::DataFile(const DataOptions& options) : path_(options.path.path), path_key_(below(options, "path")) {
  table_ = blame(path_key_, [&] { return open_data(path_, options.dataset); });
  rows_ = table_->rows();
  if (rows_ == 0) throw InputError(path_key_, path_ + ": has no rows; allowed: a table of one at least");
  if (options.labels) open_labels(options);
  columns_ = chosen_columns(options, *table_, label_column_);
  scale_ = options.scale.resolve(columns(), below(options, "scale"));
  shift_ = options.shift.resolve(columns(), below(options, "shift"));
  if (options.labels && !options.labels->select.empty()) count_selected(options);
}

void DataFile::open_labels(const DataOptions& options) {
  const LabelOptions& where = *options.labels;
  label_key_ = below(options, !where.column.empty() ? "labels.column"
                              : where.path.empty()  ? "labels.dataset"
                                                    : "labels.path");
  if (!where.column.empty()) {
    label_column_ = find_label_column(options, *table_);
    return;
  }
  const std::string& path = where.path.empty() ? path_ : where.path.path;
  label_table_ = blame(label_key_, [&] { return open_data(path, where.dataset); });
  if (label_table_->columns() != 1)
    throw InputError(label_key_, fmt::format("found {} columns in {}; allowed: one label a row",
                                             label_table_->columns(), path));
  if (label_table_->rows() != table_->rows())
    throw InputError(label_key_, fmt::format("found {} labels in {}; allowed: {}, one a row of {}",
                                             label_table_->rows(), path, table_->rows(), path_));
}

std::vector<std::string> DataFile::column_names() const {
  const auto all = table_->column_names();
  std::vector<std::string> names;
  for (const Index column : columns_)
    if (!all.empty()) names.push_back(all.at(column));
  return names;
}

void DataFile::read_values(Index first, Index count, Real* values) {
  blame(path_key_, [&] { table_->read_columns(first, count, columns_, values); });
}

void DataFile::read_labels(Index first, Index count, Real* labels) {
  blame(label_key_, [&] {
    if (label_table_)
      label_table_->read_rows(first, count, labels);
    else
      table_->read_columns(first, count, {label_column_}, labels);
  });
}

void DataFile::rescale(Index count, Real* values) const {
  const Index width = columns();
  for (Index i = 0; i < count; ++i)
    for (Index k = 0; k < width; ++k) {
      Real& value = values[i * width + k];
      value = scale_[k] * value + shift_[k];
    }
}

bool DataFile::is_selected(Real label) const {
  return selected_.empty() || std::binary_search(selected_.begin(), selected_.end(), label);
}

/// One number a block of rows is kept, not one a row: blocks are read again when their rows are wanted.
void DataFile::count_selected(const DataOptions& options) {
  selected_ = options.labels->select;
  std::sort(selected_.begin(), selected_.end());
  std::set<Real> missing(selected_.begin(), selected_.end());
  std::vector<Real> labels(block_rows);
  rows_ = 0;
  for (Index first = 0; first < table_->rows(); first += block_rows) {
    const Index count = std::min(block_rows, table_->rows() - first);
    read_labels(first, count, labels.data());
    selected_before_.push_back(rows_);
    for (Index i = 0; i < count; ++i) {
      if (!is_selected(labels[i])) continue;
      ++rows_;
      missing.erase(labels[i]);
    }
  }
  if (missing.empty()) return;
  throw InputError(below(options, "labels.select"),
                   fmt::format("found {}, and no row of {} has this label; allowed: {}", *missing.begin(),
                               path_, list_labels()));
}

/// "0, 1, 2", or the first ten of more.
std::string DataFile::list_labels() {
  constexpr std::size_t told = 10;
  std::set<Real> found;
  std::vector<Real> labels(block_rows);
  bool more = false;
  for (Index first = 0; first < table_->rows(); first += block_rows) {
    const Index count = std::min(block_rows, table_->rows() - first);
    read_labels(first, count, labels.data());
    for (Index i = 0; i < count; ++i) found.insert(labels[i]);
    while (found.size() > told) {
      found.erase(std::prev(found.end()));
      more = true;
    }
  }
  return fmt::format("{}{}", fmt::join(found, ", "), more ? ", .. (the smallest of more)" : "");
}

/// Values and labels of those rows of the table that are selected; where both stand in one table, in one
/// pass, as going back may mean to start again.
void DataFile::load(Index first, Index count, Block& block) {
  const Index width = columns();
  block.values.resize(count * width);
  block.labels.resize(count);
  if (label_table_) return load_apart(first, count, block);
  std::vector<Index> both = columns_;
  both.push_back(label_column_);
  std::vector<Real> rows(count * (width + 1));
  try {
    table_->read_columns(first, count, both, rows.data());
  } catch (const InputError&) {  // of the labels, or of rows that may not be selected
    return load_apart(first, count, block);
  }
  Index kept = 0;
  for (Index i = 0; i < count; ++i) {
    const Real* row = &rows[i * (width + 1)];
    if (!is_selected(row[width])) continue;
    std::copy_n(row, width, &block.values[kept * width]);
    block.labels[kept++] = row[width];
  }
  block.values.resize(kept * width);
  block.labels.resize(kept);
}

/// What stands in rows that are not selected does not matter.
void DataFile::load_apart(Index first, Index count, Block& block) {
  std::vector<Real> labels(count);
  read_labels(first, count, labels.data());
  Index kept = 0;
  for (Index i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && is_selected(labels[end]) == is_selected(labels[i]);) ++end;
    if (!is_selected(labels[i])) continue;
    read_values(first + i, end - i, &block.values[kept * columns()]);
    std::copy(&labels[i], &labels[i] + (end - i), &block.labels[kept]);
    kept += end - i;
  }
  block.values.resize(kept * columns());
  block.labels.resize(kept);
}

void DataFile::read(Index first, Index count, Real* values, Real* labels) {
  WEIR_CHECK(first >= 0 && count >= 0 && first + count <= rows_, "rows {} to {} of {} in {}", first,
             first + count, rows_, path_);
  WEIR_CHECK(!labels || has_labels(), "no labels in {}", path_);
  if (count == 0) return;
  if (!labels && selected_.empty()) {
    read_values(first, count, values);
    return rescale(count, values);
  }
  // Blocks of the table from the one that has the first row on.
  Index from = first / block_rows * block_rows, skip = first - from;
  if (!selected_.empty()) {
    const auto after = std::upper_bound(selected_before_.begin(), selected_before_.end(), first);
    from = (after - selected_before_.begin() - 1) * block_rows;
    skip = first - *std::prev(after);
  }
  Block block;
  for (Index done = 0; done < count; from += block_rows, skip = 0) {
    load(from, std::min(block_rows, table_->rows() - from), block);
    const Index here = std::min(count - done, Index(block.labels.size()) - skip);
    std::copy_n(block.values.data() + skip * columns(), here * columns(), values + done * columns());
    if (labels) std::copy_n(block.labels.data() + skip, here, labels + done);
    done += here;
  }
  rescale(count, values);
}

std::shared_ptr<DataFile> open_data(const DataOptions& options) {
  if (!options.shared) return std::make_shared<DataFile>(options);
  if (!*options.shared) *options.shared = std::make_shared<DataFile>(options);
  return *options.shared;
}

void close_data(const DataOptions& options) {
  if (options.shared) options.shared->reset();
}

}  // namespace weir
