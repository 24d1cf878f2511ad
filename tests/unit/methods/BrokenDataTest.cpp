// Data files that are wrong: each gives its message and exit code 2 on all ranks, and nothing is written.
#include <gtest/gtest.h>

#include <limits>

#include "methods/BrokenDecks.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// A version 1.0 .npy file of doubles.
std::string npy(Index rows, Index columns, const std::vector<double>& values) {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(columns) + "), }";
  header += std::string(64 - (10 + header.size() + 1) % 64, ' ') + "\n";
  std::string text("\x93NUMPY\x01\x00", 8);
  text += char(header.size() & 0xff);
  text += char(header.size() >> 8);
  text += header;
  text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
  return text;
}

TEST(BrokenDataParallel, DataFilesGiveTheirMessage) {
  const SharedFolder folder;
  folder.write("good.npy", npy(4, 2, {0, 1, 2, 3, 4, 5, 6, 7}));
  std::string cube = npy(4, 2, {0, 1, 2, 3, 4, 5, 6, 7});
  cube.replace(cube.find("(4, 2), }"), 9, "(2,2,2),}");
  folder.write("cube.npy", cube);
  folder.write("nan.npy", npy(2, 2, {0, 1, std::numeric_limits<double>::quiet_NaN(), 3}));
  folder.write("truncated.npy", npy(4, 2, {0, 1, 2}));
  folder.write("truncated.h5", "\x89HDF\r\n\x1a\n and no more");
  folder.write("ragged.csv", "a,b\n1,2\n3\n");
  folder.write("words.csv", "a,b\n1,two\n");
  folder.write("one.csv", "label,x\n0,1\n0,2\n0,3\n");
  folder.write("uneven.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n1,2\n");
  folder.write("empty.npy", npy(0, 2, {}));
  folder.write("names.csv", "label,x\n");
  folder.write("point.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n1,1\n1,1\n");
  folder.write("single.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n");
  const std::string from_file = "simulate.initial={file: ",
                    populations = "learn_energies.populations={file: {path: ";
  const auto labelled = [&](const std::string& file, const std::string& more = "") {
    return populations + file + ", labels: {column: label}" + more + "}}";
  };
  const std::vector<Broken> files{
      {"not a number", simulate_deck, {from_file + "nan.npy}"}, "nan.npy"},
      {"truncated npy", simulate_deck, {from_file + "truncated.npy}"}, "truncated.npy"},
      {"truncated HDF5", simulate_deck, {from_file + "truncated.h5}"}, "truncated.h5"},
      {"ragged rows", simulate_deck, {from_file + "ragged.csv}"}, "ragged.csv"},
      {"words for numbers", simulate_deck, {from_file + "words.csv}"}, "words.csv"},
      {"columns that are not there",
       simulate_deck,
       {"simulate.initial={file: {path: good.npy, columns: [0, 5]}}"},
       "columns"},
      {"particles that contradict the file",
       simulate_deck,
       {"simulate.initial={particles: 7, file: good.npy}"},
       "the file has 4 rows"},
      {"dimension that contradicts the file",
       simulate_deck,
       {"simulate.initial={dimension: 3, file: good.npy}"},
       "the file's rows have 2 columns"},
      {"three axes",
       simulate_deck,
       {from_file + "cube.npy}"},
       "has the shape (2, 2, 2); an initial ensemble has two axes"},
      {"energy that does not fit the file",
       simulate_deck,
       {from_file + "good.npy}", "simulate.energy.potential={quadratic: {centre: [1, 2, 3]}}"},
       "simulate.energy.potential"},
      {"no labels", learn_deck, {populations + "good.npy}}"}, "the rows carry no labels"},
      {"one population",
       learn_deck,
       {labelled("one.csv")},
       "found 1 distinct label(s) (0); at least 2 are needed"},
      {"times that do not match",
       learn_deck,
       {labelled("uneven.csv", ", times: [0, 1, 2]"), "learn_energies.split.test=0"},
       "has 3 entries for 2 populations"},
      {"times that do not ascend",
       learn_deck,
       {labelled("uneven.csv", ", times: [1, 0]"), "learn_energies.split.test=0"},
       "populations.file.times: found [1, 0]; allowed: each above the one before"},
      {"a table without rows", simulate_deck, {from_file + "empty.npy}"}, "empty.npy: has no rows"},
      {"names of columns alone", learn_deck, {labelled("names.csv")}, "names.csv: has no rows"},
      {"a scale that makes all values equal",
       learn_deck,
       {labelled("uneven.csv", ", scale: 0")},
       "file.scale: found 0"},
      {"a population at one point",
       learn_deck,
       {labelled("point.csv"), "learn_energies.split.test=0", "learn_energies.model.linear.entropy=true"},
       "the particles of population 1 are all at one point"},
      {"pairs of unequal size",
       learn_deck,
       {labelled("uneven.csv"), "learn_energies.pairing=paired"},
       "needs populations of equal size"},
      {"assignment of unequal sizes",
       learn_deck,
       {labelled("uneven.csv"), "learn_energies.split.test=0",
        "learn_energies.coupling={method: assignment, batch: whole}"},
       "use network_simplex"},
      {"population of one particle",
       learn_deck,
       {labelled("single.csv"), "learn_energies.split.test=0"},
       "at least 2 are needed"},
      {"l2_uvp without the truth",
       learn_deck,
       {labelled("uneven.csv"), "learn_energies.metrics=[l2_uvp]"},
       "only simulated populations have"},
  };
  for (const auto& broken : files) expect_broken(folder, broken);
}

// A population that is left out need not fit the couplings.
TEST(BrokenDataParallel, PopulationsLeftOutAreNotCoupled) {
  const SharedFolder folder;
  folder.write("uneven.csv", "label,x\n0,1\n0,2\n0,3\n1,1\n1,2\n2,4\n2,5\n2,7\n");
  const std::vector<std::string> settings{
      "learn_energies.populations={file: {path: uneven.csv, labels: {column: label}}}",
      "learn_energies.split.test=0", "learn_energies.coupling={method: assignment, batch: whole}"};
  expect_broken(folder, {"all of them", learn_deck, settings, "use network_simplex"});
  auto left_out = settings;
  left_out.push_back("learn_energies.leave_out=[1]");
  EXPECT_EQ(check_deck(folder, learn_deck, left_out).code, ExitCode::done);
}

}  // namespace
}  // namespace weir
