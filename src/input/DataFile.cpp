#include "weir/input/DataFile.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <set>

#include "input/ColumnChoice.hpp"
#include "input/JoinedTable.hpp"
#include "input/LabelColumn.hpp"
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
  if (table.shape().size() == 3)
    throw InputError(below(options, "labels"),
                     fmt::format("{} has the shape {}: its first axis may be populations, which need no "
                                 "labels; leave `labels` out, or give a table of two axes",
                                 options.name(), shape_text(table.shape())));
  throw InputError(below(options, "labels.column"),
                   fmt::format("found \"{}\"; allowed: a column of {}{}", wanted,
                               names.empty() ? fmt::format("{}, 0 to {}", options.name(), table.columns() - 1)
                                             : joined(names),
                               did_you_mean(wanted, names)));
}

bool is_h5ad(const std::string& path) {
  std::string end = path.size() < 5 ? "" : path.substr(path.size() - 5);
  for (char& letter : end) letter = char(std::tolower(static_cast<unsigned char>(letter)));
  return end == ".h5ad";
}

/// What a file of one population calls it: cells/day2.csv.gz is day2.
std::string stem_of(const std::string& path) {
  const std::filesystem::path name = std::filesystem::path(path).filename();
  return (name.extension() == ".gz" ? name.stem() : name).stem().string();
}

}  // namespace

DataFile::DataFile(const DataOptions& options)
    : path_(options.name()), path_key_(below(options, options.paths.empty() ? "path" : "paths")) {
  open_table(options);
  rows_ = table_->rows();
  if (rows_ == 0) throw InputError(path_key_, path_ + ": has no rows; allowed: a table of one at least");
  if (options.labels || !parts_.empty()) open_labels(options);
  columns_ = chosen_columns(options.columns, {path_, below(options, "columns"), table_->columns(),
                                              table_->column_names(), label_column_});
  scale_ = options.scale.resolve(columns(), below(options, "scale"));
  shift_ = options.shift.resolve(columns(), below(options, "shift"));
  if (selection_ && !selection_->empty()) count_selected(options);
}

DataFile::~DataFile() = default;

void DataFile::open_table(const DataOptions& options) {
  table_ = blame(path_key_, [&]() -> std::unique_ptr<DataReader> {
    if (options.paths.empty()) return open_data(path_, options.dataset);
    std::vector<std::unique_ptr<DataReader>> tables;
    std::vector<std::string> names;
    for (const auto& each : options.paths) {
      tables.push_back(open_data(each.path, options.dataset));
      names.push_back(each.path);
    }
    auto joined = std::make_unique<JoinedTable>(std::move(tables), names);
    if (options.parts_are_labels && !options.labels) {
      parts_ = joined->starts();
      for (const auto& name : names) part_names_.push_back(stem_of(name));
    }
    return joined;
  });
  if (!options.parts_are_labels || options.labels || !options.paths.empty()) return;
  const Index populations = table_->stack();
  for (Index p = 0; populations > 0 && p <= populations; ++p)
    parts_.push_back(p * (table_->rows() / populations));
}

/// The table whose column label_column_ (of it, or -1: its only one) has the labels.
DataReader& DataFile::find_labels(const DataOptions& options) {
  if (!options.labels) {
    label_key_ = path_key_;
    label_table_ = std::make_unique<PartLabels>(parts_, part_names_);
    return *label_table_;
  }
  const LabelOptions& where = *options.labels;
  label_key_ = below(options, !where.column.empty() ? "labels.column"
                              : where.path.empty()  ? "labels.dataset"
                                                    : "labels.path");
  const auto names = table_->column_names();
  const bool of_table = std::find(names.begin(), names.end(), where.column) != names.end() ||
                        parse_index(where.column).has_value();
  std::string path = where.path.empty() ? path_ : where.path.path, dataset = where.dataset;
  if (!where.column.empty() && is_h5ad(path_) && !of_table)
    dataset = "obs/" + where.column;
  else if (!where.column.empty()) {
    label_column_ = find_label_column(options, *table_);
    return *table_;
  }
  label_table_ = blame(label_key_, [&] { return open_data(path, dataset); });
  if (label_table_->columns() != 1)
    throw InputError(label_key_, fmt::format("found {} columns in {}; allowed: one label a row",
                                             label_table_->columns(), path));
  if (label_table_->rows() != table_->rows()) {
    const auto axes = table_->shape();
    throw InputError(label_key_, fmt::format("found {} labels in {}; allowed: {}, one a row of {}{}",
                                             label_table_->rows(), path, table_->rows(), path_,
                                             axes.size() > 2 ? ", whose shape is " + shape_text(axes) : ""));
  }
  return *label_table_;
}

void DataFile::open_labels(const DataOptions& options) {
  DataReader& table = find_labels(options);
  selection_ = std::make_unique<LabelSelection>(
      options.labels ? options.labels->select : std::vector<RealOrWord>(), below(options, "labels.select"));
  labels_ = blame(label_key_, [&] {
    return std::make_unique<LabelColumn>(table, std::max(label_column_, Index(0)), *selection_);
  });
}

const LabelMeaning* DataFile::label_meaning() const {
  return labels_ && labels_->meaning() ? &*labels_->meaning() : nullptr;
}

std::string DataFile::label_text(Real label) const {
  if (const LabelMeaning* meaning = label_meaning())
    for (std::size_t i = 0; i < meaning->values.size(); ++i)
      if (meaning->values[i] == label) return meaning->texts[i];
  return fmt::format("{}", label);
}

Index DataFile::axes() const {
  return Index(table_->shape().size());
}

std::string DataFile::shape() const {
  return shape_text(table_->shape());
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
  blame(label_key_, [&] { labels_->read(first, count, labels); });
}

/// Squares and products must stay finite: what is larger is no measurement.
void DataFile::rescale(Index count, Real* values) const {
  constexpr Real largest = 1e75;
  const Index width = columns();
  for (Index i = 0; i < count; ++i)
    for (Index k = 0; k < width; ++k) {
      Real& value = values[i * width + k];
      value = scale_[k] * value + shift_[k];
      if (!(std::abs(value) <= largest))
        throw InputError(path_key_,
                         fmt::format("{}: column {} holds {:g}; allowed: up to {:g} in size (another type "
                                     "of numbers, or damaged?)",
                                     path_, columns_[k], value, largest));
    }
}

/// Labels of rows that are texts have been chosen before: what is not selected is no number.
bool DataFile::is_selected(Real label) const {
  if (selected_before_.empty()) return true;
  return labels_->has_texts() ? !std::isnan(label) : selection_->has(label);
}

/// One number a block of rows is kept, not one a row: blocks are read again when their rows are wanted.
void DataFile::count_selected(const DataOptions& options) {
  std::vector<Real> labels(block_rows);
  rows_ = 0;
  for (Index first = 0; first < table_->rows(); first += block_rows) {
    const Index count = std::min(block_rows, table_->rows() - first);
    read_labels(first, count, labels.data());
    selected_before_.push_back(rows_);
    for (Index i = 0; i < count; ++i) rows_ += is_selected(labels[i]);
  }
  selection_->check_used(path_, labels_->has_texts() ? labels_->all_texts() : list_labels());
  if (rows_ == 0) throw InputError(below(options, "labels.select"), "chooses no row of " + path_);
}

/// The smallest labels, a few more than are told.
std::vector<std::string> DataFile::list_labels() {
  constexpr std::size_t enough = 11;
  std::set<Real> found;
  std::vector<Real> labels(block_rows);
  for (Index first = 0; first < table_->rows(); first += block_rows) {
    const Index count = std::min(block_rows, table_->rows() - first);
    read_labels(first, count, labels.data());
    for (Index i = 0; i < count; ++i) found.insert(labels[i]);
    while (found.size() > enough) found.erase(std::prev(found.end()));
  }
  std::vector<std::string> texts;
  for (const Real label : found) texts.push_back(fmt::format("{}", label));
  return texts;
}

/// Values and labels of those rows of the table that are selected; where both stand in one table, in one
/// pass, as going back may mean to start again.
void DataFile::load(Index first, Index count, Block& block) {
  const Index width = columns();
  block.values.resize(count * width);
  block.labels.resize(count);
  block.numbers.resize(count);
  if (label_table_ || labels_->has_texts()) return load_apart(first, count, block);
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
    block.numbers[kept] = first + i;
    block.labels[kept++] = row[width];
  }
  block.values.resize(kept * width);
  block.labels.resize(kept);
  block.numbers.resize(kept);
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
    std::iota(&block.numbers[kept], &block.numbers[kept] + (end - i), first + i);
    kept += end - i;
  }
  block.values.resize(kept * columns());
  block.labels.resize(kept);
  block.numbers.resize(kept);
}

void DataFile::read(Index first, Index count, Real* values, Real* labels, Index* numbers) {
  WEIR_CHECK(first >= 0 && count >= 0 && first + count <= rows_, "rows {} to {} of {} in {}", first,
             first + count, rows_, path_);
  WEIR_CHECK(!labels || has_labels(), "no labels in {}", path_);
  if (count == 0) return;
  if (!labels && selected_before_.empty()) {
    read_values(first, count, values);
    if (numbers) std::iota(numbers, numbers + count, first);
    return rescale(count, values);
  }
  // Blocks of the table from the one that has the first row on.
  Index from = first / block_rows * block_rows, skip = first - from;
  if (!selected_before_.empty()) {
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
    if (numbers) std::copy_n(block.numbers.data() + skip, here, numbers + done);
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
