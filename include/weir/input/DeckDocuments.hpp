// What can be printed from the descriptions of options alone.
#pragma once

#include <string>
#include <vector>

#include "weir/input/Deck.hpp"

namespace weir {

/// Every key of every method, in Markdown: `weir --reference`.
std::string deck_reference(const std::vector<DeckMethod>& methods);

/// JSON Schema (draft 2020-12) of decks, by which editors complete and check them: `weir --schema`.
std::string deck_schema(const std::vector<DeckMethod>& methods);

/// A deck that gives every option the value it has now: read again, it runs the same. `method.describe`
/// describes the options that were read.
std::string resolved_deck(const RunOptions& run, const DeckMethod& method);

/// A key whose value differs between two resolved decks; empty where one has no such key.
struct DeckDifference {
  std::string key, before, now;
};
/// In the order of `now`, then what only `before` has.
std::vector<DeckDifference> deck_differences(const std::string& before, const std::string& now);

}  // namespace weir
