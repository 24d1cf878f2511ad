#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "weir/base/StopSignals.hpp"

namespace weir {
namespace {

/// How a process ends that gets two signals, `pause` microseconds apart: the signal that killed it, or 0.
int end_after(int first, int second, useconds_t pause, bool asks) {
  const pid_t child = fork();
  if (child == 0) {
    const StopSignals signals;
    std::raise(first);
    if (asks) StopSignals::received();
    usleep(pause);
    std::raise(second);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(StopSignals, ASecondOneEndsAProcessThatHangs) {
  const useconds_t later = 2100000;
  EXPECT_EQ(end_after(SIGTERM, SIGTERM, later, false), SIGTERM);
  EXPECT_EQ(end_after(SIGUSR1, SIGTERM, later, false), SIGTERM);
}

TEST(StopSignals, AProcessThatIsStoppingIsLeftAlone) {
  EXPECT_EQ(end_after(SIGUSR1, SIGTERM, 2100000, true), 0);
  EXPECT_EQ(end_after(SIGTERM, SIGTERM, 1000, false), 0);  // the same signal, delivered twice
  EXPECT_EQ(end_after(SIGINT, SIGINT, 1000, true), SIGINT);
}

}  // namespace
}  // namespace weir
