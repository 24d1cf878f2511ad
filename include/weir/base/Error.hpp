// The kinds of error Weir knows: the user's (InputError), a run's (RunError), a library's (LibraryError)
// and ours (InternalError).
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace weir {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Something in a deck, on the command line or in a data file that the user can mend. Exit code 2.
/// `key` is the key path in the deck ("simulate.energy.potential"), empty where there is none; the message
/// says what was found, what is allowed and the remedy. Several may be reported as one.
class InputError : public Error {
 public:
  struct Problem {
    std::string key;
    std::string message;
  };
  explicit InputError(std::string message) : InputError("", std::move(message)) {}
  InputError(std::string key, std::string message)
      : Error(key.empty() ? message : key + ": " + message),
        problems_{{std::move(key), std::move(message)}} {}
  explicit InputError(std::vector<Problem> problems);

  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

/// Gathers the problems of checks that do not depend on each other, so that the user hears of all at once.
class Problems {
 public:
  /// Runs check(), keeps what it throws as InputError, and returns whether there was none.
  template <class Check>
  bool collect(Check check) {
    try {
      check();
      return true;
    } catch (const InputError& error) {
      problems_.insert(problems_.end(), error.problems().begin(), error.problems().end());
      return false;
    }
  }
  /// Throws them all as one InputError, where there are any.
  void raise() const {
    if (!problems_.empty()) throw InputError(problems_);
  }

 private:
  std::vector<InputError::Problem> problems_;
};

/// The computation cannot go on: a state that is not finite, a solver that does not converge. Exit code 1.
class RunError : public Error {
 public:
  using Error::Error;
};

/// A library call failed: its own text, and the call.
class LibraryError : public Error {
 public:
  using Error::Error;
};

/// An invariant of Weir's own does not hold: expression, values, place.
class InternalError : public Error {
 public:
  using Error::Error;
};

namespace detail {
[[noreturn]] void fail_check(const char* expression, const char* file, int line, const std::string& values);
}

}  // namespace weir

/// Checks an invariant of ours; the further arguments are a format string and its values.
#define WEIR_CHECK(condition, ...)                                                               \
  do {                                                                                           \
    if (!(condition))                                                                            \
      ::weir::detail::fail_check(#condition, __FILE__, __LINE__, ::fmt::format("" __VA_ARGS__)); \
  } while (false)
