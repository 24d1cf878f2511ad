#include "weir/output/Heartbeat.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "weir/base/StopSignals.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {
namespace {

TEST(Heartbeat, SaysWhatIsDoneWhileNothingElseIsSaid) {
  testing::internal::CaptureStdout();
  {
    const Heartbeat heartbeat(true, 0.1);
    const Phase phase("coupling");
    usleep(250000);
  }
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_NE(said.find("at work: coupling, "), std::string::npos) << said;
  testing::internal::CaptureStdout();
  {
    const Heartbeat silent(false, 0.02), talked_over(true, 0.2);
    for (int i = 0; i < 10; ++i) {
      usleep(30000);
      Heartbeat::spoke();
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Heartbeat, TellsOfASignalThatNobodyHasHeard) {
  testing::internal::CaptureStdout();
  {
    const StopSignals signals;
    const Heartbeat heartbeat(true, 0.1);
    std::raise(SIGTERM);
    usleep(250000);
  }
  StopSignals::forget();
  const std::string said = testing::internal::GetCapturedStdout();
  EXPECT_NE(said.find("SIGTERM came: the run stops when this piece of work is done"), std::string::npos)
      << said;
}

}  // namespace
}  // namespace weir
