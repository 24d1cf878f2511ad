#include "input/LabelTexts.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>

#include "input/Scalars.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

std::string lower(std::string text) {
  for (char& letter : text) letter = char(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

/// Without what stands between a word and a number.
std::string stripped(const std::string& text) {
  static const char* between = " \t_.:=()[]-+";
  const size_t first = text.find_first_not_of(between);
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(between) - first + 1);
}

struct Unit {
  Real seconds;
  const char* name;
};

std::optional<Unit> unit_named(const std::string& word) {
  static const std::map<std::string, Unit> units = [] {
    const std::vector<std::pair<Unit, std::vector<const char*>>> spellings{
        {{1, "s"}, {"s", "sec", "secs", "second", "seconds"}},
        {{60, "min"}, {"min", "mins", "minute", "minutes"}},
        {{3600, "h"}, {"h", "hr", "hrs", "hour", "hours"}},
        {{86400, "day"}, {"d", "day", "days"}},
        {{604800, "week"}, {"w", "wk", "week", "weeks"}}};
    std::map<std::string, Unit> all;
    for (const auto& [unit, words] : spellings)
      for (const char* each : words) all.emplace(each, unit);
    return all;
  }();
  const auto found = units.find(word);
  return found == units.end() ? std::nullopt : std::optional<Unit>(found->second);
}

/// A text as its one number, the word that goes with it, and what else stands there.
struct Parts {
  Real number = 0;
  std::string word, rest;
  std::optional<Unit> unit;  // that the word names
};

/// Throws InputError with what is unclear.
Parts parts_of(const std::string& text) {
  const size_t first = size_t(std::find_if(text.begin(), text.end(), is_digit) - text.begin());
  if (first == text.size()) throw InputError(fmt::format("\"{}\" has no number", text));
  size_t end = first;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1]))
    for (++end; end < text.size() && is_digit(text[end]);) ++end;
  if (std::find_if(text.begin() + Index(end), text.end(), is_digit) != text.end())
    throw InputError(fmt::format("\"{}\" has several numbers", text));
  const std::string before = stripped(text.substr(0, first)), after = stripped(text.substr(end));
  const bool minus = first > 0 && text[first - 1] == '-';
  if (minus && !before.empty()) throw InputError(fmt::format("the hyphen of \"{}\" may be a minus", text));
  Parts parts;
  parts.number = *parse_real(text.substr(first, end - first)) * (minus ? -1 : 1);
  parts.word = lower(after.empty() ? before : after);
  parts.rest = lower(after.empty() ? "" : before);
  // 3s are seconds; s3 is a sample or a snapshot.
  if (!after.empty() || parts.word != "s") parts.unit = unit_named(parts.word);
  return parts;
}

/// What the numbers of all texts are to be multiplied by, and the unit that they then have. Throws
/// InputError.
Unit common_unit(const std::vector<Parts>& all, const std::vector<std::string>& texts) {
  std::map<std::string, std::optional<Unit>> words;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].rest != all[0].rest)
      throw InputError(
          fmt::format("\"{}\" and \"{}\" differ in more than a number and its unit", texts[0], texts[i]));
    if (all[i].word.empty() && all[i].number == 0) continue;  // 0 needs no unit
    auto& unit = words.emplace(all[i].word, all[i].unit).first->second;
    if (!all[i].unit) unit.reset();
  }
  if (words.size() <= 1) {
    const auto unit = words.empty() ? std::nullopt : words.begin()->second;
    return unit ? *unit : Unit{0, ""};
  }
  Unit smallest{HUGE_VAL, ""};
  for (const auto& [word, unit] : words) {
    if (!unit)
      throw InputError(word.empty() ? "some have a unit and some have none"
                                    : fmt::format("\"{}\" is no unit of time that is known (s, min, h, day, "
                                                  "week)",
                                                  word));
    if (unit->seconds < smallest.seconds) smallest = *unit;
  }
  return smallest;
}

std::vector<Real> times_of(const std::vector<std::string>& texts, std::string& unit_name) {
  std::vector<Parts> all;
  for (const auto& text : texts) all.push_back(parts_of(text));
  const Unit unit = common_unit(all, texts);
  unit_name = unit.name;
  std::vector<Real> values;
  for (const auto& parts : all) {
    const bool scaled = unit.seconds > 0 && parts.unit;
    values.push_back(scaled ? parts.number * (parts.unit->seconds / unit.seconds) : parts.number);
  }
  for (size_t i = 0; i < values.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (values[i] == values[j])
        throw InputError(fmt::format("\"{}\" and \"{}\" are the same time", texts[j], texts[i]));
  return values;
}

}  // namespace

bool natural_less(const std::string& a, const std::string& b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      while (i < a.size() && a[i] == '0') ++i;
      while (j < b.size() && b[j] == '0') ++j;
      size_t end_a = i, end_b = j;
      while (end_a < a.size() && is_digit(a[end_a])) ++end_a;
      while (end_b < b.size() && is_digit(b[end_b])) ++end_b;
      if (end_a - i != end_b - j) return end_a - i < end_b - j;
      const int order = a.compare(i, end_a - i, b, j, end_b - j);
      if (order != 0) return order < 0;
      i = end_a, j = end_b;
      continue;
    }
    const int x = std::tolower(static_cast<unsigned char>(a[i])),
              y = std::tolower(static_cast<unsigned char>(b[j]));
    if (x != y) return x < y;
    ++i, ++j;
  }
  if (a.size() - i != b.size() - j) return i == a.size();
  return a < b;
}

LabelMeaning understand_labels(std::vector<std::string> texts) {
  LabelMeaning meaning;
  std::sort(texts.begin(), texts.end(), natural_less);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::vector<Real> values;
  meaning.plain = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
    const auto value = parse_real(text);
    if (value && std::isfinite(*value)) values.push_back(*value);
    return value && std::isfinite(*value);
  });
  if (!meaning.plain) {
    try {
      values = times_of(texts, meaning.unit);
    } catch (const InputError& error) {
      meaning.ambiguity = error.what();
      values.resize(texts.size());
      for (size_t i = 0; i < texts.size(); ++i) values[i] = Real(i);
    }
  }
  std::vector<size_t> order(texts.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return values[i] < values[j]; });
  for (const size_t i : order) {
    meaning.texts.push_back(texts[i]);
    meaning.values.push_back(values[i]);
  }
  return meaning;
}

}  // namespace weir
