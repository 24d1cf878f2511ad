// Stages of steps that are saved to a file and go on from it.
#include "weir/output/RunControl.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "flows/QuadraticFlow.hpp"
#include "weir/output/StageList.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// A mover that adapts its step beside one with momenta, and parameters that are averaged and clipped.
std::vector<Block> blocks(const Communicator& comm) {
  MalaOptions mala;
  mala.target = 0.6;
  ParameterRuleOptions adam;
  adam.clip = 0.5;
  adam.average = 0.9;
  return {{"walkers", Partition(comm, 83, 8), 2, mala, 2},
          {"swimmers", Partition(comm, 41, 8), 3, UnderdampedLangevinOptions()},
          parameter_block(comm, "parameters", 300, adam)};
}

/// Runs to step `last`, from the checkpoint in the folder where `restarted`; what is there in the end.
std::vector<Real> run(const Communicator& comm, const RunOptions& options, Index last, bool restarted) {
  std::vector<std::string> remarks;
  const auto from = restarted ? find_checkpoint(comm, options.output_folder(), "", remarks) : nullptr;
  EXPECT_EQ(from != nullptr, restarted);
  RunOutput output(comm, options, "test", "deck", from.get());
  RunControl control(output, {});
  QuadraticFlow flow(comm, blocks(comm));
  Stage stage(steps_of(12, 0.1), flow, "");
  WEIR_CHECK(VecSet(stage.state().vec(), 1) == 0);
  const StageList stages({"prepare", "train"});
  struct Enough {};
  try {
    control.run(stage, stages.number("train"), [&](const Tick& tick) {
      if (tick.step > last) throw Enough();
    });
  } catch (const Enough&) {  // as if the run were killed
  }
  return everything(stage);
}

TEST(RunControlParallel, RulesGoOnFromAFile) {
  const Communicator comm;
  RunOptions options;
  options.output = fmt::format("run_control_{}", comm.size());
  options.checkpoint.every = 5;
  comm.barrier();
  if (comm.is_root()) std::filesystem::remove_all(options.output_folder());
  comm.barrier();
  const auto whole = run(comm, options, 99, false);
  if (comm.is_root()) std::filesystem::remove_all(options.output_folder());
  comm.barrier();
  run(comm, options, 7, false);
  EXPECT_EQ(run(comm, options, 99, true), whole);
}

TEST(StageList, NumbersStagesRoundByRound) {
  const StageList first({"prepare", "train"}), third({"prepare", "train"}, 2);
  EXPECT_EQ(first.number("prepare"), 0);
  EXPECT_EQ(first.number("train"), 1);
  EXPECT_EQ(third.number("train"), 5);
  EXPECT_EQ(first.round_of(5), 2);
  EXPECT_THROW(first.number("generate"), InternalError);
}

}  // namespace
}  // namespace weir
