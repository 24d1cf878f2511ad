// Numbers and truth values from text, the same in every locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/base/Types.hpp"

namespace weir {

/// A decimal number; also inf and nan in the usual spellings (".inf" of YAML too). Nothing else may stand
/// around it.
std::optional<Real> parse_real(std::string_view text);
/// An integer of 64 bits; 1e5 and 100.0 are integers as well (up to 2^53).
std::optional<Index> parse_index(std::string_view text);
/// 1e-08 as 1.0e-08, which readers of YAML 1.1 take for a number too; other text as it is.
std::string with_point(const std::string& number);
/// true or false, also capitalised, as in YAML 1.2.
std::optional<bool> parse_bool(std::string_view text);

}  // namespace weir
