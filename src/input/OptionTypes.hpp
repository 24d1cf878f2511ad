// What the types of options do: come from a deck, be checked, describe themselves, be written down.
//
// A new type is a specialisation of Type in the source, and a line in its list of types.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "input/DeckNode.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/Section.hpp"

namespace weir {

struct Restrictions;

/// The form of an option's value.
struct OptionForm {
  enum class Element { boolean, integer, number, text, path } element;
  bool scalar = true;
  bool list = false;
  bool pair = false;    ///< a list of exactly two
  bool matrix = false;  ///< a list of rows
  bool word = false;    ///< one of the names allowed, instead of a number
  bool null = false;
};

/// One type, for values of it that are held by a pointer.
class OptionType {
 public:
  virtual ~OptionType() = default;
  /// Stores what the node holds. Throws InputError, with key paths that start at `key`, for what is not of
  /// the type; the value is then unchanged. Paths are made absolute from `folder`.
  virtual void read(const DeckNode& node, const std::string& key, const std::filesystem::path& folder,
                    void* value) const = 0;
  /// What is wrong with a value; key paths start at `key`.
  virtual std::vector<InputError::Problem> check(const Restrictions& allowed, const std::string& key,
                                                 const void* value) const = 0;
  virtual OptionForm form() const = 0;
  virtual nlohmann::ordered_json json(const void* value) const = 0;
};

}  // namespace weir
