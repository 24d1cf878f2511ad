#include "weir/base/StopSignals.hpp"

#include <ctime>

namespace weir {

namespace {

volatile std::sig_atomic_t last_signal = 0, noticed = 0;
volatile std::time_t first_came = 0;  // seconds of a clock that never goes back

/// Launchers may deliver one signal twice.
constexpr std::time_t same_within = 1;

std::time_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);  // one of the few calls that a handler may make
  return time.tv_sec;
}

extern "C" void note_signal(int signal) {
  const bool impatient = signal == SIGINT && last_signal == SIGINT,
             unheard = last_signal != 0 && !noticed && now() - first_came > same_within;
  if (impatient || unheard) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // taken when this handler returns
  }
  if (last_signal == 0) first_came = now();
  last_signal = signal;
}

}  // namespace

StopSignals::StopSignals() {
  forget();
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;  // reads and writes that are under way go on
  sigemptyset(&action.sa_mask);
  for (int s = 0; s < 3; ++s) sigaction(caught_[s], &action, &before_[s]);
}

StopSignals::~StopSignals() {
  for (int s = 0; s < 3; ++s) sigaction(caught_[s], &before_[s], nullptr);
}

int StopSignals::received() {
  if (last_signal != 0) noticed = 1;
  return last_signal;
}

int StopSignals::pending() {
  return last_signal;
}

void StopSignals::forget() {
  last_signal = 0;
  noticed = 0;
}

const char* signal_name(int signal) {
  switch (signal) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    default:
      return "a signal";
  }
}

}  // namespace weir
