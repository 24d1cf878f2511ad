#include "weir/input/CommandLine.hpp"

#include <gtest/gtest.h>

#include "weir/base/Error.hpp"
#include "weir/base/Version.hpp"

namespace weir {
namespace {

CommandLine parse(std::vector<const char*> words) {
  words.insert(words.begin(), "weir");
  return parse_command_line(int(words.size()), words.data());
}

std::string problem_of(const std::vector<const char*>& words) {
  try {
    parse(words);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(CommandLine, DeckSettingsAndPetscOptions) {
  const auto line = parse(
      {"--set", "run.seed=2", "deck.yaml", "--set", "a.b={c: 1}", "--check", "--", "-ts_monitor", "--x"});
  EXPECT_EQ(line.deck, "deck.yaml");
  EXPECT_EQ(line.settings, (std::vector<std::string>{"run.seed=2", "a.b={c: 1}"}));
  EXPECT_TRUE(line.check);
  EXPECT_EQ(line.petsc_options, (std::vector<std::string>{"-ts_monitor", "--x"}));
  EXPECT_TRUE(line.needs_deck());
}

TEST(CommandLine, ListsInSettingsStayWhole) {
  EXPECT_EQ(parse({"d", "--set", "a=[1, 2]"}).settings, std::vector<std::string>{"a=[1, 2]"});
  EXPECT_EQ(parse({"d", "--set=a=-1"}).settings, std::vector<std::string>{"a=-1"});
}

TEST(CommandLine, RestartAndTimeLimit) {
  EXPECT_FALSE(parse({"d"}).restart);
  EXPECT_EQ(parse({"--restart", "d"}).restart, "");
  EXPECT_EQ(parse({"--restart", "d"}).deck, "d");
  EXPECT_EQ(parse({"d", "--restart=a/checkpoint-5.h5"}).restart, "a/checkpoint-5.h5");
  EXPECT_FALSE(parse({"d"}).time_limit);
  EXPECT_EQ(parse({"d", "--time-limit", "01:02:03"}).time_limit, 3723);
  EXPECT_EQ(parse({"d", "--time-limit=100:00:00"}).time_limit, 360000);
  EXPECT_EQ(parse({"d", "--time-limit", "90"}).time_limit, 90);
  for (const char* wrong : {"1:2:3:4", "0:60", "-1", "1h", "0", ":"})
    EXPECT_EQ(problem_of({"d", "--time-limit", wrong}).find("command line: --time-limit"), 0u) << wrong;
  EXPECT_EQ(problem_of({"d", "--restart="}), "command line: --restart= names no file (see weir --help)");
}

TEST(CommandLine, Estimate) {
  EXPECT_FALSE(parse({"d"}).estimate);
  EXPECT_EQ(parse({"d", "--estimate"}).ranks, (std::vector<Index>{1, 64, 4096, 65536}));
  const auto line = parse({"--estimate", "d", "--ranks", "1,2,128", "--json"});
  EXPECT_EQ(line.deck, "d");
  EXPECT_EQ(line.ranks, (std::vector<Index>{1, 2, 128}));
  EXPECT_TRUE(line.json);
  for (const char* wrong : {"0", "1,,2", "a", "-3", "10000000", ","})
    EXPECT_EQ(problem_of({"d", "--estimate", "--ranks", wrong}).find("command line: --ranks"), 0u) << wrong;
  EXPECT_NE(problem_of({"d", "--ranks", "3"}).find("belong to --estimate"), std::string::npos);
  EXPECT_NE(problem_of({"d", "--estimate", "--benchmark"}).find("--estimate runs nothing"),
            std::string::npos);
}

TEST(CommandLine, InformationNeedsNoDeck) {
  EXPECT_TRUE(parse({"--reference"}).reference);
  EXPECT_TRUE(parse({"--schema"}).schema);
  EXPECT_TRUE(parse({"--version"}).version);
  EXPECT_TRUE(parse({"--build-info"}).build_info);
  EXPECT_TRUE(parse({"-h"}).help);
  EXPECT_FALSE(parse({"--help"}).needs_deck());
}

TEST(CommandLine, Errors) {
  EXPECT_EQ(problem_of({}), "command line: no deck; allowed: weir DECK (see weir --help)");
  EXPECT_EQ(problem_of({"d", "--chekc"}),
            "command line: The following argument was not expected: --chekc (see weir --help)");
  EXPECT_EQ(problem_of({"d", "e"}),
            "command line: The following argument was not expected: e (see weir --help)");
  EXPECT_EQ(problem_of({"d", "--set"}),
            "command line: --set: 1 required KEY.PATH=VALUE missing (see weir --help)");
}

TEST(CommandLine, HelpNamesEveryOption) {
  const std::string help = command_line_help();
  for (const char* option : {"Usage: weir DECK [OPTIONS] [-- PETSc options]\n", "DECK", "--set", "--check",
                             "--reference", "--schema", "--version", "--build-info", "-- -ts_monitor"})
    EXPECT_NE(help.find(option), std::string::npos) << option << " in\n" << help;
}

TEST(Version, BuildInfoNamesTheLibraries) {
  const std::string info = build_info();
  for (const char* name : {"Weir", "MPI", "PETSc", "HDF5", "Kokkos", "BLAS"})
    EXPECT_NE(info.find(name), std::string::npos) << name << " in\n" << info;
  EXPECT_EQ(info.find("0.0.0"), std::string::npos) << info;
}

}  // namespace
}  // namespace weir
