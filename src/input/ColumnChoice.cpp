#include "input/ColumnChoice.hpp"

#include <algorithm>

#include "input/Scalars.hpp"
#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

class Choice {
 public:
  explicit Choice(const ColumnsOfTable& table) : table_(table) {}

  /// Columns first .. end - 1.
  void add_range(Index first, Index end) {
    for (Index column = first; column < end; ++column) {
      const bool index = column == 0 && table_.count > 1 && !table_.names.empty() && table_.names[0].empty();
      if (column != table_.labels && !index) columns.push_back(column);
    }
  }

  void add(const IndexOrWord& entry) {
    if (!entry.is_word()) return columns.push_back(checked(entry.number));
    if (const auto column = named(entry.word)) return columns.push_back(*column);
    const size_t dots = entry.word.find("..");
    if (dots == entry.word.npos || dots == 0 || dots + 2 == entry.word.size()) no_such(entry.word);
    const Index first = number_of(entry.word.substr(0, dots)), last = number_of(entry.word.substr(dots + 2));
    if (first > last)
      throw InputError(table_.key, fmt::format("found {}, whose end lies before its start", entry.word));
    add_range(first, last + 1);
  }

  std::vector<Index> columns;

 private:
  std::optional<Index> named(const std::string& name) const {
    const auto found = std::find(table_.names.begin(), table_.names.end(), name);
    if (found == table_.names.end()) return {};
    return Index(found - table_.names.begin());
  }
  Index number_of(const std::string& text) const {
    if (const auto column = named(text)) return *column;
    if (const auto number = parse_index(text)) return checked(*number);
    no_such(text);
  }
  Index checked(Index number) const {
    if (number >= table_.count)
      throw InputError(table_.key, fmt::format("found {}; allowed: 0 to {}, the columns of {}", number,
                                               table_.count - 1, table_.file));
    return number;
  }
  [[noreturn]] void no_such(const std::string& name) const {
    throw InputError(
        table_.key,
        fmt::format("found \"{}\"; allowed: columns of {}{}{}", name, table_.file,
                    table_.names.empty() ? fmt::format(", which has no names: 0 to {}", table_.count - 1)
                                         : ": " + joined(table_.names),
                    did_you_mean(name, table_.names)));
  }

  const ColumnsOfTable& table_;
};

}  // namespace

void describe_columns(Section& section, std::optional<std::vector<IndexOrWord>>& columns,
                      const std::string& doc) {
  section
      .option("columns", columns,
              doc +
                  "[a, b] of two integers: columns a to b - 1, counted from 0; else a list of numbers, names "
                  "and ranges with their ends (2..4, PC1..PC5)")
      .at_least(0);
  if (!section.reading() || !columns) return;
  const bool pair = columns->size() == 2 && !(*columns)[0].is_word() && !(*columns)[1].is_word();
  if (columns->empty() || (pair && (*columns)[0].number >= (*columns)[1].number))
    section.error("columns", "found no column; allowed: [a, b] with a < b, half-open, or a list of columns");
}

std::vector<Index> chosen_columns(const std::optional<std::vector<IndexOrWord>>& chosen,
                                  const ColumnsOfTable& table) {
  Choice choice(table);
  const bool pair = chosen && chosen->size() == 2 && !(*chosen)[0].is_word() && !(*chosen)[1].is_word();
  if (!chosen) {
    choice.add_range(0, table.count);
  } else if (pair) {
    const Index first = (*chosen)[0].number, end = (*chosen)[1].number;
    if (end > table.count)
      throw InputError(table.key, fmt::format("found [{}, {}]; allowed: up to {}, the columns of {}", first,
                                              end, table.count, table.file));
    choice.add_range(first, end);
  } else {
    for (const auto& entry : *chosen) choice.add(entry);
  }
  std::vector<Index> sorted = choice.columns;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw InputError(table.key, fmt::format("column {} is chosen twice; allowed: every column once", *twice));
  if (choice.columns.empty())
    throw InputError(table.key, fmt::format("leaves no column of {} but that of the labels", table.file));
  return choice.columns;
}

}  // namespace weir
