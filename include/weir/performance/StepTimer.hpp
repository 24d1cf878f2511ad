// How long a step of a stage, or any piece of work, takes on a machine where others may be working.
#pragma once

#include <algorithm>
#include <limits>

#include "weir/base/Stopwatch.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

/// Not collective: the shortest of several steps of a stage that is of this rank alone.
inline Real shortest_step(Stage& stage) {
  constexpr Index least_steps = 8, most_steps = 2000;
  constexpr Real enough = 0.3;  // seconds
  const Stopwatch whole;
  Stopwatch step;
  Real shortest = std::numeric_limits<Real>::max();
  stage.run_while([&](const Tick& tick) {
    const Real passed = step.lap();
    if (tick.step > 1) shortest = std::min(shortest, passed);
    const bool long_enough = whole.seconds() > enough;
    return tick.step < most_steps && !(long_enough && tick.step >= least_steps);
  });
  return shortest;
}

/// Collective: what `seconds` finds on the slowest rank, all starting at once. It is not collective itself;
/// where a rank throws, all do.
template <class Seconds>
Real slowest(const Communicator& comm, Seconds seconds) {
  Real here = 0;
  comm.barrier();
  comm.agree([&] { here = seconds(); });
  return comm.max(here);
}

/// Not collective: the shortest of several runs of `work`, fewer where it takes long.
template <class Work>
Real shortest_time(Work work) {
  constexpr int most_runs = 5;
  constexpr Real enough = 0.5;  // seconds
  const Stopwatch whole;
  Real shortest = std::numeric_limits<Real>::max();
  for (int run = 0; run < most_runs; ++run) {
    const Stopwatch once;
    work();
    shortest = std::min(shortest, once.seconds());
    if (whole.seconds() > enough) break;
  }
  return shortest;
}

}  // namespace weir
