#include <algorithm>

#include "input/DeckParser.hpp"
#include "input/Scalars.hpp"
#include "weir/input/DeckDocuments.hpp"

namespace weir {

namespace {

struct Leaf {
  std::string key, value;
};

std::string flow_text(const DeckNode& node) {
  if (node.is_null()) return "null";
  if (node.is_scalar()) return node.quoted ? node.text : with_point(node.text);
  std::string text;
  for (std::size_t i = 0; i < node.children.size(); ++i)
    text += (i > 0 ? ", " : "") + (node.is_map() ? node.keys[i] + ": " : "") + flow_text(node.children[i]);
  return node.is_map() ? "{" + text + "}" : "[" + text + "]";
}

/// Maps are gone into, and lists of maps; a list of values is one value.
void collect(const DeckNode& node, const std::string& key, std::vector<Leaf>& leaves) {
  const bool holds_maps = node.is_list() && !node.children.empty() && node.children.front().is_map();
  if ((!node.is_map() && !holds_maps) || node.children.empty()) {
    leaves.push_back({key, flow_text(node)});
    return;
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const std::string word = node.is_map() ? node.keys[i] : std::to_string(i);
    collect(node.children[i], key.empty() ? word : key + "." + word, leaves);
  }
}

const Leaf* find(const std::vector<Leaf>& leaves, const std::string& key) {
  const auto found = std::find_if(leaves.begin(), leaves.end(), [&](const Leaf& l) { return l.key == key; });
  return found == leaves.end() ? nullptr : &*found;
}

}  // namespace

std::vector<DeckDifference> deck_differences(const std::string& before, const std::string& now) {
  std::vector<Leaf> old_leaves, new_leaves;
  collect(parse_yaml(before, {"the deck before", 1}), "", old_leaves);
  collect(parse_yaml(now, {"the deck now", 1}), "", new_leaves);
  std::vector<DeckDifference> differences;
  for (const Leaf& leaf : new_leaves) {
    const Leaf* old = find(old_leaves, leaf.key);
    if (!old || old->value != leaf.value)
      differences.push_back({leaf.key, old ? old->value : "", leaf.value});
  }
  for (const Leaf& leaf : old_leaves)
    if (!find(new_leaves, leaf.key)) differences.push_back({leaf.key, leaf.value, ""});
  return differences;
}

}  // namespace weir
