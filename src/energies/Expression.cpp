#include "weir/energies/Expression.hpp"

#include <algorithm>
#include <cctype>
#include <cfenv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using Operation = Expression::Operation;

const std::map<std::string, Operation> functions_of_one{
    {"sin", Operation::sin},   {"cos", Operation::cos},   {"tan", Operation::tan},
    {"asin", Operation::asin}, {"acos", Operation::acos}, {"atan", Operation::atan},
    {"sinh", Operation::sinh}, {"cosh", Operation::cosh}, {"tanh", Operation::tanh},
    {"exp", Operation::exp},   {"log", Operation::log},   {"sqrt", Operation::sqrt},
    {"abs", Operation::abs}};
const std::map<std::string, Operation> functions_of_two{{"min", Operation::minimum},
                                                        {"max", Operation::maximum},
                                                        {"atan2", Operation::atan2},
                                                        {"pow", Operation::power}};

struct Name {
  const char *word, *meaning;
  Operation operation;
  Real constant = 0;
};
const std::vector<Name> names{{"t", "time", Operation::time},
                              {"d", "number of dimensions", Operation::constant},
                              {"norm", "|x|", Operation::norm},
                              {"pi", "", Operation::constant, 3.14159265358979323846},
                              {"e", "", Operation::constant, 2.71828182845904523536}};

std::string list_of_names() {
  std::string text;
  for (const Name& name : names) text += (text.empty() ? "" : ", ") + std::string(name.word);
  return text;
}

/// sum := product (+|- product)*; product := signed (*|/ signed)*; signed := - signed | power;
/// power := atom [^ signed]; atom := number | name | name(sum, ..) | (sum)
class Parser {
 public:
  Parser(const std::string& text, Index dimension, const std::string& where)
      : text_(text), dimension_(dimension), where_(where) {}

  std::vector<Expression::Instruction> parse() {
    sum();
    skip_spaces();
    if (at_ < text_.size()) fail("an operator or the end");
    return std::move(program_);
  }

 private:
  [[noreturn]] void fail(const std::string& allowed) const {
    const std::string found = at_ < text_.size() ? fmt::format("\"{}\"", text_.substr(at_, 12)) : "the end";
    throw InputError(where_, fmt::format("formula \"{}\", at character {}: found {}; allowed: {}", text_,
                                         at_ + 1, found, allowed));
  }
  void skip_spaces() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(fmt::format("\"{}\"", c));
  }
  void push(Operation operation, int component = 0, Real constant = 0) {
    if (operation == Operation::power && take_integer_exponent()) return;
    if (operation >= Operation::add && fold({operation, component, constant})) return;
    program_.push_back({operation, component, constant});
    if (operation < Operation::add) {
      if (++depth_ > Expression::most_depth)
        throw InputError(
            where_,
            fmt::format("the formula nests more than {} values; split it into several terms of `potential`",
                        Expression::most_depth));
    } else if (operation < Operation::negate) {
      --depth_;
    }
  }

  /// Applies an operation to constants, where they are its operands.
  bool fold(const Expression::Instruction& instruction) {
    const std::size_t operands = instruction.operation < Operation::negate ? 2 : 1, size = program_.size();
    for (std::size_t k = 1; k <= operands; ++k)
      if (program_[size - k].operation != Operation::constant) return false;
    auto& first = program_[size - operands];
    std::fenv_t environment;
    std::feholdexcept(&environment);  // what is not finite is told below
    first.constant = Expression::apply(instruction, first.constant, program_.back().constant);
    std::fesetenv(&environment);
    if (!std::isfinite(first.constant))
      throw InputError(where_,
                       fmt::format("before character {}: constants that make no finite number", at_ + 1));
    program_.resize(size - operands + 1);
    depth_ -= int(operands) - 1;
    return true;
  }
  /// Makes the constant on top of the stack the exponent of an integer power, where it is one.
  bool take_integer_exponent() {
    const auto& top = program_.back();
    constexpr Real most = 64;
    if (top.operation != Operation::constant || top.constant != std::round(top.constant) ||
        std::fabs(top.constant) > most)
      return false;
    const int exponent = int(top.constant);
    program_.pop_back();
    --depth_;
    push(Operation::integer_power, exponent);
    return true;
  }

  void sum() {
    product();
    for (;;) {
      if (take('+')) {
        product();
        push(Operation::add);
      } else if (take('-')) {
        product();
        push(Operation::subtract);
      } else {
        return;
      }
    }
  }
  void product() {
    with_sign();
    for (;;) {
      if (take('*')) {
        with_sign();
        push(Operation::multiply);
      } else if (take('/')) {
        with_sign();
        push(Operation::divide);
      } else {
        return;
      }
    }
  }
  void with_sign() {
    if (++nesting_ > 1000) throw InputError(where_, "the formula nests too deeply");
    if (take('-')) {
      with_sign();
      push(Operation::negate);
    } else if (take('+')) {
      with_sign();
    } else {
      power();
    }
    --nesting_;
  }
  void power() {
    atom();
    if (take('^')) {
      with_sign();
      push(Operation::power);
    }
  }
  void atom() {
    skip_spaces();
    if (take('(')) {
      sum();
      expect(')');
    } else if (at_ < text_.size() &&
               (std::isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.')) {
      number();
    } else if (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_]))) {
      name();
    } else {
      fail("a number, a name, a sign or \"(\"");
    }
  }
  std::size_t digits_from(std::size_t at) const {
    while (at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at]))) ++at;
    return at;
  }
  /// digits [. digits] [e [sign] digits]; strtod alone would take hexadecimal numbers too.
  void number() {
    std::size_t end = digits_from(at_);
    if (end < text_.size() && text_[end] == '.') end = digits_from(end + 1);
    if (end == at_ + 1 && text_[at_] == '.') fail("a number");
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      const bool has_sign = end + 1 < text_.size() && (text_[end + 1] == '+' || text_[end + 1] == '-');
      const std::size_t first = end + (has_sign ? 2 : 1);
      if (digits_from(first) > first) end = digits_from(first);
    }
    const Real value = std::strtod(text_.substr(at_, end - at_).c_str(), nullptr);
    if (!std::isfinite(value)) fail("numbers up to 1.8e308");
    if (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '.'))
      fail("decimal numbers, and a \"*\" between factors");
    at_ = end;
    push(Operation::constant, 0, value);
  }
  void name() {
    const std::size_t begin = at_;
    std::size_t end = at_;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_'))
      ++end;
    const std::string word = text_.substr(begin, end - begin);
    if (const auto one = functions_of_one.find(word); one != functions_of_one.end()) {
      at_ = end;
      expect('(');
      sum();
      expect(')');
      push(one->second);
    } else if (const auto two = functions_of_two.find(word); two != functions_of_two.end()) {
      at_ = end;
      expect('(');
      sum();
      expect(',');
      sum();
      expect(')');
      push(two->second);
    } else if (!symbol(word)) {
      fail_at_name(word);
    } else {
      at_ = end;
    }
  }
  bool symbol(const std::string& word) {
    for (const Name& name : names)
      if (word == name.word)
        return push(name.operation, 0, word == "d" ? Real(dimension_) : name.constant), true;
    if (word == "x" && dimension_ == 1) return push(Operation::component, 0), true;
    if (word.size() < 2 || word.size() > 9 || word[0] != 'x' ||
        !std::all_of(word.begin() + 1, word.end(), [](unsigned char c) { return std::isdigit(c); }))
      return false;
    const Index component = std::stoll(word.substr(1));
    if (component >= dimension_)
      fail(fmt::format("x0 to x{}, since the ensemble has {} dimensions", dimension_ - 1, dimension_));
    push(Operation::component, int(component));
    return true;
  }
  [[noreturn]] void fail_at_name(const std::string& word) const {
    std::vector<std::string> known;
    for (const Name& name : names) known.push_back(name.word);
    for (const auto& [function, operation] : functions_of_one) known.push_back(function);
    for (const auto& [function, operation] : functions_of_two) known.push_back(function);
    for (Index c = 0; c < std::min(dimension_, Index(100)); ++c) known.push_back(fmt::format("x{}", c));
    fail("x0, x1, .., " + list_of_names() + " and the functions that the reference lists with `formula`" +
         did_you_mean(word, known));
  }

  const std::string& text_;
  Index dimension_;
  const std::string& where_;
  std::size_t at_ = 0;
  int depth_ = 0, nesting_ = 0;
  std::vector<Expression::Instruction> program_;
};

}  // namespace

std::string words_of_formulas() {
  std::string text = "x0, x1, .. (x in one dimension)";
  for (const Name& name : names)
    text += fmt::format(", {}{}", name.word, *name.meaning ? fmt::format(" ({})", name.meaning) : "");
  text += "; functions";
  for (const auto& [word, operation] : functions_of_one) text += " " + word;
  text += "; of two arguments";
  for (const auto& [word, operation] : functions_of_two) text += " " + word;
  return text;
}

Expression parse_expression(const std::string& formula, Index dimension, const std::string& where) {
  const auto program = Parser(formula, dimension, where).parse();
  Expression expression;
  expression.program_ =
      Kokkos::View<Expression::Instruction*, MemorySpace>("Weir::Expression::program", program.size());
  const auto host = Kokkos::create_mirror_view(expression.program_);
  std::copy(program.begin(), program.end(), host.data());
  for (const auto& instruction : program)
    expression.depends_on_time_ |= instruction.operation == Operation::time;
  Kokkos::deep_copy(expression.program_, host);
  return expression;
}

}  // namespace weir
