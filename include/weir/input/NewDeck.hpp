// A first deck for a data file, written from the file's own keys.
#pragma once

#include <string>
#include <vector>

namespace weir {

/// Methods that `new_deck` writes decks of.
std::vector<std::string> methods_of_new_decks();

/// The text of a commented deck of that method which reads the file: its array, its columns, its labels, and
/// beside each what else there is. Not collective. Throws InputError where the file cannot be read or the
/// method is not one of those.
std::string new_deck(const std::string& file, const std::string& method);

}  // namespace weir
