// Labels of rows as numbers, whatever the file has: numbers, texts, categories.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "input/LabelTexts.hpp"
#include "weir/input/DataOptions.hpp"
#include "weir/input/DataReader.hpp"

namespace weir {

/// Labels that are selected: `select` of a deck. Numbers, texts, and ranges of both, ends included: `0..7`,
/// `day2..day10`, `24..`.
class LabelSelection {
 public:
  /// Throws InputError (key `key`) for what is no label and no range.
  LabelSelection(const std::vector<RealOrWord>& select, std::string key);
  bool empty() const { return entries_.empty(); }
  /// Whether a label that is a number is selected.
  bool has(Real label) const;
  /// Whether a text is; `value`: what it stands for, where that is clear.
  bool has(const std::string& text, std::optional<Real> value) const;
  /// Throws InputError where an entry chose no label. `labels`: those that there are, for the message.
  void check_used(const std::string& file, const std::vector<std::string>& labels) const;

 private:
  struct Entry {
    std::string told;  // as the deck has it
    std::optional<Real> low, high;
    std::string first, last;  // texts; of a range, whose open end is empty
    bool range = false;
    mutable bool used = false;
  };
  std::vector<Entry> entries_;
  std::string key_;
};

class LabelColumn {
 public:
  /// Reads the column once where it holds texts. `table` outlives the object. Throws InputError.
  LabelColumn(DataReader& table, Index column, const LabelSelection& selection);

  /// What the texts of selected rows stand for; nothing where the labels are numbers.
  const std::optional<LabelMeaning>& meaning() const { return meaning_; }
  /// Labels of rows [first, first + count); nan for texts that are not selected.
  void read(Index first, Index count, Real* labels) const;
  bool has_texts() const { return meaning_.has_value(); }
  Index column() const { return column_; }
  /// All texts there are, selected or not, in natural order.
  const std::vector<std::string>& all_texts() const { return all_; }

 private:
  DataReader& table_;
  Index column_;
  std::optional<LabelMeaning> meaning_;
  std::vector<std::string> all_;
  std::unordered_map<std::string, Real> value_of_;
};

}  // namespace weir
