#include "input/Suggestion.hpp"

#include <algorithm>
#include <cctype>

namespace weir {

namespace {

// Capitals and hyphens are no difference: somebody who types Step-Size means step_size.
std::string folded(const std::string& name) {
  std::string result;
  for (char letter : name)
    result += letter == '-' || letter == ' ' ? '_' : char(std::tolower(static_cast<unsigned char>(letter)));
  return result;
}

// Insertions, deletions, substitutions and swaps of neighbours.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

bool starts_with(const std::string& text, const std::string& start) {
  return start.size() >= 3 && text.compare(0, start.size(), start) == 0;
}

}  // namespace

std::string closest_name(const std::string& misspelt, const std::vector<std::string>& names) {
  const std::string wanted = folded(misspelt);
  std::string closest;
  size_t smallest = wanted.size() < 3 ? 1 : wanted.size() / 3 + 1;  // one mistake in three letters
  for (const auto& name : names) {
    size_t distance = edit_distance(wanted, folded(name));
    if (starts_with(name, wanted) || starts_with(wanted, name)) distance = std::min<size_t>(distance, 1);
    if (distance >= smallest) continue;
    smallest = distance;
    closest = name;
  }
  return closest;
}

std::string did_you_mean(const std::string& misspelt, const std::vector<std::string>& names) {
  const std::string closest = closest_name(misspelt, names);
  return closest.empty() ? "" : "; did you mean \"" + closest + "\"?";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace weir
