#include "input/JoinedTable.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

JoinedTable::JoinedTable(std::vector<std::unique_ptr<DataReader>> parts, std::vector<std::string> names)
    : TableReader(names.front()), parts_(std::move(parts)), starts_{0} {
  columns_ = parts_.front()->columns();
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    if (parts_[p]->columns() != columns_)
      throw InputError(fmt::format("{} has {} columns, {} has {}; allowed: as many in every file", names[p],
                                   parts_[p]->columns(), names[0], columns_));
    const auto first = parts_[0]->column_names(), here = parts_[p]->column_names();
    for (std::size_t c = 0; c < std::min(first.size(), here.size()); ++c)
      if (first[c] != here[c])
        throw InputError(
            fmt::format("column {} of {} is \"{}\", of {} \"{}\"; allowed: the same columns in "
                        "every file",
                        c, names[p], here[c], names[0], first[c]));
    rows_ += parts_[p]->rows();
    starts_.push_back(rows_);
  }
}

template <class Action>
void JoinedTable::for_each_part(Index first, Index count, const Action& action) {
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const Index from = std::max(first, starts_[p]), to = std::min(first + count, starts_[p + 1]);
    if (from < to) action(*parts_[p], from - starts_[p], to - from, from - first);
  }
}

void JoinedTable::load(Index first, Index count, const std::vector<Index>& columns, Real* values) {
  for_each_part(first, count, [&](DataReader& part, Index from, Index rows, Index done) {
    part.read_columns(from, rows, columns, values + done * Index(columns.size()));
  });
}

bool JoinedTable::has_texts(Index column) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) { return part->has_texts(column); });
}

std::vector<std::string> JoinedTable::texts(Index first, Index count, Index column) {
  std::vector<std::string> all;
  for_each_part(first, count, [&](DataReader& part, Index from, Index rows, Index) {
    for (auto& text : part.texts(from, rows, column)) all.push_back(std::move(text));
  });
  return all;
}

PartLabels::PartLabels(std::vector<Index> starts, std::vector<std::string> names)
    : TableReader("labels"), starts_(std::move(starts)), names_(std::move(names)) {
  rows_ = starts_.back();
  columns_ = 1;
}

Index PartLabels::part_of(Index row) const {
  return Index(std::upper_bound(starts_.begin(), starts_.end(), row) - starts_.begin()) - 1;
}

std::vector<std::string> PartLabels::texts(Index first, Index count, Index) {
  std::vector<std::string> all;
  for (Index i = 0; i < count; ++i) all.push_back(names_[std::size_t(part_of(first + i))]);
  return all;
}

void PartLabels::load(Index first, Index count, const std::vector<Index>&, Real* values) {
  for (Index i = 0; i < count; ++i) values[i] = Real(part_of(first + i));
}

}  // namespace weir
