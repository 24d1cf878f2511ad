#include "input/Restrictions.hpp"

#include <limits>

#include "input/OptionTypes.hpp"

namespace weir {

namespace {
// The largest Index has no equal among reals: it comes back as itself, for "any number".
Index to_index(Real value) {
  constexpr Index largest = std::numeric_limits<Index>::max();
  return value >= Real(largest) ? largest : Index(value);
}
}  // namespace

void Restrictions::add(const OptionRestriction& restriction) {
  switch (restriction.kind) {
    case OptionRestriction::unit:
      unit = restriction.names.at(0);
      break;
    case OptionRestriction::at_least:
      lower = {restriction.bound, false};
      break;
    case OptionRestriction::above:
      lower = {restriction.bound, true};
      break;
    case OptionRestriction::at_most:
      upper = {restriction.bound, false};
      break;
    case OptionRestriction::below:
      upper = {restriction.bound, true};
      break;
    case OptionRestriction::one_of:
      names = restriction.names;
      break;
    case OptionRestriction::entries:
      entries = {Index(restriction.bound), to_index(restriction.upper)};
      break;
  }
}

std::string Restrictions::range() const {
  std::string text;
  if (lower && upper && lower->value == upper->value) return fmt::format("{}", lower->value);
  if (lower) text = fmt::format("{} {}", lower->strict ? "above" : "at least", lower->value);
  if (upper)
    text += fmt::format("{}{} {}", lower ? " and " : "", upper->strict ? "below" : "at most", upper->value);
  return text;
}

std::string Restrictions::number_of_entries() const {
  if (!entries) return "";
  const auto [least, most] = *entries;
  if (least == most) return fmt::format("{} entries", least);
  if (most == std::numeric_limits<Index>::max()) return fmt::format("at least {} entries", least);
  return fmt::format("{} to {} entries", least, most);
}

std::vector<InputError::Problem> Restrictions::check(const OptionValue& value, const std::string& key) const {
  return value.type->check(*this, key, value.held);
}

}  // namespace weir
