// How long a step of a stage, or any piece of work, takes on a machine where others may be working.
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

#include "weir/flows/Stage.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

/// Not collective: the shortest of several steps of a stage that is of this rank alone.
inline Real shortest_step(Stage& stage) {
  using Clock = std::chrono::steady_clock;
  constexpr Index least_steps = 8, most_steps = 2000;
  constexpr Real enough = 0.3;  // seconds
  const auto begin = Clock::now();
  auto last = begin;
  Real shortest = std::numeric_limits<Real>::max();
  stage.run_while([&](const Tick& tick) {
    const auto now = Clock::now();
    if (tick.step > 1) shortest = std::min(shortest, std::chrono::duration<Real>(now - last).count());
    last = Clock::now();
    const bool long_enough = std::chrono::duration<Real>(now - begin).count() > enough;
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
  using Clock = std::chrono::steady_clock;
  constexpr int most_runs = 5;
  constexpr Real enough = 0.5;  // seconds
  const auto begin = Clock::now();
  Real shortest = std::numeric_limits<Real>::max();
  for (int run = 0; run < most_runs; ++run) {
    const auto start = Clock::now();
    work();
    const auto end = Clock::now();
    shortest = std::min(shortest, std::chrono::duration<Real>(end - start).count());
    if (std::chrono::duration<Real>(end - begin).count() > enough) break;
  }
  return shortest;
}

}  // namespace weir
