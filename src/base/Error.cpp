#include "weir/base/Error.hpp"

namespace weir {

namespace {
std::string joined(const std::vector<InputError::Problem>& problems) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.key.empty() ? problem.message : problem.key + ": " + problem.message;
  }
  return text;
}
}  // namespace

InputError::InputError(std::vector<Problem> problems)
    : Error(joined(problems)), problems_(std::move(problems)) {}

void detail::fail_check(const char* expression, const char* file, int line, const std::string& values) {
  throw InternalError(fmt::format("internal check failed: {} at {}:{}{}{}", expression, file, line,
                                  values.empty() ? "" : ": ", values));
}

}  // namespace weir
