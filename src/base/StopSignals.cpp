#include "weir/base/StopSignals.hpp"

namespace weir {

namespace {

volatile std::sig_atomic_t last_signal = 0;

extern "C" void note_signal(int signal) {
  if (signal == SIGINT && last_signal == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);  // taken when this handler returns
  }
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
  return last_signal;
}

void StopSignals::forget() {
  last_signal = 0;
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
