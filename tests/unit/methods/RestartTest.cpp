// A run that was interrupted ends as the one that was not, bit for bit; what is damaged is found out.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "methods/Interrupted.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/StopSignals.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const char* noisy_deck = R"(weir: 1
run: {name: restart, seed: 7, tile: 8}
simulate:
  initial: {particles: 53, dimension: 2, normal: {mean: [1, -1], covariance: 0.5}}
  energy: {potential: double_well, interaction: {gaussian: {amplitude: -0.5, width: 0.7}}, entropy: 0.1}
  time: {step: 0.02, end: 0.4, scheme: langevin}
  snapshots: {every: 3}
  metrics: {report: [mean, covariance, free_energy], every: 2}
)";
const char* quiet_deck = R"(weir: 1
run: {name: restart, seed: 7, tile: 8}
simulate:
  initial: {particles: 53, dimension: 2, normal: {mean: [1, -1], covariance: 0.5}}
  energy: {potential: {quadratic: {stiffness: 2}}, interaction: {gaussian: {amplitude: -0.5, width: 0.7}}}
  time: {step: 0.05, end: 1.0, scheme: rk}
  snapshots: {every: 3}
  metrics: {report: [mean, covariance, free_energy], every: 2}
)";

const char* learning_deck = R"(weir: 1
run: {name: restart, seed: 7, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 96, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: {quadratic: {stiffness: 2}}}
      time: {step: 0.02, end: 0.06}
  split: {test: 0.25}
  coupling: {batch: 20}
  model: {network: {potential: {hidden: [8]}, train: {epochs: 12, batch: 32}}}
  metrics: [w1]
)";

struct Scheme {
  const char* deck;
  std::vector<std::string> settings;
};

TEST(RestartParallel, EverySchemeGoesOnBitForBitOnOtherRanks) {
  const std::vector<Scheme> schemes{
      {noisy_deck, {}},
      {noisy_deck, {"simulate.time.scheme=leimkuhler_matthews"}},
      {noisy_deck, {"simulate.time.scheme=tamed_langevin"}},
      {quiet_deck, {"simulate.time.scheme=euler"}},
      {quiet_deck, {"simulate.time.scheme=rk"}},
      {quiet_deck, {"simulate.time.tolerance=1e-9"}},
      {quiet_deck, {"simulate.time.scheme=ssp"}},
      {quiet_deck, {"simulate.time.scheme=beuler"}},
      {quiet_deck, {"simulate.time.scheme=cn"}},
  };
  const int half = (Communicator().size() + 1) / 2;
  for (const Scheme& scheme : schemes) {
    SCOPED_TRACE(scheme.settings.empty() ? "langevin" : scheme.settings[0]);
    const SharedFolder folder;
    const DeckRun whole{folder, scheme.deck, "whole", scheme.settings};
    const Outcome uninterrupted = whole();
    ASSERT_EQ(uninterrupted.code, ExitCode::done) << uninterrupted.message;
    DeckRun part{folder, scheme.deck, "out", scheme.settings};
    part.settings.insert(part.settings.end(), {"run.checkpoint.every=5", "run.checkpoint.keep=9"});
    ASSERT_EQ(part(half).code, ExitCode::done);
    forget_all_but(folder, "-10.h5");
    const Outcome outcome = part(0, "");
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    expect_equal_runs(folder / "whole", folder / "out");
    EXPECT_NE(text_of(folder / "out/log.txt").find("restarted from"), std::string::npos);
  }
}

TEST(RestartParallel, TrainingGoesOn) {
  std::string trajectory_deck = learning_deck;
  const std::string network = "{network: {potential: {hidden: [8]}, train: {epochs: 12, batch: 32}}}";
  trajectory_deck.replace(
      trajectory_deck.find(network), network.size(),
      "{trajectory: {particles: 40, steps: 6, entropy: 0.1, train_entropy: true, potential: {hidden: [8]}, "
      "interaction: {hidden: [4], sources: 8}, train: {iterations: 25}}}");
  std::string left_out_deck = trajectory_deck;  // populations are coupled, and the start once more
  left_out_deck.replace(left_out_deck.find("learn_energies:"), 15, "learn_energies:\n  leave_out: [1]");
  struct Case {
    std::string deck, repetitions, newest;
  };
  for (const Case& c : {Case{learning_deck, "1", "checkpoint-1-10.h5: step 10"},
                        Case{learning_deck, "2", "checkpoint-4-10.h5: step 10"},
                        Case{trajectory_deck, "1", "checkpoint-1-10.h5: step 10"},
                        Case{left_out_deck, "1", "checkpoint-1-10.h5: step 10"}}) {
    const SharedFolder folder;
    const std::string setting = "learn_energies.repetitions=" + c.repetitions;
    const DeckRun whole{folder, c.deck, "whole", {setting}};
    const Outcome uninterrupted = whole();
    ASSERT_EQ(uninterrupted.code, ExitCode::done) << uninterrupted.message;
    const DeckRun part{folder, c.deck, "out", {setting, "run.checkpoint.every=10", "run.checkpoint.keep=99"}};
    ASSERT_EQ(part(1).code, ExitCode::done);
    forget_all_but(folder, "-10.h5");
    const Outcome outcome = part(0, "");
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    EXPECT_NE(text_of(folder / "out/log.txt").find(c.newest), std::string::npos);
    expect_equal_runs(folder / "whole", folder / "out");
  }
}

TEST(RestartParallel, CouplingsAreNotLost) {
  const SharedFolder folder;
  const DeckRun whole{folder, learning_deck, "whole"}, part{folder, learning_deck};
  ASSERT_EQ(whole().code, ExitCode::done);
  {
    const StopSignals signals;
    std::raise(SIGUSR1);
    EXPECT_EQ(part().code, ExitCode::stopped);
  }
  StopSignals::forget();
  const auto saved = checkpoints(folder);
  ASSERT_EQ(saved.size(), 1u);
  EXPECT_EQ(Hdf5File(saved[0], MPI_COMM_SELF, Hdf5File::Access::read).shape("/coupling/pieces")[1], 5);
  const Outcome outcome = part(1, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_equal_runs(folder / "whole", folder / "out");
}

TEST(RestartParallel, BdfSaysThatItBeginsAgainAtOrderOne) {
  const SharedFolder folder;
  const DeckRun run{folder, quiet_deck, "out", {"simulate.time.scheme=bdf", "run.checkpoint.every=10"}};
  ASSERT_EQ(run().code, ExitCode::done);
  const Outcome outcome = run(0, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_NE(text_of(folder / "out/log.txt").find("begins again at order one"), std::string::npos);
}

TEST(RestartParallel, ASignalStopsWithACheckpoint) {
  const SharedFolder folder;
  const DeckRun whole{folder, noisy_deck, "whole"}, part{folder, noisy_deck};
  ASSERT_EQ(whole().code, ExitCode::done);
  {
    const StopSignals signals;
    if (Communicator().rank() == Communicator().size() - 1) std::raise(SIGUSR1);  // one hears, all stop
    EXPECT_EQ(part().code, ExitCode::stopped);
  }
  StopSignals::forget();
  EXPECT_EQ(checkpoints(folder), std::vector<std::string>{folder / "out/checkpoint-0.h5"});
  EXPECT_EQ(summary_of(folder / "out")["status"], "stopped");
  const Outcome outcome = part(1, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_equal_runs(folder / "whole", folder / "out");
}

TEST(RestartParallel, TheTimeLimitStops) {
  const SharedFolder folder;
  CommandLine command;
  command.deck = folder.write("deck.yaml", noisy_deck);
  command.settings = {"run.output=" + folder / "out", "simulate.time.end=1e7"};
  command.time_limit = 0.2;
  EXPECT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::stopped);
  EXPECT_EQ(checkpoints(folder).size(), 1u);
  EXPECT_NE(text_of(folder / "out/log.txt").find("the time limit"), std::string::npos);
}

TEST(RestartParallel, AFileAsksForACheckpoint) {
  const SharedFolder folder;
  if (Communicator().is_root()) std::filesystem::create_directory(folder / "out");
  folder.write("out/checkpoint-now", "");
  CommandLine command;
  command.deck = folder.write("deck.yaml", noisy_deck);
  command.settings = {"run.output=" + folder / "out", "simulate.time.end=1e7", "simulate.snapshots.every=0",
                      "simulate.metrics.every=1000"};
  command.time_limit = 1.5;
  EXPECT_EQ(run_to_outcome(command, Communicator()).code, ExitCode::stopped);
  EXPECT_EQ(checkpoints(folder).size(), 2u);  // the one asked for, and the last
  EXPECT_FALSE(std::filesystem::exists(folder / "out/checkpoint-now"));
}

TEST(RestartParallel, ADamagedCheckpointIsNamedAndPassedOver) {
  const SharedFolder folder;
  const DeckRun whole{folder, noisy_deck, "whole"},
      part{folder, noisy_deck, "out", {"run.checkpoint.every=6"}};
  ASSERT_EQ(whole().code, ExitCode::done);
  ASSERT_EQ(part().code, ExitCode::done);
  const auto all = checkpoints(folder);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].find("checkpoint-18"), std::string::npos);
  if (Communicator().is_root()) std::filesystem::resize_file(all[0], 3000);
  const Outcome outcome = part(0, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const std::string log = text_of(folder / "out/log.txt");
  EXPECT_NE(log.find("checkpoint-18.h5 cannot be used"), std::string::npos);
  EXPECT_NE(log.find("checkpoint-12.h5: step 12"), std::string::npos);
  expect_equal_runs(folder / "whole", folder / "out");

  for (const auto& path : checkpoints(folder))
    if (Communicator().is_root()) std::filesystem::resize_file(path, 10);
  Communicator().barrier();
  const Outcome none_left = part(0, "");
  EXPECT_EQ(none_left.code, ExitCode::bad_input);
  EXPECT_NE(none_left.message.find("no checkpoint is left"), std::string::npos) << none_left.message;
  expect_equal_runs(folder / "whole", folder / "out");  // and nothing was touched
}

TEST(Restart, EveryDamagedByteIsFound) {
  const SharedFolder folder;
  const DeckRun run{folder, noisy_deck, "out", {"run.checkpoint.every=6"}};
  ASSERT_EQ(run().code, ExitCode::done);
  const Communicator self(MPI_COMM_SELF);
  const std::string good = text_of(checkpoints(folder)[0]), path = folder / "damaged.h5";
  const auto is_whole = [&](const std::string& bytes) {
    folder.write("damaged.h5", bytes);
    try {
      check_committed(self, path);
      return true;
    } catch (const RunError&) {
      return false;
    }
  };
  ASSERT_TRUE(is_whole(good));
  for (std::size_t i = 0; i < good.size(); i += i + 40 < good.size() ? 13 : 1) {
    std::string bad = good;
    bad[i] = char(bad[i] ^ (1 << i % 8));
    EXPECT_FALSE(is_whole(bad)) << "byte " << i;
  }
  for (const std::size_t length : {std::size_t(0), std::size_t(10), good.size() / 2, good.size() - 1})
    EXPECT_FALSE(is_whole(good.substr(0, length))) << length;
  EXPECT_FALSE(is_whole(good + "x"));
}

TEST(RestartParallel, AnotherDeckIsRefusedKeyByKey) {
  const SharedFolder folder;
  DeckRun run{folder, noisy_deck, "out", {"run.checkpoint.every=6"}};
  ASSERT_EQ(run().code, ExitCode::done);
  run.settings = {"run.seed=8", "simulate.time.step=0.01", "run.checkpoint.every=5"};
  const Outcome outcome = run(0, "");
  EXPECT_EQ(outcome.code, ExitCode::bad_input);
  EXPECT_NE(outcome.message.find("run.seed: found 8;"), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find("simulate.time.step: found 0.01;"), std::string::npos) << outcome.message;
  EXPECT_EQ(outcome.message.find("run.checkpoint"), std::string::npos) << outcome.message;
  run.check = true;
  EXPECT_EQ(run(0, "").message, outcome.message);
}

TEST(RestartParallel, TheEndMayBePutOff) {
  const SharedFolder folder;
  const DeckRun longer{folder, noisy_deck, "whole", {"simulate.time.end=0.6"}};
  DeckRun part{folder, noisy_deck, "out", {"run.checkpoint.every=6"}};
  ASSERT_EQ(longer().code, ExitCode::done);
  ASSERT_EQ(part().code, ExitCode::done);
  part.settings.push_back("simulate.time.end=0.6");
  const Outcome outcome = part(0, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_equal_runs(folder / "whole", folder / "out");
}

TEST(RestartParallel, AnEndThatIsPastIsRefused) {
  const SharedFolder folder;
  DeckRun part{folder, noisy_deck, "out", {"run.checkpoint.every=6"}};
  ASSERT_EQ(part().code, ExitCode::done);
  part.settings.push_back("simulate.time.end=0.2");
  const Outcome outcome = part(0, "");
  EXPECT_EQ(outcome.code, ExitCode::bad_input);
  EXPECT_NE(outcome.message.find("simulate.time.end: found 0.2; "), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find("stands at time 0.36: give a later end"), std::string::npos)
      << outcome.message;
}

/// The same deck with another model.
std::string learning_deck_of(const std::string& model) {
  std::string deck = learning_deck;
  const std::string network = "{network: {potential: {hidden: [8]}, train: {epochs: 12, batch: 32}}}";
  return deck.replace(deck.find(network), network.size(), model);
}

/// A training that was extended from `step` on, in `folder`/out; and one that was as long at once.
Outcome extend(const SharedFolder& folder, const std::string& deck, std::vector<std::string> settings,
               const std::string& longer, Index step) {
  DeckRun whole{folder, deck, "whole", settings};
  whole.settings.push_back(longer);
  EXPECT_EQ(whole().code, ExitCode::done);
  settings.insert(settings.end(), {"run.checkpoint.every=5", "run.checkpoint.keep=99"});
  DeckRun part{folder, deck, "out", settings};
  EXPECT_EQ(part(1).code, ExitCode::done);
  forget_all_but(folder, fmt::format("-{}.h5", step));
  part.settings.push_back(longer);
  return part(0, "");
}

TEST(RestartParallel, ATrainingMayBeExtended) {
  const std::string trajectory = learning_deck_of(
      "{trajectory: {particles: 40, steps: 6, potential: {hidden: [8]}, train: {iterations: 12, rule: {adam: "
      "{schedule: constant}}, particles: {adam: {schedule: constant}}}}}");
  const std::string epochs = "learn_energies.model.network.train.epochs=21",
                    iterations = "learn_energies.model.trajectory.train.iterations=21",
                    all = ".train.reports=1000";
  struct Case {
    std::string deck, longer, reports;
  };
  for (const Case& c : {Case{learning_deck, epochs, "learn_energies.model.network" + all},
                        Case{trajectory, iterations, "learn_energies.model.trajectory" + all}}) {
    const SharedFolder folder;
    const Outcome outcome = extend(folder, c.deck, {c.reports}, c.longer, 10);
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    EXPECT_NE(text_of(folder / "out/log.txt").find("checkpoint-1-10.h5: step 10"), std::string::npos);
    expect_equal_runs(folder / "whole", folder / "out");
  }
}

// Rows of metrics.csv stand as far apart as they did before: every other epoch.
TEST(RestartParallel, ReportsOfAnExtendedTrainingKeepTheirSpacing) {
  const SharedFolder folder;
  const Outcome outcome = extend(folder, learning_deck, {"learn_energies.model.network.train.reports=6"},
                                 "learn_energies.model.network.train.epochs=18", 10);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_EQ(text_of(folder / "whole/energies.h5"), text_of(folder / "out/energies.h5"));
  std::istringstream table(text_of(folder / "out/metrics.csv"));
  std::vector<std::string> times;
  for (std::string line; std::getline(table, line);) {
    const auto comma = line.find(',');
    times.push_back(line.substr(comma + 1, line.find(',', comma + 1) - comma - 1));
  }
  EXPECT_EQ(times, (std::vector<std::string>{"time", "0", "2", "4", "6", "8", "10", "12", "14", "16", "18"}));
}

TEST(RestartParallel, ATrainingIsExtendedOnlyWhereTheBitsAllow) {
  const SharedFolder folder;
  const std::string key = "learn_energies.model.network.train.epochs";
  const auto refusal = [&](const DeckRun& run, const std::string& setting) {
    DeckRun changed = run;
    changed.settings.push_back(setting);
    const Outcome outcome = changed(0, "");
    EXPECT_EQ(outcome.code, ExitCode::bad_input);
    return outcome.message;
  };
  const auto expect_in = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  DeckRun run{folder, learning_deck, "out", {"run.checkpoint.every=10", "run.checkpoint.keep=99"}};
  ASSERT_EQ(run().code, ExitCode::done);
  expect_in(refusal(run, key + "=5"), key + ": found 5; ");
  expect_in(refusal(run, key + "=5"),
            "has done 11.4286 epochs: give more, or start afresh without --restart");
  expect_in(refusal(run, "learn_energies.model.network.train.batch=64"), "was made with 32: give that");

  run.settings.push_back("learn_energies.model.network.train.rule={adam: {schedule: cosine}}");
  ASSERT_EQ(run().code, ExitCode::done);
  expect_in(refusal(run, key + "=20"), "with `schedule: cosine` the rate depends on the number of steps");
  expect_in(refusal(run, key + "=20"), "was made with 12: give 12, or start afresh");

  // The default of trajectories is such a schedule.
  DeckRun trajectory{folder,
                     learning_deck_of("{trajectory: {particles: 40, steps: 6, potential: {hidden: "
                                      "[8]}, train: {iterations: 12}}}"),
                     "out",
                     {"run.checkpoint.every=10"}};
  ASSERT_EQ(trajectory().code, ExitCode::done);
  expect_in(refusal(trajectory, "learn_energies.model.trajectory.train.iterations=20"),
            "learn_energies.model.trajectory.train.iterations: found 20; with `schedule: cosine`");
  // Where another repetition has been trained, or predictions have begun, it is too late.
  DeckRun twice{folder, learning_deck, "out", {"run.checkpoint.every=10", "learn_energies.repetitions=2"}};
  ASSERT_EQ(twice().code, ExitCode::done);
  expect_in(refusal(twice, key + "=20"), "was made when a training with 12 was over: give 12, restart from");
}

TEST(RestartParallel, WithoutRestartOldCheckpointsGo) {
  const SharedFolder folder;
  DeckRun run{folder, noisy_deck, "out", {"run.checkpoint.every=6"}};
  ASSERT_EQ(run().code, ExitCode::done);
  EXPECT_EQ(checkpoints(folder).size(), 2u);
  run.settings = {};
  ASSERT_EQ(run().code, ExitCode::done);
  EXPECT_EQ(checkpoints(folder).size(), 0u);
  EXPECT_NE(text_of(folder / "out/log.txt").find("2 checkpoints of an earlier run removed"),
            std::string::npos);
  ASSERT_EQ(run(0, "").code, ExitCode::done);
  EXPECT_NE(text_of(folder / "out/log.txt").find("starts from the beginning"), std::string::npos);
}

TEST(RestartParallel, ACheckpointOfAnotherFolderBringsItsTables) {
  const SharedFolder folder;
  const DeckRun whole{folder, noisy_deck, "whole", {"run.checkpoint.every=6"}}, part{folder, noisy_deck};
  ASSERT_EQ(whole().code, ExitCode::done);
  const Outcome outcome = part(0, folder / "whole/checkpoint-12.h5");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_equal_runs(folder / "whole", folder / "out");
}

// What a kill leaves when it comes while snapshots.h5 is written: the mark, and a file that HDF5 cannot open.
TEST(RestartParallel, ATornSnapshotFileIsMadeAnew) {
  const SharedFolder folder;
  const DeckRun whole{folder, noisy_deck, "whole"};
  const DeckRun part{folder, noisy_deck, "out", {"run.checkpoint.every=5", "run.checkpoint.keep=9"}};
  ASSERT_EQ(whole().code, ExitCode::done);
  ASSERT_EQ(part().code, ExitCode::done);
  forget_all_but(folder, "-10.h5");
  const std::string path = folder / "out/snapshots.h5";
  if (Communicator().is_root()) {
    nlohmann::json places;
    {
      const Hdf5File file(path, MPI_COMM_SELF, Hdf5File::Access::read);
      for (const auto& step : file.members("/snapshots")) {
        const std::string name = "/snapshots/" + step + "/particles";
        places[name] = file.offset(name);
      }
    }
    std::ofstream(path + ".open") << places;
    std::fstream torn(path, std::ios::in | std::ios::out | std::ios::binary);
    torn << std::string(500, 'x');
  }
  const Outcome outcome = part(0, "");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  expect_equal_runs(folder / "whole", folder / "out");
}

}  // namespace
}  // namespace weir
