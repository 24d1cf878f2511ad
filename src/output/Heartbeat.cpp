#include "weir/output/Heartbeat.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "weir/base/StopSignals.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<Clock::rep> last_line{0};

Real seconds_since_last_line() {
  const Clock::duration since(Clock::now().time_since_epoch().count() - last_line.load());
  return std::chrono::duration<Real>(since).count();
}

}  // namespace

void Heartbeat::spoke() {
  last_line = Clock::now().time_since_epoch().count();
}

Heartbeat::Heartbeat(bool speaks, Real seconds) : seconds_(seconds) {
  if (!speaks) return;
  spoke();
  // Signals are for the thread that computes.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { beat(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Heartbeat::~Heartbeat() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

void Heartbeat::beat() {
  const Clock::time_point start = Clock::now();
  std::unique_lock<std::mutex> lock(mutex_);
  while (!over_) {
    const Real wait = seconds_ - seconds_since_last_line();
    if (wait > 0) {
      ends_.wait_for(lock, std::chrono::duration<Real>(wait));
      continue;
    }
    const char* phase = Phase::current();
    std::printf("at work%s%s, %.0f s since the start\n", phase ? ": " : "", phase ? phase : "",
                std::chrono::duration<Real>(Clock::now() - start).count());
    if (const int signal = StopSignals::pending())
      std::printf("%s came: the run stops when this piece of work is done; one more ends it at once\n",
                  signal_name(signal));
    std::fflush(stdout);
    spoke();
  }
}

}  // namespace weir
