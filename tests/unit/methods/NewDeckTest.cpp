// First decks for data files: valid as they are, with what the files have.
#include "weir/input/NewDeck.hpp"

#include <gtest/gtest.h>

#include "methods/InProcess.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"

namespace weir {
namespace {

using namespace testing_tools;

std::string rows(const std::vector<std::string>& labels) {
  std::string text = "cell,when,PC1,PC2,PC3\n";
  for (std::size_t i = 0; i < 10 * labels.size(); ++i)
    text += "c" + std::to_string(i) + "," + labels[i % labels.size()] + "," + std::to_string(i * i % 7) +
            "," + std::to_string(i * 3 % 11) + "," + std::to_string(i % 5) + "\n";
  return text;
}

TEST(NewDeckParallel, DecksAreValidAsTheyAre) {
  const SharedFolder folder;
  folder.write("times.csv", rows({"8h", "2d", "day 3"}));
  folder.write("states.csv", rows({"early", "late"}));
  for (const char* file : {"times.csv", "states.csv"})
    for (const auto& method : methods_of_new_decks()) {
      std::string text = new_deck(folder / file, method);
      CommandLine command;
      command.deck = folder.write("new.yaml", text);
      command.settings = {"run.output=" + folder / "out"};
      command.check = true;
      const Outcome outcome = run_to_outcome(command, Communicator());
      if (text.find("times: CHANGE") != text.npos) {  // which nobody but the user knows
        EXPECT_EQ(outcome.code, ExitCode::bad_input) << text;
        EXPECT_NE(outcome.message.find("times"), std::string::npos) << outcome.message;
      } else {
        EXPECT_EQ(outcome.code, ExitCode::done) << file << " " << method << ": " << outcome.message << text;
      }
    }
  const std::string times = new_deck(folder / "times.csv", "learn_energies");
  EXPECT_NE(times.find("labels: {column: when}"), std::string::npos) << times;
  EXPECT_NE(times.find("# times: [8, 48, 72]"), std::string::npos) << times;
  EXPECT_NE(times.find("columns: [PC1, PC2, PC3]"), std::string::npos) << times;
  const std::string states = new_deck(folder / "states.csv", "learn_energies");
  EXPECT_NE(states.find(" times: CHANGE "), std::string::npos) << states;
  EXPECT_NE(states.find("[.., ..]: 2 numbers, the times of early, late"), std::string::npos) << states;
  EXPECT_THROW(new_deck(folder / "states.csv", "learn"), InputError);
}

// A column whose texts tell times comes before one whose name alone does, and numbers of clusters last.
TEST(NewDeckParallel, TheLikeliestLabelsAreChosen) {
  const SharedFolder folder;
  int tables = 0;  // a file each: other ranks may be reading the one before
  const auto table = [&](const std::string& header, const std::vector<std::string>& labels) {
    std::string text = "x,y," + header + "\n";
    for (int i = 0; i < 24; ++i)
      text += fmt::format("{},{},{}\n", i % 5, i * i % 7, labels[std::size_t(i) % labels.size()]);
    return new_deck(folder.write(fmt::format("cells{}.csv", tables++), text), "learn_energies");
  };
  EXPECT_NE(table("age,collection", {"young,day 1", "old,day 5"}).find("labels: {column: collection}"),
            std::string::npos);
  EXPECT_NE(table("age,kind", {"young,a", "old,b"}).find("labels: {column: age}"), std::string::npos);
  const std::string told = table("kind,day", {"a,0", "b,2"});
  EXPECT_NE(told.find("labels: {column: day}"), std::string::npos) << told;
  EXPECT_NE(told.find("could be labels too: kind"), std::string::npos) << told;
}

TEST(NewDeckParallel, ArraysOfFiles) {
  const SharedFolder folder;
  const Communicator comm;
  std::vector<Real> x(60), t;
  for (int i = 0; i < 60; ++i) x[std::size_t(i)] = i * i % 17;
  for (int i = 0; i < 20; ++i) t.push_back(i / 10);
  {
    Hdf5File file(folder / "data.h5", comm.mpi(), Hdf5File::Access::create);
    file.write("cells/x", x, {20, 3});
    file.write("cells/t", t, {20});
    file.close();
    Hdf5File stack(folder / "stack.h5", comm.mpi(), Hdf5File::Access::create);
    stack.write("x", x, {2, 10, 3});
    stack.close();
  }
  for (const char* file : {"data.h5", "stack.h5"}) {
    const std::string text = new_deck(folder / file, "learn_energies");
    CommandLine command;
    command.deck = folder.write("new.yaml", text);
    command.settings = {"run.output=" + folder / "out"};
    command.check = true;
    const Outcome outcome = run_to_outcome(command, comm);
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message << text;
  }
  EXPECT_NE(new_deck(folder / "data.h5", "learn_energies").find("labels: {dataset: cells/t}"),
            std::string::npos);
  const Outcome labelled = run_deck_text(folder, R"(weir: 1
run: {name: labelled}
learn_energies:
  populations: {file: {path: stack.h5, labels: t}}
  model: {linear: {}}
)");
  EXPECT_EQ(labelled.code, ExitCode::bad_input);
  EXPECT_NE(labelled.message.find("stack.h5 has the shape (2, 10, 3): its first axis may be populations"),
            std::string::npos)
      << labelled.message;
}

}  // namespace
}  // namespace weir
