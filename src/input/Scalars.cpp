#include "input/Scalars.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <regex>

namespace weir {

namespace {
// std::from_chars takes no leading plus.
std::string_view without_plus(std::string_view text) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
  return plus ? text.substr(1) : text;
}
}  // namespace

std::optional<Real> parse_real(std::string_view text) {
  text = without_plus(text);
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view magnitude = negative ? text.substr(1) : text;
  if (magnitude == ".inf" || magnitude == ".Inf" || magnitude == ".INF")
    return negative ? -std::numeric_limits<Real>::infinity() : std::numeric_limits<Real>::infinity();
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<Real>::quiet_NaN();

  Real value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (stop != end || code == std::errc::invalid_argument) return std::nullopt;
  if (code == std::errc::result_out_of_range) {  // the value is left unset: too small, or too large
    const bool tiny = text.find("e-") != text.npos || text.find("E-") != text.npos;
    value = tiny ? 0.0 : std::numeric_limits<Real>::infinity();
    return negative ? -value : value;
  }
  return value;
}

std::optional<Index> parse_index(std::string_view text) {
  text = without_plus(text);
  Index value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (stop == end && code == std::errc()) return value;
  if (stop == end && code == std::errc::result_out_of_range) return std::nullopt;
  const auto real = parse_real(text);
  constexpr Real largest_exact = 9007199254740992.0;
  if (real && std::isfinite(*real) && std::abs(*real) <= largest_exact && std::floor(*real) == *real)
    return Index(*real);
  return std::nullopt;
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::string with_point(const std::string& number) {
  static const std::regex pattern("-?[0-9]+e[-+][0-9]+");
  if (!std::regex_match(number, pattern)) return number;
  const auto exponent = number.find('e');
  return number.substr(0, exponent) + ".0" + number.substr(exponent);
}

}  // namespace weir
