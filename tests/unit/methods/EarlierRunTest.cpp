// Folders that hold an earlier run, that cannot be written, and what stands in them early.
#include <gtest/gtest.h>

#include <filesystem>

#include "methods/InProcess.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const std::string small_deck =
    "weir: 1\nsimulate:\n  initial: {particles: 20, dimension: 1, normal: {}}\n"
    "  energy: {potential: {quadratic: {stiffness: 1}}}\n  time: {step: 0.1, end: 0.5}\n";

CommandLine command_for(const SharedFolder& folder, const std::string& deck,
                        const std::string& output = "out") {
  CommandLine command;
  command.deck = folder.write("deck.yaml", deck);
  command.settings = {"run.output=" + folder / output};
  return command;
}

TEST(EarlierRunParallel, IsNeverOverwrittenSilently) {
  const SharedFolder folder;
  CommandLine command = command_for(folder, small_deck);
  ASSERT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::done);
  Communicator().barrier();  // rank 0 writes the last line
  const std::string log = text_of(folder / "out/log.txt"), summary = text_of(folder / "out/summary.json");
  Communicator().barrier();
  for (const char* setting : {"run.seed=0", "run.seed=4"}) {  // the same deck or another
    CommandLine again = command;
    again.settings.push_back(setting);
    const Outcome refused = run_to_outcome(again, Communicator());
    EXPECT_EQ(refused.code, ExitCode::bad_input);
    EXPECT_NE(refused.message.find("holds a finished run: --overwrite replaces it; or give another folder"),
              std::string::npos)
        << refused.message;
    EXPECT_EQ(text_of(folder / "out/log.txt"), log);
    EXPECT_EQ(text_of(folder / "out/summary.json"), summary);
  }
  // A restart of a finished run has nothing to do.
  CommandLine restart = command;
  restart.restart = "";
  EXPECT_EQ(run_to_outcome(restart, Communicator()).code, ExitCode::done);
  EXPECT_EQ(text_of(folder / "out/log.txt"), log);
  restart.settings.push_back("run.seed=4");
  const Outcome other = run_to_outcome(restart, Communicator());
  EXPECT_EQ(other.code, ExitCode::bad_input);
  EXPECT_NE(other.message.find("of another deck, without a checkpoint"), std::string::npos) << other.message;
  Communicator().barrier();
  command.overwrite = true;
  EXPECT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::done);
}

TEST(EarlierRunParallel, AForgottenRestartLosesNoCheckpoint) {
  const SharedFolder folder;
  CommandLine command = command_for(folder, small_deck);
  command.time_limit = 1e-9;
  ASSERT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::stopped);
  command.time_limit = {};
  const Outcome refused = run_to_outcome(command, Communicator());
  EXPECT_EQ(refused.code, ExitCode::bad_input);
  EXPECT_NE(refused.message.find("did not end, with 1 checkpoint: --restart goes on with it, --overwrite"),
            std::string::npos)
      << refused.message;
  command.restart = "";
  const Outcome outcome = run_to_outcome(command, Communicator());
  EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_NE(text_of(folder / "out/log.txt").find("restarted from"), std::string::npos);
}

TEST(EarlierRunParallel, AFolderThatCannotBeWritten) {
  const SharedFolder folder;
  folder.write("file", "no folder");
  CommandLine command = command_for(folder, small_deck, "file/below/out");
  for (const bool check : {true, false}) {
    command.check = check;
    const Outcome outcome = run_to_outcome(command, Communicator());
    EXPECT_EQ(outcome.code, ExitCode::bad_input);
    EXPECT_NE(outcome.message.find("run.output: cannot write to the folder"), std::string::npos)
        << outcome.message;
    EXPECT_NE(outcome.message.find("file is not a folder"), std::string::npos) << outcome.message;
  }
}

TEST(EarlierRunParallel, EnergiesStandFromTheFirstCheckpointOn) {
  const SharedFolder folder;
  const std::string deck =
      "weir: 1\nlearn_energies:\n  populations:\n    simulate:\n"
      "      initial: {particles: 40, dimension: 1, uniform: {low: -1, high: 1}}\n"
      "      energy: {potential: sphere}\n      time: {step: 0.1, end: 0.2}\n"
      "  coupling: {batch: whole}\n  model: {network: {potential: {hidden: [4]}, train: {epochs: 3}}}\n";
  CommandLine command = command_for(folder, deck);
  command.time_limit = 1e-9;  // stops after every piece and every step
  command.restart = "";
  bool early = false;
  ExitCode code = ExitCode::stopped;
  for (int runs = 0; code == ExitCode::stopped && runs < 100; ++runs) {
    const Outcome outcome = run_to_outcome(command, Communicator());
    code = outcome.code;
    ASSERT_NE(code, ExitCode::bad_input) << outcome.message;
    Communicator().barrier();
    const std::string log = text_of(folder / "out/log.txt");
    if (code == ExitCode::stopped && std::filesystem::exists(folder / "out/energies.h5") &&
        log.find("w1:") == log.npos)
      early = true;
    Communicator().barrier();
  }
  EXPECT_EQ(code, ExitCode::done);
  EXPECT_TRUE(early);
}

TEST(EarlierRunParallel, QuietRunsWriteTheirLog) {
  const SharedFolder folder;
  CommandLine command = command_for(folder, small_deck);
  command.quiet = true;
  testing::internal::CaptureStdout();
  EXPECT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::done);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  Communicator().barrier();
  EXPECT_NE(text_of(folder / "out/log.txt").find("done in"), std::string::npos);
}

}  // namespace
}  // namespace weir
