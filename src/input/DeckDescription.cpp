#include "input/DeckDescription.hpp"

namespace weir {

void describe(Section& section, DeckContent& content, const std::vector<DeckMethod>& methods) {
  section.required("weir", content.format, "format of the deck, always `weir: 1`").at_least(1).at_most(1);
  section.section("run", content.run, "what every run has, whatever its method");
  std::vector<Alternative> alternatives;
  for (const auto& method : methods) {
    Alternative each;
    each.key = method.key;
    each.doc = method.doc;
    each.is_selected = [&content, key = method.key] { return content.method == key; };
    each.select = [&content, key = method.key] { content.method = key; };
    each.describe = method.describe;
    alternatives.push_back(std::move(each));
  }
  section.one_of(alternatives, "the method");
}

}  // namespace weir
