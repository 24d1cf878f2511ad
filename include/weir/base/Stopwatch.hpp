// Seconds that pass, by the wall clock.
#pragma once

#include <chrono>

#include "weir/base/Types.hpp"

namespace weir {

/// Runs from its construction on.
class Stopwatch {
 public:
  Stopwatch() : started_(Clock::now()) {}
  Real seconds() const { return std::chrono::duration<Real>(Clock::now() - started_).count(); }
  /// The same, and starts anew.
  Real lap() {
    const auto now = Clock::now();
    const Real passed = std::chrono::duration<Real>(now - started_).count();
    started_ = now;
    return passed;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point started_;
};

}  // namespace weir
