#include "input/ValueReader.hpp"

#include <cmath>
#include <limits>

#include "input/Scalars.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

class ValueReader {
 public:
  ValueReader(const DeckNode& node, const std::string& key, const std::filesystem::path& folder)
      : node_(node), key_(key), folder_(folder) {}

  void read(bool& value) const {
    const auto parsed = node_.is_scalar() && !node_.quoted ? parse_bool(node_.text) : std::nullopt;
    if (!parsed) expected("true or false");
    value = *parsed;
  }

  void read(Index& value) const {
    const auto parsed = plain() ? parse_index(node_.text) : std::nullopt;
    if (!parsed) expected("an integer");
    value = *parsed;
  }

  void read(int& value) const {
    Index wide = 0;
    read(wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max())
      expected("an integer of at most 2147483647");
    value = int(wide);
  }

  void read(Real& value) const {
    const auto parsed = plain() ? parse_real(node_.text) : std::nullopt;
    if (!parsed) expected("a number");
    if (!std::isfinite(*parsed)) expected("a finite number");
    value = *parsed;
  }

  void read(std::string& value) const {
    if (!node_.is_scalar()) expected("text");
    value = node_.text;
  }

  void read(PathValue& value) const {
    std::string text;
    read(text);
    value.path = text.empty() ? text : (folder_ / text).lexically_normal().string();
  }

  template <class T>
  void read(NumberOrWord<T>& value) const {
    const bool number = plain() && (parse_real(node_.text) || parse_bool(node_.text));
    NumberOrWord<T> parsed;
    if (number)
      read(parsed.number);
    else if (node_.is_scalar() && !node_.text.empty())
      parsed.word = node_.text;
    else
      expected("a number or a word");
    value = parsed;
  }

  template <class T>
  void read(std::optional<T>& value) const {
    if (node_.is_null()) {
      value.reset();
      return;
    }
    T parsed;
    read(parsed);
    value = std::move(parsed);
  }

  // One value alone is a list of one.
  template <class T>
  void read(std::vector<T>& values) const {
    if (!node_.is_list() && !node_.is_scalar()) expected("a list");
    std::vector<T> parsed(node_.is_list() ? node_.children.size() : 1);
    if (node_.is_scalar())
      read(parsed[0]);
    else
      read_entries(parsed);
    values = std::move(parsed);
  }

  void read(std::array<Index, 2>& values) const {
    std::vector<Index> parsed;
    if (!node_.is_list() || node_.children.size() != 2) expected("a list of two integers");
    read(parsed);
    values = {parsed[0], parsed[1]};
  }

  void read(VectorValue& value) const {
    if (!node_.is_list() && !node_.is_scalar()) expected("a number or a list of numbers");
    std::vector<Real> parsed;
    read(parsed);
    if (parsed.empty()) problem("found an empty list; allowed: a number or a list of numbers");
    value.values = std::move(parsed);
  }

  void read(MatrixValue& value) const {
    const bool has_rows = node_.is_list() && !node_.children.empty() && node_.children[0].is_list();
    if (!has_rows) {
      VectorValue diagonal;
      read(diagonal);
      value.rows = {diagonal.values};
      return;
    }
    std::vector<std::vector<Real>> rows(node_.children.size());
    read_entries(rows);
    for (const auto& row : rows)
      if (row.size() != rows.size())
        problem(fmt::format("found a row of {} numbers in a matrix of {} rows; allowed: a square matrix",
                            row.size(), rows.size()));
    value.rows = std::move(rows);
  }

 private:
  // A scalar that may be a number.
  bool plain() const { return node_.is_scalar() && !node_.quoted; }
  [[noreturn]] void problem(const std::string& message) const { throw InputError(key_, message); }
  [[noreturn]] void expected(const std::string& what) const {
    problem(fmt::format("expected {}, found {}{}", what, node_.found(),
                        node_.quoted && parse_real(node_.text) ? " (text, for its quotes)" : ""));
  }

  template <class T>
  void read_entries(std::vector<T>& entries) const {
    std::vector<InputError::Problem> problems;
    for (size_t i = 0; i < entries.size(); ++i) {
      try {
        ValueReader(node_.children[i], key_ + "." + std::to_string(i), folder_).read(entries[i]);
      } catch (const InputError& error) {
        problems.insert(problems.end(), error.problems().begin(), error.problems().end());
      }
    }
    if (!problems.empty()) throw InputError(problems);
  }

  const DeckNode& node_;
  const std::string& key_;
  const std::filesystem::path& folder_;
};

}  // namespace

void read_value(const DeckNode& node, const std::string& key, const std::filesystem::path& folder,
                OptionValue value) {
  std::visit([&](auto* target) { ValueReader(node, key, folder).read(*target); }, value);
}

}  // namespace weir
