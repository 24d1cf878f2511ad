#include "input/DeckNode.hpp"

#include <algorithm>

#include "input/Scalars.hpp"

namespace weir {

const DeckNode* DeckNode::find(const std::string& key) const {
  const auto it = std::find(keys.begin(), keys.end(), key);
  return is_map() && it != keys.end() ? &children[it - keys.begin()] : nullptr;
}

DeckNode* DeckNode::find(const std::string& key) {
  return const_cast<DeckNode*>(static_cast<const DeckNode*>(this)->find(key));
}

void DeckNode::set(const std::string& key, DeckNode child) {
  if (DeckNode* there = find(key)) {
    *there = std::move(child);
  } else {
    keys.push_back(key);
    children.push_back(std::move(child));
  }
}

std::string DeckNode::found() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
    case Kind::scalar:
      break;
  }
  return quoted || !(parse_real(text) || parse_bool(text)) ? '"' + text + '"' : text;
}

std::vector<std::string> split_key_path(const std::string& path) {
  std::vector<std::string> words;
  for (size_t first = 0; first <= path.size();) {
    const size_t dot = std::min(path.find('.', first), path.size());
    words.push_back(path.substr(first, dot - first));
    first = dot + 1;
  }
  return words;
}

const DeckNode& closest_node(const DeckNode& root, const std::string& key_path) {
  const DeckNode* node = &root;
  for (const auto& word : split_key_path(key_path)) {
    const DeckNode* next = node->find(word);
    if (node->is_list())
      if (const auto i = parse_index(word); i && *i >= 0 && size_t(*i) < node->children.size())
        next = &node->children[*i];
    if (!next) break;
    node = next;
  }
  return *node;
}

}  // namespace weir
