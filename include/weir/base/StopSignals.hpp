// SIGUSR1, SIGTERM and SIGINT ask a run to end after its next step or piece of work. A second SIGINT ends the
// process at once, and so does a second signal of any kind where nobody has asked for the first yet: the run
// hangs, in a read for example. One that comes within a second may be the same again, and does not count.
#pragma once

#include <csignal>

namespace weir {

/// Catches the three signals for as long as it lives, then puts back what was there. One object at a time;
/// best made before MPI starts, so that a signal during the start is not lost.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// The signal that came to this process since the object was made or `forget` was called; 0: none. Not
  /// collective.
  static int received();
  /// The same for whoever only tells of it: the run has not heard of it yet.
  static int pending();
  static void forget();

 private:
  static constexpr int caught_[] = {SIGUSR1, SIGTERM, SIGINT};
  struct sigaction before_[3];
};

/// "SIGUSR1" and the like.
const char* signal_name(int signal);

}  // namespace weir
