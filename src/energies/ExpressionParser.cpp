// From a formula's text to the program that computes it, by recursive descent:
//
//     sum     = product {("+" | "-") product}
//     product = signed {("*" | "/") signed}
//     signed  = {"+" | "-"} power
//     power   = atom ["^" signed]
//     atom    = number | name | function "(" sum {"," sum} ")" | "(" sum ")"
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

#include "input/Suggestion.hpp"
#include "weir/base/Error.hpp"
#include "weir/energies/Expression.hpp"

namespace weir {

bool Expression::uses_time() const {
  return std::any_of(code_, code_ + length_,
                     [](const Instruction& i) { return i.operation == Operation::time; });
}

/// Collects instructions: equal ones once, those on constants done at once, those of no use left out at the
/// end.
class ExpressionBuilder {
 public:
  using Number = std::size_t;  ///< of an instruction

  Number constant(Real value) { return add({Operation::constant, 0, 0, value}); }
  Number component(Index index) { return add({Operation::component, std::uint16_t(index), 0, 0}); }
  Number time() { return add({Operation::time}); }
  Number norm() { return add({Operation::norm}); }

  Number operation(Operation operation, Number a, Number b, Real parameter = 0) {
    const Instruction instruction{operation, std::uint16_t(a), std::uint16_t(b), parameter};
    if (is_constant(a) && is_constant(b))
      return constant(Expression::apply(instruction, code_[a].constant, code_[b].constant));
    return add(instruction);
  }
  Number unary(Operation operation, Number a) { return this->operation(operation, a, a); }

  Number power(Number base, Number exponent) {
    constexpr Real most = 64;  // beyond, multiplications cost more than logarithms
    if (is_constant(exponent) && !is_constant(base)) {
      const Real n = code_[exponent].constant;
      if (n == 0.5) return unary(Operation::square_root, base);
      if (n == std::round(n) && std::abs(n) <= most)
        return operation(Operation::integer_power, base, base, n);
    }
    return operation(Operation::power, base, exponent);
  }

  bool is_constant(Number number) const { return code_[number].operation == Operation::constant; }
  Real constant_of(Number number) const { return code_[number].constant; }

  /// The program that ends with `last`.
  Expression finish(Number last) const {
    std::vector<bool> used(last + 1, false);
    used[last] = true;
    for (Number k = last + 1; k-- > 0;)
      if (used[k] && has_operands(code_[k])) used[code_[k].a] = used[code_[k].b] = true;
    Expression program;
    std::vector<std::uint16_t> place(last + 1);
    for (Number k = 0; k <= last; ++k) {
      if (!used[k]) continue;
      if (program.length_ == Expression::most_instructions)
        throw InputError(
            fmt::format("the formula needs more than {} operations; split it into several terms of a list",
                        Expression::most_instructions));
      Instruction instruction = code_[k];
      if (has_operands(instruction))
        instruction.a = place[instruction.a], instruction.b = place[instruction.b];
      place[k] = std::uint16_t(program.length_);
      program.code_[program.length_++] = instruction;
    }
    return program;
  }

 private:
  static bool has_operands(const Instruction& instruction) { return instruction.operation > Operation::norm; }

  Number add(const Instruction& wanted) {
    const auto same = [&](const Instruction& other) {
      return other.operation == wanted.operation && other.a == wanted.a && other.b == wanted.b &&
             other.constant == wanted.constant;
    };
    const auto found = std::find_if(code_.begin(), code_.end(), same);
    if (found != code_.end()) return Number(found - code_.begin());
    if (code_.size() > UINT16_MAX) throw InputError("the formula is too long");
    code_.push_back(wanted);
    return code_.size() - 1;
  }

  std::vector<Instruction> code_;
};

namespace {

struct Function {
  Operation operation;
  int arguments;  ///< -2: two or more
};
const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> table{{"abs", {Operation::absolute, 1}},
                                                     {"atan", {Operation::arc_tangent, 1}},
                                                     {"atan2", {Operation::arc_tangent_2, 2}},
                                                     {"cos", {Operation::cosine, 1}},
                                                     {"cosh", {Operation::hyperbolic_cosine, 1}},
                                                     {"exp", {Operation::exponential, 1}},
                                                     {"log", {Operation::logarithm, 1}},
                                                     {"max", {Operation::maximum, -2}},
                                                     {"min", {Operation::minimum, -2}},
                                                     {"pow", {Operation::power, 2}},
                                                     {"sin", {Operation::sine, 1}},
                                                     {"sinh", {Operation::hyperbolic_sine, 1}},
                                                     {"sqrt", {Operation::square_root, 1}},
                                                     {"tan", {Operation::tangent, 1}},
                                                     {"tanh", {Operation::hyperbolic_tangent, 1}}};
  return table;
}

class Parser {
 public:
  using Number = ExpressionBuilder::Number;

  Parser(const std::string& formula, Index dimension) : text_(formula), dimension_(dimension) {}

  Expression parse() {
    skip_blanks();
    if (at_end()) throw InputError("the formula is empty; write for example 0.5 * x0^2");
    const Number last = sum();
    if (!at_end()) refuse_what_follows();
    if (builder_.is_constant(last) && !std::isfinite(builder_.constant_of(last)))
      throw InputError(fmt::format("formula \"{}\" is {} everywhere", text_, builder_.constant_of(last)));
    return builder_.finish(last);
  }

 private:
  [[noreturn]] void fail(std::size_t position, const std::string& problem) const {
    throw InputError(fmt::format("formula \"{}\", character {}: {}", text_, position + 1, problem));
  }

  bool at_end() const { return position_ == text_.size(); }
  char next() const { return at_end() ? '\0' : text_[position_]; }
  void skip_blanks() {
    while (!at_end() && std::isspace(static_cast<unsigned char>(next()))) ++position_;
  }
  bool accept(char symbol) {
    if (next() != symbol) return false;
    ++position_;
    skip_blanks();
    return true;
  }
  static bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
  static bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
  bool starts_number() const {
    return is_digit(next()) ||
           (next() == '.' && position_ + 1 < text_.size() && is_digit(text_[position_ + 1]));
  }

  Number sum() {
    Number left = product();
    for (;;) {
      if (accept('+'))
        left = builder_.operation(Operation::add, left, product());
      else if (accept('-'))
        left = builder_.operation(Operation::subtract, left, product());
      else
        return left;
    }
  }
  Number product() {
    Number left = with_sign();
    for (;;) {
      if (next() == '*' && position_ + 1 < text_.size() && text_[position_ + 1] == '*')
        fail(position_, "found '**'; powers are written with ^");
      if (accept('*'))
        left = builder_.operation(Operation::multiply, left, with_sign());
      else if (accept('/'))
        left = builder_.operation(Operation::divide, left, with_sign());
      else
        return left;
    }
  }
  Number with_sign() {
    const Nesting nesting(*this);
    if (accept('+')) return with_sign();
    if (accept('-')) return builder_.unary(Operation::negate, with_sign());
    return power();
  }
  Number power() {
    const Number base = atom();
    return accept('^') ? builder_.power(base, with_sign()) : base;
  }

  Number atom() {
    if (starts_number()) return number();
    if (starts_name(next())) return name();
    const std::size_t start = position_;
    if (accept('(')) {
      const Number inner = sum();
      close(start);
      return inner;
    }
    if (at_end()) fail(start, "the formula ends where a number, a name or '(' is expected");
    fail(start, fmt::format("found '{}' where a number, a name or '(' is expected", next()));
  }
  void close(std::size_t opened) {
    if (accept(')')) return;
    if (at_end()) fail(opened, "this '(' is never closed");
    refuse_what_follows();
  }

  Number number() {
    const std::size_t start = position_;
    Real value = 0;
    const auto parsed = std::from_chars(text_.data() + start, text_.data() + text_.size(), value);
    if (parsed.ec != std::errc()) fail(start, "this number does not fit into double precision");
    position_ = std::size_t(parsed.ptr - text_.data());
    skip_blanks();
    return builder_.constant(value);
  }

  std::string word() {
    const std::size_t start = position_;
    while (starts_name(next()) || is_digit(next())) ++position_;
    const std::string result = text_.substr(start, position_ - start);
    skip_blanks();
    return result;
  }

  Number name() {
    const std::size_t start = position_;
    const std::string name = word();
    const auto function = functions().find(name);
    if (function != functions().end()) {
      if (next() != '(') fail(start, fmt::format("{} is a function; write {}(..)", name, name));
      return call(start, name, function->second);
    }
    const Number value = variable(start, name);
    if (next() == '(')
      fail(start, fmt::format("{} is not a function; for a product write {} * (..)", name, name));
    return value;
  }

  Number call(std::size_t start, const std::string& name, const Function& function) {
    const std::size_t opened = position_;
    accept('(');
    std::vector<Number> arguments{sum()};
    while (accept(',')) arguments.push_back(sum());
    close(opened);
    const int given = int(arguments.size());
    if (function.arguments < 0 ? given < -function.arguments : given != function.arguments)
      fail(start,
           fmt::format("{} takes {}{} argument{}, found {}", name, std::abs(function.arguments),
                       function.arguments < 0 ? " or more" : "", function.arguments == 1 ? "" : "s", given));
    if (function.arguments == 1) return builder_.unary(function.operation, arguments[0]);
    if (function.operation == Operation::power) return builder_.power(arguments[0], arguments[1]);
    Number result = arguments[0];
    for (std::size_t k = 1; k < arguments.size(); ++k)
      result = builder_.operation(function.operation, result, arguments[k]);
    return result;
  }

  Number variable(std::size_t start, const std::string& name) {
    if (name == "t") return builder_.time();
    if (name == "d") return builder_.constant(Real(dimension_));
    if (name == "norm") return builder_.norm();
    if (name == "pi") return builder_.constant(M_PI);
    if (name == "e") return builder_.constant(M_E);
    if (name.size() > 1 && name[0] == 'x' && std::all_of(name.begin() + 1, name.end(), is_digit)) {
      const Index index = name.size() > 9 ? dimension_ : Index(std::stol(name.substr(1)));
      if (index >= dimension_) fail(start, fmt::format("there is no {}; {}", name, components()));
      return builder_.component(index);
    }
    if (name == "x") fail(start, "found 'x'; " + components() + ", norm is |x|");
    std::vector<std::string> known{"t", "d", "norm", "pi", "e"};
    for (const auto& function : functions()) known.push_back(function.first);
    const std::string suggestion = did_you_mean(name, known);
    fail(start, fmt::format("unknown name '{}'{}", name,
                            suggestion.empty() ? "; known are x0, x1, .., " + joined(known) : suggestion));
  }

  std::string components() const {
    if (dimension_ == 1) return "in one dimension the only component is x0";
    return fmt::format("in {} dimensions the components are x0 .. x{}", dimension_, dimension_ - 1);
  }

  [[noreturn]] void refuse_what_follows() {
    const std::size_t start = position_;
    if (next() == ')') fail(start, "this ')' closes nothing");
    if (next() == ',') fail(start, "found ',' outside of the arguments of a function");
    if (starts_number() || starts_name(next()) || next() == '(') {
      const std::string found = next() == '(' ? "(" : starts_name(next()) ? word() : std::string(1, next());
      fail(start,
           fmt::format("found '{}' where an operator is expected; products are written with *", found));
    }
    fail(start, fmt::format("'{}' cannot stand in a formula", next()));
  }

  /// Guards against formulas nested so deeply that parsing them would exhaust the stack.
  struct Nesting {
    Parser& parser;
    explicit Nesting(Parser& p) : parser(p) {
      if (++parser.depth_ > 1000)
        parser.fail(parser.position_, "more than 1000 nested signs, powers and parentheses");
    }
    ~Nesting() { --parser.depth_; }
  };

  const std::string& text_;
  Index dimension_;
  std::size_t position_ = 0;
  int depth_ = 0;
  ExpressionBuilder builder_;
};

}  // namespace

Expression parse_expression(const std::string& formula, Index dimension) {
  WEIR_CHECK(dimension >= 1 && dimension <= UINT16_MAX, "dimension {}", dimension);
  return Parser(formula, dimension).parse();
}

}  // namespace weir
