// What an option may hold: checked in a deck, listed in the reference and the schema.
#pragma once

#include <optional>

#include "weir/base/Error.hpp"
#include "weir/input/Section.hpp"

namespace weir {

struct Restrictions {
  struct Bound {
    Real value;
    bool strict;
  };
  std::string unit;
  std::optional<Bound> lower, upper;
  std::vector<std::string> names;
  std::optional<std::array<Index, 2>> entries;

  void add(const OptionRestriction& restriction);

  /// "above 0 and at most 1", empty where every number is allowed.
  std::string range() const;
  std::string number_of_entries() const;

  /// What is wrong with a value; key paths start at `key`.
  std::vector<InputError::Problem> check(const OptionValue& value, const std::string& key) const;
};

}  // namespace weir
