// Runs that are interrupted and go on: on some of the ranks, from checkpoints, compared in the end.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>

#include "methods/InProcess.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir::testing_tools {

/// The first `count` of all ranks; the others have no part in it.
class SomeRanks {
 public:
  explicit SomeRanks(int count) {
    MPI_Comm_split(MPI_COMM_WORLD, Communicator().rank() < count ? 0 : MPI_UNDEFINED, 0, &comm_);
  }
  ~SomeRanks() {
    if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
  }
  bool mine() const { return comm_ != MPI_COMM_NULL; }
  Communicator comm() const { return Communicator(comm_); }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

struct DeckRun {
  const SharedFolder& folder;
  std::string deck;
  std::string output = "out";
  std::vector<std::string> settings = {};
  bool check = false;  // `--check`
  std::optional<Real> time_limit = {};

  /// On the first `ranks` ranks (0: on all), `restart` as on the command line. Collective over all ranks.
  Outcome operator()(int ranks = 0, std::optional<std::string> restart = {}) const {
    CommandLine command;
    command.deck = folder.write("deck.yaml", deck);
    command.settings = settings;
    command.settings.push_back("run.output=" + folder / output);
    command.restart = std::move(restart);
    command.overwrite = true;  // runs that are finished go on from a checkpoint again
    command.check = check;
    command.time_limit = time_limit;
    Outcome outcome{ExitCode::done, ""};
    {
      const SomeRanks some(ranks == 0 ? Communicator().size() : ranks);
      if (some.mine()) outcome = run_to_outcome(command, some.comm());
    }
    outcome.code = Communicator().broadcast_value(outcome.code);
    outcome.message = Communicator().broadcast(outcome.message);
    return outcome;
  }
};

inline std::vector<std::string> checkpoints(const SharedFolder& folder, const std::string& output = "out") {
  Communicator().barrier();
  const auto found = checkpoints_in(folder / output);
  Communicator().barrier();
  return found;
}

inline std::map<std::string, std::vector<Real>> snapshots_of(const std::string& folder) {
  std::map<std::string, std::vector<Real>> found;
  if (!std::filesystem::exists(folder + "/snapshots.h5")) return found;
  const Hdf5File file(folder + "/snapshots.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  for (const auto& step : file.members("/snapshots"))
    for (const auto& block : file.members("/snapshots/" + step)) {
      const std::string name = "/snapshots/" + step + "/" + block;
      found[name] = file.read(name);
      found[name].push_back(file.attribute(name, "time"));
    }
  return found;
}

/// Every data set of an HDF5 file as bytes. (Files of equal contents may differ in the gaps between objects.)
inline std::map<std::string, std::string> contents_of(const std::string& path) {
  std::map<std::string, std::string> found;
  if (!std::filesystem::exists(path)) return found;
  const Hdf5Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  const auto visit = [](hid_t parent, const char* name, const H5L_info_t*, void* into) -> herr_t {
    const Hdf5Id object(H5Oopen(parent, name, H5P_DEFAULT));
    if (H5Iget_type(object) != H5I_DATASET) return 0;
    const Hdf5Id type(H5Dget_type(object)), space(H5Dget_space(object));
    std::string bytes(H5Tget_size(type) * std::size_t(H5Sget_simple_extent_npoints(space)), '\0');
    if (H5Tis_variable_str(type) <= 0) H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data());
    (*static_cast<std::map<std::string, std::string>*>(into))[name] = bytes;
    return 0;
  };
  H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, visit, &found);
  return found;
}

/// But for times and ranks.
inline void expect_equal_runs(const std::string& one, const std::string& other) {
  Communicator().barrier();
  EXPECT_EQ(text_of(one + "/metrics.csv"), text_of(other + "/metrics.csv"));
  EXPECT_EQ(text_of(one + "/snapshots.xdmf"), text_of(other + "/snapshots.xdmf"));
  EXPECT_TRUE(snapshots_of(one) == snapshots_of(other));
  for (const std::string name : {"/energies.h5", "/networks.h5", "/samples.h5", "/likelihood.h5"}) {
    EXPECT_EQ(std::filesystem::exists(one + name), std::filesystem::exists(other + name)) << name;
    EXPECT_TRUE(contents_of(one + name) == contents_of(other + name)) << name;
  }
  const auto summary = [](const std::string& folder) {
    auto json = summary_of(folder);
    json.erase("ranks");
    for (auto entry = json.begin(); entry != json.end();)
      entry = entry.key().rfind("seconds", 0) == 0 ? json.erase(entry) : std::next(entry);
    return json;
  };
  const auto first = summary(one), second = summary(other);
  EXPECT_EQ(first.dump(), second.dump());
  EXPECT_GT(first.size(), 8u);
  Communicator().barrier();
}

/// As after a crash: checkpoints whose names do not end in `last` were never made.
inline void forget_all_but(const SharedFolder& folder, const std::string& last) {
  for (const auto& path : checkpoints(folder))
    if (Communicator().is_root() && path.find(last) == path.npos) std::filesystem::remove(path);
  Communicator().barrier();
}

/// A time limit of nothing stops a run wherever it asks: where a step or a piece of work is done and kept.
/// Returns the number of runs that it took.
inline int run_interrupted(const SharedFolder& folder, const std::string& deck) {
  constexpr int most = 200;
  const int ranks = Communicator().size();
  DeckRun part{folder, deck};
  part.time_limit = 0;
  std::string newest;
  for (int run = 1; run < most; ++run) {
    const Outcome outcome = part(1 + run % ranks, "");
    if (outcome.code == ExitCode::done) return run;
    EXPECT_EQ(outcome.code, ExitCode::stopped) << outcome.message;
    const auto found = checkpoints(folder);
    if (outcome.code != ExitCode::stopped || found.empty() || found[0] == newest) {
      ADD_FAILURE() << "run " << run << " got no further than " << newest;
      return run;
    }
    newest = found[0];
    EXPECT_EQ(summary_of(folder / "out")["status"], "stopped");
  }
  ADD_FAILURE() << "not done after " << most << " runs";
  return most;
}

/// `least`: stops that there must be, beside those at steps of a training.
inline void expect_equal_when_interrupted(const std::string& deck, int least) {
  const SharedFolder folder;
  const Outcome uninterrupted = DeckRun{folder, deck, "whole"}();
  ASSERT_EQ(uninterrupted.code, ExitCode::done) << uninterrupted.message;
  EXPECT_GT(run_interrupted(folder, deck), least);
  if (testing::Test::HasFailure()) return;
  expect_equal_runs(folder / "whole", folder / "out");
}

}  // namespace weir::testing_tools
