// What PETSc's options may change about a stage, and what a solver that fails says.
#include <gtest/gtest.h>

#include "flows/CubicFlow.hpp"

namespace weir {
namespace {

using namespace testing_tools;

Index count(const std::string& text, const std::string& part) {
  return text.find(part) == text.npos ? 0 : 1;
}

SteppingOptions steps_by(const std::string& solver) {
  SteppingOptions options;
  options.step = 0.125;
  options.solver = solver;
  options.seed = 3;
  options.remedy = "a smaller `time.step` may help";
  return options;
}

std::string refusal(const SteppingOptions& options, Flow& flow) {
  return message_of<InputError>([&] { Stage(options, flow, "time.scheme"); });
}

TEST(SolverType, NoiseIsRefusedWhoeverChoseTheSolver) {
  CubicFlow flow(Communicator(MPI_COMM_SELF), 5, -1);
  flow.noise = 0.5;
  EXPECT_EQ(refusal(steps_by("weir"), flow), "nothing");
  EXPECT_EQ(refusal(steps_by("rk"), flow)
                .find("time.scheme: rk integrates noise-free flows, and block "
                      "particles has noise of temperature 0.5; use langevin"),
            0);
  for (const char* type : {"rk", "beuler", "bdf"}) {
    const PetscOption option("-ts_type", type);
    EXPECT_EQ(refusal(steps_by("weir"), flow)
                  .find(fmt::format("time.scheme: PETSc's option -ts_type {} integrates noise-free", type)),
              0);
  }
  flow.noisy_from = 0.5;
  EXPECT_EQ(flow.temperature({}, 0), 0);
  EXPECT_TRUE(count(refusal(steps_by("rk"), flow), "has noise of temperature 0.5"));
}

TEST(SolverType, WhatOptionsCannotChange) {
  CubicFlow flow(Communicator(MPI_COMM_SELF), 5, -1);
  for (const char* option : {"-ts_max_steps", "-ts_max_time", "-ts_dt", "-ts_time_step", "-ts_init_time",
                             "-ts_exact_final_time", "-ts_adapt_type", "-ts_rk_type", "-ts_rtol"}) {
    const PetscOption given(option, "1");
    EXPECT_EQ(refusal(steps_by("rk"), flow).find(std::string("PETSc's option ") + option + ": "), 0)
        << option;
  }
  {
    const PetscOption weir("-ts_type", "weir");
    EXPECT_TRUE(count(refusal(steps_by("rk"), flow), "-ts_type weir runs the schemes langevin, "));
    EXPECT_EQ(refusal(steps_by("weir"), flow), "nothing");
  }
  {
    const PetscOption unknown("-ts_type", "glee");
    EXPECT_TRUE(count(refusal(steps_by("weir"), flow), "glee is not a solver that Weir can use"));
  }
  const PetscOption native("-ts_type", "rk");
  CubicFlow training(Communicator(MPI_COMM_SELF), 5, -1, ParameterRuleOptions());
  EXPECT_TRUE(count(refusal(steps_by("weir"), training),
                    "PETSc's option -ts_type rk cannot apply rule adam of block particles; remove -ts_type"));
  SteppingOptions in_turn = steps_by("weir");
  in_turn.order = StepOrder::in_turn;
  EXPECT_TRUE(count(refusal(in_turn, flow), "moves all blocks together"));
  SteppingOptions adaptive = steps_by("rk");
  adaptive.tolerance = 1e-6;
  EXPECT_EQ(refusal(adaptive, flow), "nothing");
}

std::vector<Real> solved(const std::string& scheme, bool& over) {
  CubicFlow flow(Communicator(), 37, -1);
  Stage stage(steps_by(scheme), flow, "");
  fill_starts(stage, 2);
  stage.run([&](const Tick& tick) { over = stage.is_over(tick); });
  return all_particles(stage);
}

// The type of the command line is set up as that of the deck would be.
TEST(SolverTypeParallel, OptionsChooseASolver) {
  for (const char* type : {"euler", "rk", "ssp", "beuler", "cn", "bdf"}) {
    bool over = false, over_by_option = false;
    const auto by_deck = solved(type, over);
    const PetscOption option("-ts_type", type);
    EXPECT_EQ(solved("weir", over_by_option), by_deck) << type;
    EXPECT_TRUE(over && over_by_option) << type;
  }
}

// dX = 4 X^2 dt has no implicit step of size 1/8 from 9.
TEST(SolverTypeParallel, NewtonThatFailsSaysWhere) {
  for (const char* type : {"beuler", "cn", "bdf"}) {
    CubicFlow flow(Communicator(), 37, 4);
    flow.square = true;
    Stage stage(steps_by(type), flow, "");
    fill_starts(stage, 9);
    const std::string message = message_of<RunError>([&] { stage.run([](const Tick&) {}); });
    EXPECT_EQ(message.find(fmt::format("block particles at step 0 (time 0): {} cannot make the next step: "
                                       "Newton's method found no solution (DIVERGED_",
                                       type)),
              0)
        << message;
    EXPECT_TRUE(count(message, "; a smaller `time.step` may help")) << message;
  }
}

// An explicit scheme of fixed step fails where its velocity does, in the step after the last good one.
TEST(SolverTypeParallel, AVelocityThatFailsSaysWhere) {
  for (const char* scheme : {"weir", "euler", "rk"}) {
    CubicFlow flow(Communicator(), 37, 1);
    flow.largest = 2.3;
    Stage stage(steps_by(scheme), flow, "");
    fill_starts(stage, 1.5);
    Tick last{0, 0};
    const std::string message = message_of<RunError>([&] { stage.run([&](const Tick& t) { last = t; }); });
    EXPECT_EQ(message.find(fmt::format("the mean is not finite: block particles at step {} (time {:g}); ",
                                       last.step + 1, last.time)),
              0)
        << scheme << ": " << message;
  }
}

TEST(SolverType, AReportThatFailsSaysWhere) {
  CubicFlow flow(Communicator(MPI_COMM_SELF), 5, -1);
  Stage stage(steps_by("weir"), flow, "");
  const std::string message = message_of<RunError>([&] {
    stage.run([](const Tick& tick) {
      if (tick.step == 2) throw RunError("the potential energy is not finite");
    });
  });
  EXPECT_EQ(message, "the potential energy is not finite: block particles at step 2 (time 0.25)");
}

}  // namespace
}  // namespace weir
