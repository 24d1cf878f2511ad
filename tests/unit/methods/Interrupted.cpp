#include "methods/Interrupted.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "weir/base/Hdf5File.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir::testing_tools {

namespace {

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

}  // namespace

Outcome DeckRun::operator()(int ranks, std::optional<std::string> restart) const {
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

std::vector<std::string> checkpoints(const SharedFolder& folder, const std::string& output) {
  Communicator().barrier();
  const auto found = checkpoints_in(folder / output);
  Communicator().barrier();
  return found;
}

std::map<std::string, std::vector<Real>> snapshots_of(const std::string& folder) {
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

std::map<std::string, std::string> contents_of(const std::string& path) {
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

void expect_equal_runs(const std::string& one, const std::string& other) {
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

void forget_all_but(const SharedFolder& folder, const std::string& last) {
  for (const auto& path : checkpoints(folder))
    if (Communicator().is_root() && path.find(last) == path.npos) std::filesystem::remove(path);
  Communicator().barrier();
}

int run_interrupted(const SharedFolder& folder, const std::string& deck) {
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

void expect_equal_when_interrupted(const std::string& deck, int least) {
  const SharedFolder folder;
  const Outcome uninterrupted = DeckRun{folder, deck, "whole"}();
  ASSERT_EQ(uninterrupted.code, ExitCode::done) << uninterrupted.message;
  EXPECT_GT(run_interrupted(folder, deck), least);
  if (testing::Test::HasFailure()) return;
  expect_equal_runs(folder / "whole", folder / "out");
}

}  // namespace weir::testing_tools
