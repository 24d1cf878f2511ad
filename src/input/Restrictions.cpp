#include "input/Restrictions.hpp"

#include <algorithm>
#include <limits>

#include "input/Suggestion.hpp"

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

namespace {

class Checker {
 public:
  Checker(const Restrictions& restrictions) : restrictions_(restrictions) {}
  std::vector<InputError::Problem> problems;

  void check(bool, const std::string&) {}
  void check(int value, const std::string& key) { check(Index(value), key); }
  void check(Index value, const std::string& key) { check_number(value, key); }
  void check(Real value, const std::string& key) { check_number(value, key); }
  void check(const PathValue&, const std::string&) {}
  void check(const std::string& value, const std::string& key) {
    const auto& names = restrictions_.names;
    if (names.empty() || std::find(names.begin(), names.end(), value) != names.end()) return;
    problem(key, "\"" + value + "\"", joined(names) + did_you_mean(value, names));
  }
  void check(const VectorValue& value, const std::string& key) { check(value.values, key); }
  void check(const MatrixValue& value, const std::string& key) {
    if (value.rows.size() == 1)
      check(value.rows[0], key);
    else
      check(value.rows, key);
  }
  template <class T>
  void check(const NumberOrWord<T>& value, const std::string& key) {
    const auto& names = restrictions_.names;
    if (!value.is_word())
      check(value.number, key);
    else if (std::find(names.begin(), names.end(), value.word) == names.end())
      problem(key, "\"" + value.word + "\"",
              "a number or " + joined(names) + did_you_mean(value.word, names));
  }
  template <class T>
  void check(const std::optional<T>& value, const std::string& key) {
    if (value) check(*value, key);
  }
  template <class T>
  void check(const std::vector<T>& values, const std::string& key) {
    if (const auto& entries = restrictions_.entries)
      if (Index(values.size()) < (*entries)[0] || Index(values.size()) > (*entries)[1])
        problem(key, fmt::format("{} entries", values.size()), restrictions_.number_of_entries());
    if constexpr (std::is_same_v<T, std::string>) check_different(values, key);
    check_each(values, key);
  }
  void check(const std::array<Index, 2>& values, const std::string& key) { check_each(values, key); }

 private:
  template <class List>
  void check_each(const List& values, const std::string& key) {
    const bool one = values.size() == 1;  // may have been given as one value, without a list
    for (size_t i = 0; i < values.size(); ++i) check(values[i], one ? key : key + "." + std::to_string(i));
  }

  /// What is chosen from a list of names is chosen once.
  void check_different(const std::vector<std::string>& values, const std::string& key) {
    if (restrictions_.names.empty()) return;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::find(values.begin(), values.begin() + Index(i), values[i]) != values.begin() + Index(i))
        problem(key + "." + std::to_string(i), "\"" + values[i] + "\" again", "every name once");
  }

  template <class T>
  void check_number(T value, const std::string& key) {
    const auto& [unit, lower, upper, names, entries] = restrictions_;
    const Real real = Real(value);
    const bool too_small = lower && (lower->strict ? real <= lower->value : real < lower->value);
    const bool too_large = upper && (upper->strict ? real >= upper->value : real > upper->value);
    const std::string words = names.empty() ? "" : ", or " + joined(names);
    if (too_small || too_large)
      problem(key, fmt::format("{}", value),
              restrictions_.range() + (unit.empty() ? "" : " (" + unit + ")") + words);
  }

  void problem(const std::string& key, const std::string& found, const std::string& allowed) {
    problems.push_back({key, "found " + found + "; allowed: " + allowed});
  }

  const Restrictions& restrictions_;
};

}  // namespace

std::vector<InputError::Problem> Restrictions::check(const OptionValue& value, const std::string& key) const {
  Checker checker(*this);
  std::visit([&](const auto* held) { checker.check(*held, key); }, value);
  return checker.problems;
}

}  // namespace weir
