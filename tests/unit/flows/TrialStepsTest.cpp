// Adaptive steps: what is rejected, when they give up, the same on any number of ranks.
#include <gtest/gtest.h>

#include "flows/CubicFlow.hpp"

namespace weir {
namespace {

using namespace testing_tools;

SteppingOptions adaptive_steps(Real step, Real tolerance) {
  SteppingOptions options;
  options.step = step;
  options.solver = "rk";
  options.tolerance = tolerance;
  options.remedy = "the flow may have no solution beyond: an energy that grows at infinity may help";
  return options;
}

struct Solved {
  std::vector<Real> particles, times;
};

/// From |X| <= 9 with a first step that overflows.
Solved solved(const Communicator& comm, Real largest_that_works) {
  CubicFlow flow(comm, 37, -4);
  flow.largest = largest_that_works;
  Stage stage(adaptive_steps(0.3, 1e-8), flow, "");
  fill_starts(stage, 9);
  Solved result;
  stage.run([&](const Tick& tick) { result.times.push_back(tick.time); });
  result.particles = all_particles(stage);
  return result;
}

// A trial that overflows, or whose velocity cannot be computed, is made again smaller.
TEST(TrialStepsParallel, RejectWhatIsNotFinite) {
  const Communicator comm, self(MPI_COMM_SELF);
  for (const Real largest_that_works : {Real(HUGE_VAL), Real(50)}) {
    const Solved all = solved(comm, largest_that_works), alone = solved(self, largest_that_works);
    EXPECT_EQ(all.particles, alone.particles);
    EXPECT_EQ(all.times, alone.times);
    EXPECT_LT(alone.times[1], 0.03);
    EXPECT_EQ(alone.times.back(), 1);
    for (Index i = 0; i < 37; ++i)
      for (Index a = 0; a < 2; ++a)
        EXPECT_NEAR(alone.particles[2 * i + a], CubicFlow::solution(-4, start_of(i, a, 9), 1), 1e-6);
  }
}

// dX = X^3 dt from 2 ends at t = 1/8: steps shrink until they do not move the time.
TEST(TrialStepsParallel, GiveUpWhereTheFlowHasNoSolution) {
  CubicFlow flow(Communicator(), 37, 1);
  Stage stage(adaptive_steps(0.1, 1e-6), flow, "");
  fill_starts(stage, 2);
  Index last = 0;
  const std::string message = message_of<RunError>([&] { stage.run([&](const Tick& t) { last = t.step; }); });
  EXPECT_EQ(message.find(
                fmt::format("block particles at step {} (time 0.125): rk cannot make the next step: ", last)),
            0)
      << message;
  EXPECT_NE(message.find("the next would have had size 1.2"), std::string::npos) << message;
  EXPECT_GT(last, 10);
}

TEST(TrialStepsParallel, GiveUpAfterManyRejections) {
  const PetscOption few("-ts_max_reject", "3");
  CubicFlow flow(Communicator(), 37, -4);
  flow.largest = 1;
  Stage stage(adaptive_steps(0.1, 1e-6), flow, "");
  fill_starts(stage, 2);
  const std::string message = message_of<RunError>([&] { stage.run([](const Tick&) {}); });
  EXPECT_EQ(
      message.find("block particles at step 0 (time 0): rk cannot make the next step: 4 trial steps were "
                   "rejected, the last because the mean is not finite"),
      0)
      << message;
}

}  // namespace
}  // namespace weir
