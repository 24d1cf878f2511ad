// 'Did you mean': the known name that a misspelt one most resembles.
#pragma once

#include <string>
#include <vector>

namespace weir {

/// The closest of `names`, empty where none is close.
std::string closest_name(const std::string& misspelt, const std::vector<std::string>& names);

/// `; did you mean "name"?`, or nothing where no name is close.
std::string did_you_mean(const std::string& misspelt, const std::vector<std::string>& names);

/// "a, b, c"
std::string joined(const std::vector<std::string>& names);

}  // namespace weir
