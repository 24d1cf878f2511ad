// What this rank has done, counted where it is done, and where its time went.
#pragma once

#include <map>
#include <string>

#include "weir/base/Stopwatch.hpp"
#include "weir/base/Types.hpp"

namespace weir {

struct Counters {
  Index calls = 0;           ///< collective operations
  Index bytes = 0;           ///< payload that this rank contributed to them
  Index pairs = 0;           ///< kernel evaluations of pair sums
  Index flops = 0;           ///< of networks' matrix products, a multiply-add being two
  Index particle_steps = 0;  ///< particles moved, or used to learn from
  Index steps = 0;           ///< of stages
  Index gathers = 0;         ///< of parameters, before kernels that need them all
};

/// This rank's; to be added to by whoever does such work.
Counters& counters();

/// A part of the run, from construction to destruction: its time and counts go to its name, those of phases
/// inside it to theirs. Also a Kokkos profiling region "Weir::<name>". Not collective; on one thread.
class Phase {
 public:
  explicit Phase(const char* name);
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

  struct Record {
    Real seconds = 0;
    Index times = 0;
    Counters counted;
  };
  /// Name of the innermost phase; null outside all. Any thread may ask.
  static const char* current();
  /// All phases that have ended, by name.
  static const std::map<std::string, Record>& records();
  /// Begins again, counters included. Not inside a phase.
  static void forget();

 private:
  const char* name_;
  Phase* outer_;
  Stopwatch watch_;
  Counters before_, inside_;
  Real seconds_inside_ = 0;
};

}  // namespace weir
