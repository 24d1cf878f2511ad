// Mistakes that people make with their first data and decks: each ends with code 2 and a message that names
// the key and the remedy, and nothing is written. What decks can do wrong besides is in BrokenDecksTest.
#include <gtest/gtest.h>

#include "methods/BrokenDecks.hpp"

namespace weir {
namespace {

using namespace testing_tools;

class MistakesParallel : public testing::Test {
 protected:
  void SetUp() override {
    std::string good = "cell,day,PC1,PC2\n";
    for (int i = 0; i < 30; ++i)
      good += "c" + std::to_string(i) + ",day" + std::to_string(i % 3) + "," + std::to_string(i * i % 7) +
              "," + std::to_string(i % 5) + "\n";
    folder.write("cells.csv", good);
    folder.write("semicolon.csv", "t;x;y\n0;1,5;2\n0;2,5;3\n1;3,5;4\n1;4,5;5\n");
    folder.write("mixed.csv", "t,x,y\n0,1,2\n0,1;2\n");
    folder.write("gaps.csv", "t,x,y\n0,1,2\n0,,3\n1,2,3\n1,3,4\n");
    folder.write("na.csv", "t,x,y\n0,1,2\n0,NA,3\n1,2,3\n1,3,4\n");
    folder.write("inf.csv", "t,x,y\n0,1,2\n0,inf,3\n1,2,3\n1,3,4\n");
    folder.write("quote.csv", "t,x,y\n0,1,\"2\n0,1,3\n");
    folder.write("comment.csv", "# only a comment");
    folder.write("nul.csv", std::string("\0t,x\n0,1\n", 9));
    folder.write("utf16.csv", std::string("\xff\xfet\0,\0x\0\n\0", 10));
    folder.write("sheet.csv", "PK\3\4 a workbook");
    folder.write("pickle.npy", "\x80\4\x95 pickled");
    folder.write("text.npy", "1 2 3\n");
    folder.write("cells.xlsx", "PK\3\4");
    folder.write("cells.rds", "RDX");
    folder.write("cells.h5ad", "no HDF5");
    folder.write("table.csv.gz", "x,y\n1,2\n");
    folder.write("cut.csv.gz", "\x1f\x8b\x08");
    folder.write("empty.csv", "");
    folder.write("states.csv", "t,x\nearly,1\nearly,2\nlate,3\nlate,4\n");
    folder.write("replicates.csv", "t,x\nd1_r1,1\nd1_r1,2\nd2_r1,3\nd2_r1,4\n");
    folder.write("units.csv", "t,x\n8h,1\n8h,2\n24,3\n24,4\n");
    folder.write("twice.csv", "t,x\n24h,1\n24h,2\n1d,3\n1d,4\n");
    folder.write("one.csv", "t,x\n0,1\n0,2\n0,3\n");
    folder.write("lonely.csv", "t,x\n0,1\n0,2\n0,3\nday5,4\n");
    folder.write("flat.csv", "t,x,y\n0,1,1\n0,1,2\n1,1,3\n1,1,5\n");
    folder.write("huge.csv", "t,x\n0,1\n0,1e200\n1,3\n1,4\n");
    folder.write("labels.csv", "0\n1\n");
    folder.write("other.csv", "cell,day,PC1,PC9\nc,day0,1,2\n");
  }
  /// `populations: {file: {..}}` of a sound deck.
  void expect_message(const std::string& file, const std::string& message,
                      const std::vector<std::string>& settings = {}) {
    std::string deck =
        "weir: 1\nrun: {seed: 1}\nlearn_energies:\n  populations: {file: {" + file +
        "}}\n  split: 0\n"
        "  coupling: {method: network_simplex, batch: whole}\n  model: {linear: {features_at: current}}\n";
    expect_broken(folder, {file, deck, settings, message});
  }
  SharedFolder folder;
};

const char* const good = "path: cells.csv, columns: [PC1, PC2], labels: day";

TEST_F(MistakesParallel, PathsAndKinds) {
  expect_message("path: cell.csv, labels: day", "there is no such file");
  expect_message("path: ., labels: day", "is a folder; allowed: a file");
  expect_message("path: cells.xlsx, labels: day", "is of an unknown kind; allowed: .npy, .csv");
  expect_message("path: cells.rds, labels: day", "is of an unknown kind");
  expect_message("path: \"\", labels: day", "file.path: missing; allowed: a file, or several under `paths`");
  expect_message("labels: day", "file.path: missing");
  expect_message("paths: [cells.csv, other.csv], labels: day", "column 3 of");
  expect_message("paths: [cells.csv, labels.csv]", "allowed: as many in every file");
  expect_message("path: cells.h5ad, labels: day", "is no HDF5 file, whatever its name says");
  expect_message("path: table.csv, labels: x", "there is no such file");
}

TEST_F(MistakesParallel, EncodingsAndSeparators) {
  expect_message("path: utf16.csv, labels: t", "is text in UTF-16; save it as UTF-8");
  expect_message("path: nul.csv, labels: t", "holds bytes of value 0");
  expect_message("path: sheet.csv, labels: t", "is a zip archive or a spreadsheet; save the table as CSV");
  expect_message("path: comment.csv, labels: t", "comment.csv: is empty");
  expect_message("path: empty.csv, labels: t", "empty.csv: is empty");
  expect_message("path: semicolon.csv, labels: t", "found \"1,5\"; allowed: a finite number");
  expect_message("path: mixed.csv, labels: t", "line 3 has 2 fields, the first line 3");
  expect_message("path: quote.csv, labels: t", "a quote is not closed");
  expect_message("path: cut.csv.gz, labels: t", "cut.csv.gz");
  expect_message("path: pickle.npy, labels: {path: labels.csv}",
                 "is a Python pickle; save the array by numpy.save");
  expect_message("path: text.npy, labels: {path: labels.csv}", "is no .npy file");
}

TEST_F(MistakesParallel, Values) {
  expect_message("path: gaps.csv, labels: t", "found \"\"; allowed: a finite number");
  expect_message("path: na.csv, labels: t", "found \"NA\"; allowed: a finite number");
  expect_message("path: inf.csv, labels: t", "allowed: a finite number");
  expect_message("path: huge.csv, labels: t", "column 1 holds 1e+200; allowed: up to 1e+75 in size");
  expect_message("path: cells.csv, columns: [cell, PC1], labels: day", "column 0 (cell): found \"c");
  expect_message(std::string(good) + ", scale: 0", "file.scale: found 0");
  expect_message(std::string(good) + ", scale: [1, 2, 3]", "found 3 numbers; allowed: 2");
  expect_message("path: flat.csv, labels: t, standardise: true",
                 "column 0 of those chosen is the same in all rows");
  expect_message(std::string(good) + ", standardise: yes please", "allowed: false, true, training");
}

TEST_F(MistakesParallel, Columns) {
  expect_message("path: cells.csv, columns: [PC1, PC3], labels: day", "did you mean \"PC1\"?");
  expect_message("path: cells.csv, columns: [0, 9], labels: day", "allowed: up to 4, the columns of");
  expect_message("path: cells.csv, columns: [2, 2], labels: day", "found no column");
  expect_message("path: cells.csv, columns: [PC2..PC1], labels: day", "whose end lies before its start");
  expect_message("path: cells.csv, columns: [PC1, PC1], labels: day", "is chosen twice");
  expect_message("path: cells.csv, columns: [-1, 2], labels: day", "allowed: at least 0");
  expect_message("path: cells.csv, columns: [1.5], labels: day", "expected an integer");
  expect_message("path: cells.csv, columns: [1, 2], labels: day, dataset: X",
                 "holds one table only; leave out `dataset`");
}

TEST_F(MistakesParallel, Labels) {
  expect_message("path: cells.csv, columns: [2, 4]", "the rows carry no labels; give `labels: {column: ..}`");
  expect_message("path: cells.csv, columns: [2, 4], labels: days", "did you mean \"day\"?");
  expect_message("path: cells.csv, columns: [2, 4], labels: {path: labels.csv}", "found 2 labels in");
  expect_message("path: cells.csv, columns: [2, 4], labels: {colunm: day}", "did you mean \"column\"?");
  expect_message("path: cells.csv, columns: [2, 4], labels: {column: day, select: [day7]}", "no row of");
  expect_message("path: cells.csv, columns: [2, 4], labels: {column: day, select: 5..9}",
                 "a label in this range");
  expect_message("path: cells.csv, columns: [2, 4], labels: {column: day, select: day2}",
                 "at least 2 are needed");
  expect_message("path: one.csv, labels: t", "found 1 distinct label(s)");
  expect_message("path: lonely.csv, labels: t", "(label day5) has 1 particles");
}

TEST_F(MistakesParallel, Times) {
  expect_message("path: states.csv, labels: t", "give one a label, for early, late in this order");
  expect_message("path: replicates.csv, labels: t", "\"d1_r1\" has several numbers");
  expect_message("path: units.csv, labels: t", "some have a unit and some have none");
  expect_message("path: twice.csv, labels: t", "are the same time");
  expect_message(std::string(good) + ", times: [0, 1]", "has 2 entries for 3 populations (day0, day1, day2)");
  expect_message(std::string(good) + ", times: [0, 2, 1]", "allowed: each above the one before");
  expect_message(std::string(good) + ", times: [day0, day1, day2]", "expected a number");
}

TEST_F(MistakesParallel, Decks) {
  expect_message(good, "did you mean \"split\"?", {"learn_energies.spilt=0.2"});
  expect_message(good, "found -0.4", {"learn_energies.split=-0.4"});
  expect_message(good, "found 1.5", {"learn_energies.split.test=1.5"});
  expect_message(good, "did you mean \"linear\"?", {"learn_energies.model={liner: {}}"});
  expect_message(good, "exactly one of", {"learn_energies.model={linear: {}, network: {}}"});
  expect_message(good, "leave_out: found 7; allowed: numbers of populations, 0 to 2",
                 {"learn_energies.leave_out=[7]"});
  expect_message(good, "did you mean \"w1\"?", {"learn_energies.metrics=[W1x]"});
  expect_message(good, "expected a number", {"learn_energies.split.test=\"0.4\""});
  expect_message(good, "run.seed", {"run.seed=-1"});
  expect_message(good, "run.name", {"run.name=a/b"});
  expect_message(good, "expected a number, found a map", {"learn_energies.split.test.x=1"});
  expect_message(good, "allowed: --set key.path=value", {"learn_energies.split"});
  expect_message(good, "trajectory.particles: found 5000, and the first snapshot has 10 particles",
                 {"learn_energies.model={trajectory: {particles: 5000}}"});
}

}  // namespace
}  // namespace weir
