#include "input/OptionTypes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "input/Restrictions.hpp"
#include "input/Scalars.hpp"
#include "input/Suggestion.hpp"

namespace weir {

namespace {

using Json = nlohmann::ordered_json;
using Element = OptionForm::Element;

/// A value in a deck.
struct Source {
  const DeckNode& node;
  const std::string& key;
  const std::filesystem::path& folder;

  /// A scalar that may be a number.
  bool plain() const { return node.is_scalar() && !node.quoted; }
  [[noreturn]] void problem(const std::string& message) const { throw InputError(key, message); }
  [[noreturn]] void expected(const std::string& what) const {
    problem(fmt::format("expected {}, found {}{}", what, node.found(),
                        node.quoted && parse_real(node.text) ? " (text, for its quotes)" : ""));
  }
};

/// What may be held, and what was found to be wrong.
struct Check {
  const Restrictions& allowed;
  std::vector<InputError::Problem> problems = {};

  void problem(const std::string& key, const std::string& found, const std::string& range) {
    problems.push_back({key, "found " + found + "; allowed: " + range});
  }
  template <class T>
  void number(T value, const std::string& key) {
    const auto& [unit, lower, upper, names, entries] = allowed;
    const Real real = Real(value);
    const bool too_small = lower && (lower->strict ? real <= lower->value : real < lower->value);
    const bool too_large = upper && (upper->strict ? real >= upper->value : real > upper->value);
    const std::string words = names.empty() ? "" : ", or " + joined(names);
    if (too_small || too_large)
      problem(key, fmt::format("{}", value),
              allowed.range() + (unit.empty() ? "" : " (" + unit + ")") + words);
  }
  bool names(const std::string& word) const {
    return std::find(allowed.names.begin(), allowed.names.end(), word) != allowed.names.end();
  }
};

/// read, check, form and json of one type.
template <class T>
struct Type;

/// The defaults of types whose values are not restricted and are their own JSON.
struct Unrestricted {
  template <class T>
  static void check(Check&, const std::string&, const T&) {}
  template <class T>
  static Json json(const T& value) {
    return value;
  }
};

template <>
struct Type<bool> : Unrestricted {
  static constexpr OptionForm form{Element::boolean};
  static void read(const Source& source, bool& value) {
    const auto parsed = source.plain() ? parse_bool(source.node.text) : std::nullopt;
    if (!parsed) source.expected("true or false");
    value = *parsed;
  }
};

template <>
struct Type<Index> : Unrestricted {
  static constexpr OptionForm form{Element::integer};
  static void read(const Source& source, Index& value) {
    const auto parsed = source.plain() ? parse_index(source.node.text) : std::nullopt;
    if (!parsed) source.expected("an integer");
    value = *parsed;
  }
  static void check(Check& check, const std::string& key, Index value) { check.number(value, key); }
};

template <>
struct Type<int> : Unrestricted {
  static constexpr OptionForm form{Element::integer};
  static void read(const Source& source, int& value) {
    Index wide = 0;
    Type<Index>::read(source, wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
      source.expected("an integer of at most 2147483647");
    value = int(wide);
  }
  static void check(Check& check, const std::string& key, int value) { check.number(Index(value), key); }
};

template <>
struct Type<Real> : Unrestricted {
  static constexpr OptionForm form{Element::number};
  static void read(const Source& source, Real& value) {
    const auto parsed = source.plain() ? parse_real(source.node.text) : std::nullopt;
    if (!parsed) source.expected("a number");
    if (!std::isfinite(*parsed)) source.expected("a finite number");
    value = *parsed;
  }
  static void check(Check& check, const std::string& key, Real value) { check.number(value, key); }
};

template <>
struct Type<std::string> : Unrestricted {
  static constexpr OptionForm form{Element::text};
  static void read(const Source& source, std::string& value) {
    if (!source.node.is_scalar()) source.expected("text");
    value = source.node.text;
  }
  static void check(Check& check, const std::string& key, const std::string& value) {
    const auto& names = check.allowed.names;
    if (names.empty() || check.names(value)) return;
    check.problem(key, "\"" + value + "\"", joined(names) + did_you_mean(value, names));
  }
};

template <>
struct Type<PathValue> : Unrestricted {
  static constexpr OptionForm form{Element::path};
  static void read(const Source& source, PathValue& value) {
    std::string text;
    Type<std::string>::read(source, text);
    value.path = text.empty() ? text : (source.folder / text).lexically_normal().string();
  }
  static Json json(const PathValue& value) { return value.path; }
};

template <class T>
struct Type<NumberOrWord<T>> {
  static constexpr OptionForm form = [] {
    OptionForm form = Type<T>::form;
    form.word = true;
    return form;
  }();
  static void read(const Source& source, NumberOrWord<T>& value) {
    const DeckNode& node = source.node;
    NumberOrWord<T> parsed;
    if (source.plain() && (parse_real(node.text) || parse_bool(node.text)))
      Type<T>::read(source, parsed.number);
    else if (node.is_scalar() && !node.text.empty())
      parsed.word = node.text;
    else
      source.expected("a number or a word");
    value = parsed;
  }
  static void check(Check& check, const std::string& key, const NumberOrWord<T>& value) {
    const auto& names = check.allowed.names;
    if (!value.is_word())
      Type<T>::check(check, key, value.number);
    else if (!names.empty() && !check.names(value.word))
      check.problem(key, "\"" + value.word + "\"",
                    "a number or " + joined(names) + did_you_mean(value.word, names));
  }
  static Json json(const NumberOrWord<T>& value) {
    return value.is_word() ? Json(value.word) : Json(value.number);
  }
};

template <class T>
struct Type<std::optional<T>> {
  static constexpr OptionForm form = [] {
    OptionForm form = Type<T>::form;
    form.null = true;
    return form;
  }();
  static void read(const Source& source, std::optional<T>& value) {
    if (source.node.is_null()) {
      value.reset();
      return;
    }
    T parsed;
    Type<T>::read(source, parsed);
    value = std::move(parsed);
  }
  static void check(Check& check, const std::string& key, const std::optional<T>& value) {
    if (value) Type<T>::check(check, key, *value);
  }
  static Json json(const std::optional<T>& value) { return value ? Type<T>::json(*value) : Json(nullptr); }
};

/// What lists of all kinds share.
struct Entries {
  /// All problems at once; key paths name the entry.
  template <class T>
  static void read(const Source& source, std::vector<T>& entries) {
    std::vector<InputError::Problem> problems;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::string key = source.key + "." + std::to_string(i);
      try {
        Type<T>::read({source.node.children[i], key, source.folder}, entries[i]);
      } catch (const InputError& error) {
        problems.insert(problems.end(), error.problems().begin(), error.problems().end());
      }
    }
    if (!problems.empty()) throw InputError(problems);
  }
  template <class List>
  static void check(Check& check, const std::string& key, const List& values) {
    const bool one = values.size() == 1;  // may have been given as one value, without a list
    for (std::size_t i = 0; i < values.size(); ++i)
      Type<typename List::value_type>::check(check, one ? key : key + "." + std::to_string(i), values[i]);
  }
};

/// One value alone is a list of one.
template <class T>
struct Type<std::vector<T>> {
  static constexpr OptionForm form = [] {
    OptionForm form = Type<T>::form;
    form.list = true;
    return form;
  }();
  static void read(const Source& source, std::vector<T>& values) {
    const DeckNode& node = source.node;
    if (!node.is_list() && !node.is_scalar()) source.expected("a list");
    std::vector<T> parsed(node.is_list() ? node.children.size() : 1);
    if (node.is_scalar())
      Type<T>::read(source, parsed[0]);
    else
      Entries::read(source, parsed);
    values = std::move(parsed);
  }
  static void check(Check& check, const std::string& key, const std::vector<T>& values) {
    if (const auto& entries = check.allowed.entries)
      if (Index(values.size()) < (*entries)[0] || Index(values.size()) > (*entries)[1])
        check.problem(key, fmt::format("{} entries", values.size()), check.allowed.number_of_entries());
    if constexpr (std::is_same_v<T, std::string>) check_different(check, key, values);
    Entries::check(check, key, values);
  }
  static Json json(const std::vector<T>& values) {
    Json list = Json::array();
    for (const auto& value : values) list.push_back(Type<T>::json(value));
    return list;
  }

 private:
  /// What is chosen from a list of names is chosen once.
  static void check_different(Check& check, const std::string& key, const std::vector<T>& values) {
    if (check.allowed.names.empty()) return;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::find(values.begin(), values.begin() + Index(i), values[i]) != values.begin() + Index(i))
        check.problem(key + "." + std::to_string(i), "\"" + values[i] + "\" again", "every name once");
  }
};

template <>
struct Type<std::array<Index, 2>> : Unrestricted {
  static constexpr OptionForm form{Element::integer, false, true, true};
  static void read(const Source& source, std::array<Index, 2>& values) {
    std::vector<Index> parsed;
    if (!source.node.is_list() || source.node.children.size() != 2) source.expected("a list of two integers");
    Type<std::vector<Index>>::read(source, parsed);
    values = {parsed[0], parsed[1]};
  }
  static void check(Check& check, const std::string& key, const std::array<Index, 2>& values) {
    Entries::check(check, key, values);
  }
};

template <>
struct Type<VectorValue> {
  static constexpr OptionForm form{Element::number, true, true};
  static void read(const Source& source, VectorValue& value) {
    if (!source.node.is_list() && !source.node.is_scalar()) source.expected("a number or a list of numbers");
    std::vector<Real> parsed;
    Type<std::vector<Real>>::read(source, parsed);
    if (parsed.empty()) source.problem("found an empty list; allowed: a number or a list of numbers");
    value.values = std::move(parsed);
  }
  static void check(Check& check, const std::string& key, const VectorValue& value) {
    Type<std::vector<Real>>::check(check, key, value.values);
  }
  static Json json(const VectorValue& value) {
    return value.values.size() == 1 ? Json(value.values[0]) : Json(value.values);
  }
};

template <>
struct Type<MatrixValue> {
  static constexpr OptionForm form{Element::number, true, true, false, true};
  static void read(const Source& source, MatrixValue& value) {
    const DeckNode& node = source.node;
    if (!node.is_list() || node.children.empty() || !node.children[0].is_list()) {
      VectorValue diagonal;
      Type<VectorValue>::read(source, diagonal);
      value.rows = {diagonal.values};
      return;
    }
    std::vector<std::vector<Real>> rows(node.children.size());
    Entries::read(source, rows);
    for (const auto& row : rows)
      if (row.size() != rows.size())
        source.problem(
            fmt::format("found a row of {} numbers in a matrix of {} rows; allowed: a square matrix",
                        row.size(), rows.size()));
    value.rows = std::move(rows);
  }
  static void check(Check& check, const std::string& key, const MatrixValue& value) {
    if (value.rows.size() == 1)
      Type<std::vector<Real>>::check(check, key, value.rows[0]);
    else
      Type<std::vector<std::vector<Real>>>::check(check, key, value.rows);
  }
  static Json json(const MatrixValue& value) {
    return value.rows.size() == 1 ? Type<VectorValue>::json(value.rows[0]) : Json(value.rows);
  }
};

template <class T>
class OptionTypeOf : public OptionType {
 public:
  void read(const DeckNode& node, const std::string& key, const std::filesystem::path& folder,
            void* value) const override {
    Type<T>::read({node, key, folder}, *static_cast<T*>(value));
  }
  std::vector<InputError::Problem> check(const Restrictions& allowed, const std::string& key,
                                         const void* value) const override {
    Check check{allowed};
    Type<T>::check(check, key, *static_cast<const T*>(value));
    return check.problems;
  }
  OptionForm form() const override { return Type<T>::form; }
  Json json(const void* value) const override { return Type<T>::json(*static_cast<const T*>(value)); }
};

}  // namespace

template <class T>
const OptionType& option_type() {
  static const OptionTypeOf<T> type;
  return type;
}

// The types that options may have.
template const OptionType& option_type<bool>();
template const OptionType& option_type<int>();
template const OptionType& option_type<Index>();
template const OptionType& option_type<Real>();
template const OptionType& option_type<std::string>();
template const OptionType& option_type<PathValue>();
template const OptionType& option_type<VectorValue>();
template const OptionType& option_type<MatrixValue>();
template const OptionType& option_type<IndexOrWord>();
template const OptionType& option_type<RealOrWord>();
template const OptionType& option_type<std::vector<Index>>();
template const OptionType& option_type<std::vector<Real>>();
template const OptionType& option_type<std::vector<std::string>>();
template const OptionType& option_type<std::vector<PathValue>>();
template const OptionType& option_type<std::optional<Index>>();
template const OptionType& option_type<std::optional<Real>>();
template const OptionType& option_type<std::optional<std::string>>();
template const OptionType& option_type<std::optional<std::vector<Real>>>();
template const OptionType& option_type<std::optional<std::array<Index, 2>>>();
template const OptionType& option_type<std::vector<RealOrWord>>();
template const OptionType& option_type<std::optional<std::vector<IndexOrWord>>>();

}  // namespace weir
