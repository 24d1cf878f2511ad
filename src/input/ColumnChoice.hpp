// The columns of a table that a deck chooses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weir/input/Section.hpp"

namespace weir {

/// What is chosen from.
struct ColumnsOfTable {
  std::string file, key;  ///< for messages
  Index count = 0;
  std::vector<std::string> names;  ///< empty where the table has none
  Index labels = -1;               ///< the column of the labels; -1: none
};

/// The key `columns`: what it says, after `doc`, of how columns are chosen, and that some are.
void describe_columns(Section& section, std::optional<std::vector<IndexOrWord>>& columns,
                      const std::string& doc);

/// Numbers of the columns, in the order of `chosen`: two integers [a, b) are a range; else each entry is a
/// number, a name, or a range of either, ends included (`2..4`, `PC1..PC5`). Nothing chosen: all. Ranges pass
/// over the labels and over an index without a name. Throws InputError (key `key`).
std::vector<Index> chosen_columns(const std::optional<std::vector<IndexOrWord>>& chosen,
                                  const ColumnsOfTable& table);

}  // namespace weir
