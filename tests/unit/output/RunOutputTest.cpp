#include "weir/output/RunOutput.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Progress = RunOutput::Progress;

TEST(RunOutput, ProgressByStepsCountsWhatIsLeft) {
  EXPECT_EQ(RunOutput::progress_line(Progress{30, 0.3, 90, 0.9}, 10, 0.1, 10),
            "step 30 of 90, time 0.3, 2 steps/s, 30 s left");
  // Of steps of length one the time says nothing more.
  EXPECT_EQ(RunOutput::progress_line(Progress{30, 30, 90, 90}, 10, 10, 10),
            "step 30 of 90, 2 steps/s, 30 s left");
}

// Adaptive steps: how many there will be is not known, and 238 may be more than were planned.
TEST(RunOutput, ProgressByTimeKnowsOnlyTheTime) {
  EXPECT_EQ(RunOutput::progress_line(Progress{238, 0.5, {}, 2.5}, 0, 0, 4),
            "step 238, time 0.5 of 2.5, 59.5 steps/s, 16 s left");
  EXPECT_EQ(RunOutput::progress_line(Progress{238, 0.5, {}, 2.5}, 138, 0.25, 4),
            "step 238, time 0.5 of 2.5, 25 steps/s, 32 s left");
}

}  // namespace
}  // namespace weir
