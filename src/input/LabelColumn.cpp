#include "input/LabelColumn.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "input/Scalars.hpp"
#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr Index block_rows = 4096;

bool is_missing(const std::string& text) {
  static const std::set<std::string> missing{"", "nan", "NaN", "NA", "N/A", "None", "null"};
  return missing.count(text) > 0;
}

/// The ends of "a..b", either of which may be open; nothing where the text is no range.
std::optional<std::pair<std::string, std::string>> ends_of(const std::string& text) {
  const size_t dots = text.find("..");
  if (dots == text.npos || text.find("..", dots + 2) != text.npos || text.size() == 2) return {};
  return std::pair(text.substr(0, dots), text.substr(dots + 2));
}

}  // namespace

LabelSelection::LabelSelection(const std::vector<RealOrWord>& select, std::string key)
    : key_(std::move(key)) {
  for (const auto& given : select) {
    Entry entry;
    if (!given.is_word()) {
      entry.told = fmt::format("{}", given.number);
      entry.low = entry.high = given.number;
    } else {
      entry.told = entry.first = entry.last = given.word;
      if (const auto ends = ends_of(given.word)) {
        entry.range = true;
        std::tie(entry.first, entry.last) = *ends;
        entry.low = entry.first.empty() ? -HUGE_VAL : parse_real(entry.first);
        entry.high = entry.last.empty() ? HUGE_VAL : parse_real(entry.last);
        if (entry.low && entry.high && *entry.low > *entry.high)
          throw InputError(key_, fmt::format("found {}, whose end lies before its start; allowed: {}..{}",
                                             given.word, entry.last, entry.first));
      }
    }
    entries_.push_back(std::move(entry));
  }
}

bool LabelSelection::has(Real label) const {
  bool found = false;
  for (const auto& entry : entries_) {
    const bool here = entry.low && entry.high && *entry.low <= label && label <= *entry.high;
    entry.used = entry.used || here;
    found = found || here;
  }
  return found;
}

bool LabelSelection::has(const std::string& text, std::optional<Real> value) const {
  bool found = false;
  for (const auto& entry : entries_) {
    bool here = text == entry.told;
    if (value && entry.low && entry.high) here = here || (*entry.low <= *value && *value <= *entry.high);
    // Between texts, in natural order.
    if (entry.range && !(entry.low && entry.high && value))
      here = here || ((entry.first.empty() || !natural_less(text, entry.first)) &&
                      (entry.last.empty() || !natural_less(entry.last, text)));
    entry.used = entry.used || here;
    found = found || here;
  }
  return found;
}

void LabelSelection::check_used(const std::string& file, const std::vector<std::string>& labels) const {
  constexpr size_t told = 10;
  for (const auto& entry : entries_) {
    if (entry.used) continue;
    std::string allowed;
    for (size_t i = 0; i < std::min(told, labels.size()); ++i) allowed += (i ? ", " : "") + labels[i];
    if (labels.size() > told) allowed += ", .. (the smallest of more)";
    const bool reversed =
        entry.range && !entry.first.empty() && !entry.last.empty() &&
        (entry.low && entry.high ? *entry.high < *entry.low : natural_less(entry.last, entry.first));
    throw InputError(key_, fmt::format("found {}, and no row of {} has {}{}; allowed: {}{}", entry.told, file,
                                       entry.range ? "a label in this range" : "this label",
                                       reversed ? ", whose ends stand in the wrong order" : "", allowed,
                                       entry.range ? "" : did_you_mean(entry.told, labels)));
  }
}

LabelColumn::LabelColumn(DataReader& table, Index column, const LabelSelection& selection)
    : table_(table), column_(column) {
  if (!table.has_texts(column)) return;
  std::set<std::string> different;
  Index without = -1;  // the first row without a label
  for (Index first = 0; first < table.rows(); first += block_rows) {
    const auto texts = table.texts(first, std::min(block_rows, table.rows() - first), column);
    for (size_t i = 0; i < texts.size(); ++i) {
      if (is_missing(texts[i]) && without < 0) without = first + Index(i);
      if (!is_missing(texts[i])) different.insert(texts[i]);
    }
  }
  if (without >= 0 && selection.empty())
    throw InputError(
        fmt::format("row {} (counted from 0) has no label; allowed: a label in every row, or "
                    "`select`, which leaves such rows out",
                    without));
  all_.assign(different.begin(), different.end());
  std::sort(all_.begin(), all_.end(), natural_less);
  meaning_ = understand_labels(all_);
  if (!selection.empty()) {
    std::vector<std::string> selected;
    for (size_t i = 0; i < meaning_->texts.size(); ++i) {
      const auto& text = meaning_->texts[i];
      const auto value = meaning_->ambiguity.empty() ? std::optional(meaning_->values[i]) : parse_real(text);
      if (selection.has(text, value)) selected.push_back(text);
    }
    meaning_ = understand_labels(selected);
  }
  for (size_t i = 0; i < meaning_->texts.size(); ++i) value_of_[meaning_->texts[i]] = meaning_->values[i];
}

void LabelColumn::read(Index first, Index count, Real* labels) const {
  if (!meaning_) {
    if (count > 0) table_.read_columns(first, count, {column_}, labels);
    return;
  }
  const auto texts = table_.texts(first, count, column_);
  for (Index i = 0; i < count; ++i) {
    const auto found = value_of_.find(texts[size_t(i)]);
    labels[i] = found == value_of_.end() ? std::numeric_limits<Real>::quiet_NaN() : found->second;
  }
}

}  // namespace weir
