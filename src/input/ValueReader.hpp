// One option's value from a node of a deck.
#pragma once

#include <filesystem>

#include "input/DeckNode.hpp"
#include "weir/input/Section.hpp"

namespace weir {

/// Stores what the node holds. Throws InputError, with key paths that start at `key`, for what is not of the
/// option's type; the option is then unchanged. Paths are made absolute from `folder`.
void read_value(const DeckNode& node, const std::string& key, const std::filesystem::path& folder,
                OptionValue value);

}  // namespace weir
