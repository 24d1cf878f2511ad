// The tree of a deck: what stands where, in the order in which it was written.
#pragma once

#include <string>
#include <vector>

namespace weir {

/// Key of a map that a setting of the command line made of a short form: what stood there.
inline const std::string short_form_key = "\x01short form";

/// Where something was written: a line of a file, or an option of the command line (line 0).
struct Place {
  std::string source;
  int line = 0;
  std::string text() const { return line > 0 ? source + ":" + std::to_string(line) : source; }
};

struct DeckNode {
  enum class Kind { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string text;                ///< of a scalar
  bool quoted = false;             ///< a quoted scalar is text, never a number or a truth value
  std::vector<std::string> keys;   ///< of a map, one a child
  std::vector<DeckNode> children;  ///< of a map or a list
  Place place;

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }

  /// The child of that key, null where this is no map or has none.
  const DeckNode* find(const std::string& key) const;
  DeckNode* find(const std::string& key);
  /// Adds a child, or replaces the one of that key.
  void set(const std::string& key, DeckNode child);

  /// What a message says was found: `"abc"`, `0.5`, `a list`.
  std::string found() const;
};

/// The words of a key path "a.b.0".
std::vector<std::string> split_key_path(const std::string& path);

/// The node that a key path leads to, or the last one on the way that exists.
const DeckNode& closest_node(const DeckNode& root, const std::string& key_path);

}  // namespace weir
