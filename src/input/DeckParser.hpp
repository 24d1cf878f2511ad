// YAML text to a tree that knows its lines.
#pragma once

#include <string>

#include "input/DeckNode.hpp"
#include "weir/base/Error.hpp"

namespace weir {

/// Parses one YAML document. `start` names the source; its line is that of the text's first line, or 0 where
/// the text has no lines of its own (an option of the command line). Throws InputError for syntax errors,
/// with their place; duplicate keys, of which the first counts, go to `problems`.
DeckNode parse_yaml(const std::string& text, const Place& start, Problems& problems);

/// The same; throws the duplicate keys as well.
DeckNode parse_yaml(const std::string& text, const Place& start);

/// `--set a.b.c=value`: puts a value, in YAML syntax, in the place of what stands there, or adds it. Words of
/// the path that are numbers index lists; the number one past the end appends.
void apply_setting(DeckNode& root, const std::string& setting);

}  // namespace weir
