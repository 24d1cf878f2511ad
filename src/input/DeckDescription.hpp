// What a whole deck may hold: the one description behind reading, reference, schema and resolved deck.
#pragma once

#include "weir/input/Deck.hpp"

namespace weir {

struct DeckContent {
  Index format = 1;
  RunOptions run;
  std::string method;  ///< key of the chosen one, empty before one is chosen
};

void describe(Section& section, DeckContent& content, const std::vector<DeckMethod>& methods);

}  // namespace weir
