#include "weir/input/DataFile.hpp"

#include <gtest/gtest.h>

#include "input/Files.hpp"
#include "weir/input/Deck.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {
namespace {

std::vector<Real> all_values(DataFile& file) {
  std::vector<Real> values(file.rows() * file.columns());
  file.read(0, file.rows(), values.data());
  return values;
}
std::vector<Real> all_labels(DataFile& file) {
  std::vector<Real> values(file.rows() * file.columns()), labels(file.rows());
  file.read(0, file.rows(), values.data(), labels.data());
  return labels;
}

class Data : public testing::Test {
 protected:
  // The options in `file: {..}` of a deck in the folder of the files.
  DataOptions options(const std::string& text) {
    deck = std::make_unique<Deck>(Deck::parse("weir: 1\nfile: {" + text + "}\n", "d.yaml", folder / ""));
    DataOptions options;
    RunOptions run;
    deck->read(run, {{"file", "", [&](Section& section) { describe(section, options); }}});
    return options;
  }
  template <class Work>
  std::string problem(const Work& work) {
    std::string text;
    try {
      work();
    } catch (const InputError& error) {
      text = deck->explain(error);
    }
    for (size_t at; (at = text.find(folder / "")) != text.npos;) text.erase(at, (folder / "").size());
    return text;
  }
  std::string problem_with(const std::string& text) {
    return problem([&] {
      const auto file = open_data(options(text));
      all_values(*file);
      if (file->has_labels()) all_labels(*file);
    });
  }
  void SetUp() override {
    folder.write("cells.csv", "hours,state,PC1,PC2\n0,a,1,2\n24,b,3,4\n24,c,5,6\n");
    folder.write("plain.csv", "1,2,3\n4,5,6\n");
    folder.write("t.csv", "7\n8\n");
    folder.write("nan.csv", "1,nan\n");
  }

  Folder folder;
  std::unique_ptr<Deck> deck;
};

TEST_F(Data, ColumnsScaleAndShift) {
  const auto file = open_data(options("path: cells.csv, columns: [2, 4], scale: [10, 100], shift: 0.5"));
  EXPECT_EQ(file->rows(), 3);
  EXPECT_EQ(file->columns(), 2);
  EXPECT_EQ(file->column_names(), (std::vector<std::string>{"PC1", "PC2"}));
  EXPECT_FALSE(file->has_labels());
  EXPECT_EQ(all_values(*file), (std::vector<Real>{10.5, 200.5, 30.5, 400.5, 50.5, 600.5}));
  std::vector<Real> last(2);
  file->read(2, 1, last.data());
  EXPECT_EQ(last, (std::vector<Real>{50.5, 600.5}));
}

TEST_F(Data, LabelsInAColumnOfTheSameFile) {
  const auto named = open_data(options("path: cells.csv, columns: [2, 4], labels: {column: hours}"));
  EXPECT_EQ(all_labels(*named), (std::vector<Real>{0, 24, 24}));
  const auto numbered = open_data(options("path: plain.csv, labels: 1"));
  EXPECT_EQ(all_labels(*numbered), (std::vector<Real>{2, 5}));
  EXPECT_EQ(all_values(*numbered), (std::vector<Real>{1, 3, 4, 6}));
}

TEST_F(Data, LabelsInAnotherFile) {
  const auto file = open_data(options("path: plain.csv, labels: {path: t.csv}"));
  EXPECT_EQ(file->columns(), 3);
  EXPECT_EQ(all_labels(*file), (std::vector<Real>{7, 8}));
}

TEST_F(Data, CopiesOfADecksOptionsShareOneOpenFile) {
  const DataOptions read = options("path: plain.csv, labels: 1");
  const DataOptions copy = read;
  const Index before = tables_opened();
  EXPECT_EQ(open_data(read), open_data(copy));
  EXPECT_EQ(tables_opened(), before + 1);
  close_data(copy);
  EXPECT_EQ(open_data(read)->rows(), 2);
  EXPECT_EQ(tables_opened(), before + 2);
}

TEST_F(Data, LabelsAreReadBesideManyRows) {
  std::string rows;
  for (int i = 0; i < 9000; ++i) rows += std::to_string(i) + "," + std::to_string(i % 7) + "\n";
  folder.write("long.csv", rows);
  const auto file = open_data(options("path: long.csv, labels: 1"));
  std::vector<Real> values(8000), labels(8000);
  file->read(500, 8000, values.data(), labels.data());
  for (int i = 0; i < 8000; ++i) {
    ASSERT_EQ(values[i], 500 + i);
    ASSERT_EQ(labels[i], (500 + i) % 7);
  }
}

TEST_F(Data, RowsAreSelectedByTheirLabels) {
  const auto file =
      open_data(options("path: cells.csv, columns: [2, 4], labels: {column: hours, select: 24}"));
  EXPECT_EQ(file->rows(), 2);
  EXPECT_EQ(all_values(*file), (std::vector<Real>{3, 4, 5, 6}));
  EXPECT_EQ(all_labels(*file), (std::vector<Real>{24, 24}));
  const auto apart = open_data(options("path: plain.csv, labels: {path: t.csv, select: [8, 8]}"));
  EXPECT_EQ(all_values(*apart), (std::vector<Real>{4, 5, 6}));
}

// The same rows, whole or in parts, as by hand; what stands in the others does not matter.
TEST_F(Data, RowsAreSelectedAmongMany) {
  std::string rows;
  std::vector<Real> expected, expected_labels;
  for (int i = 0; i < 13000; ++i) {
    const int label = i * i % 11;
    const bool selected = label == 3 || label == 9, broken = i > 5000 && i < 5100 && !selected;
    rows += (broken ? std::string("none") : std::to_string(i)) + "," + std::to_string(label) + "\n";
    if (selected) expected.push_back(i), expected_labels.push_back(label);
  }
  folder.write("long.csv", rows);
  const auto file = open_data(options("path: long.csv, labels: {column: 1, select: [9, 3]}"));
  const Index n = Index(expected.size());
  ASSERT_EQ(file->rows(), n);
  EXPECT_EQ(all_values(*file), expected);
  EXPECT_EQ(all_labels(*file), expected_labels);
  for (const Index first : {Index(0), Index(1), n / 3, n / 2 + 7, n - 1}) {
    const Index count = std::min(Index(1700), n - first);
    std::vector<Real> values(count), labels(count);
    file->read(first, count, values.data(), labels.data());
    EXPECT_TRUE(std::equal(values.begin(), values.end(), expected.begin() + first));
    EXPECT_TRUE(std::equal(labels.begin(), labels.end(), expected_labels.begin() + first));
  }
}

TEST_F(Data, ALabelThatNoRowHas) {
  EXPECT_EQ(problem_with("path: cells.csv, columns: [2, 4], labels: {column: hours, select: [24, 25]}"),
            "d.yaml:2: file.labels.select: found 25, and no row of cells.csv has this label; allowed: 0, 24");
  std::string rows;
  for (int i = 0; i < 30; ++i) rows += "0," + std::to_string(i) + "\n";
  folder.write("many.csv", rows);
  EXPECT_EQ(
      problem_with("path: many.csv, labels: {column: 1, select: 30}"),
      "d.yaml:2: file.labels.select: found 30, and no row of many.csv has this label; allowed: 0, 1, 2, "
      "3, 4, 5, 6, 7, 8, 9, .. (the smallest of more)");
}

TEST_F(Data, ColumnsByNameNumberAndRange) {
  folder.write("wide.csv", ",hours,PC1,PC2,PC3\na,0,1,2,3\nb,1,4,5,6\n");
  const auto values = [&](const std::string& columns) {
    return all_values(*open_data(options("path: wide.csv, labels: hours, columns: " + columns)));
  };
  EXPECT_EQ(values("[PC2, PC1]"), (std::vector<Real>{2, 1, 5, 4}));
  EXPECT_EQ(values("PC3"), (std::vector<Real>{3, 6}));
  EXPECT_EQ(values("PC1..PC3"), (std::vector<Real>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(values("[4, PC1..3]"), (std::vector<Real>{3, 1, 2, 6, 4, 5}));
  EXPECT_EQ(values("[0, 3]"), (std::vector<Real>{1, 4}));              // neither the index nor the labels
  EXPECT_EQ(values("[hours, PC1]"), (std::vector<Real>{0, 1, 1, 4}));  // unless they are named
  EXPECT_EQ(all_values(*open_data(options("path: wide.csv, labels: hours"))),
            (std::vector<Real>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(
      problem_with("path: wide.csv, columns: [PC4]"),
      "d.yaml:2: file.columns: found \"PC4\"; allowed: columns of wide.csv: hours, PC1, PC2, PC3; did you "
      "mean \"PC1\"?");
  EXPECT_EQ(problem_with("path: wide.csv, columns: [PC1, 2]"),
            "d.yaml:2: file.columns: column 2 is chosen twice; allowed: every column once");
  EXPECT_EQ(problem_with("path: wide.csv, columns: PC3..PC1"),
            "d.yaml:2: file.columns: found PC3..PC1, whose end lies before its start");
  EXPECT_EQ(problem_with("path: wide.csv, columns: [9]"),
            "d.yaml:2: file.columns: found 9; allowed: 0 to 4, the columns of wide.csv");
}

TEST_F(Data, LabelsThatAreTexts) {
  folder.write("days.csv", "x,when\n1,day10\n2,day0\n3,day2\n4,day0\n");
  const auto file = open_data(options("path: days.csv, labels: when"));
  EXPECT_EQ(all_labels(*file), (std::vector<Real>{10, 0, 2, 0}));
  EXPECT_EQ(all_values(*file), (std::vector<Real>{1, 2, 3, 4}));
  EXPECT_EQ(file->label_text(2), "day2");
  const auto some = [&](const std::string& select) {
    return all_values(*open_data(options("path: days.csv, labels: {column: when, select: " + select + "}")));
  };
  EXPECT_EQ(some("[day0]"), (std::vector<Real>{2, 4}));
  EXPECT_EQ(some("[10, day2]"), (std::vector<Real>{1, 3}));
  EXPECT_EQ(some("day2..day10"), (std::vector<Real>{1, 3}));
  EXPECT_EQ(some("2.."), (std::vector<Real>{1, 3}));
  EXPECT_EQ(some("[..1]"), (std::vector<Real>{2, 4}));
  EXPECT_EQ(
      problem_with("path: days.csv, labels: {column: when, select: [day1]}"),
      "d.yaml:2: file.labels.select: found day1, and no row of days.csv has this label; allowed: day0, day2, "
      "day10; did you mean \"day0\"?");
  EXPECT_EQ(problem_with("path: days.csv, labels: {column: when, select: 11..20}"),
            "d.yaml:2: file.labels.select: found 11..20, and no row of days.csv has a label in this range; "
            "allowed: day0, day2, day10");
  EXPECT_EQ(problem_with("path: days.csv, labels: {column: when, select: 7..3}"),
            "d.yaml:2: file.labels.select: found 7..3, whose end lies before its start; allowed: 3..7");
  folder.write("gaps.csv", "x,when\n1,day1\n2,\n");
  EXPECT_EQ(
      problem_with("path: gaps.csv, labels: when"),
      "d.yaml:2: file.labels.column: row 1 (counted from 0) has no label; allowed: a label in every row, or "
      "`select`, which leaves such rows out");
  EXPECT_EQ(all_values(*open_data(options("path: gaps.csv, labels: {column: when, select: day1}"))),
            std::vector<Real>{1});
  EXPECT_EQ(
      open_data(options("path: cells.csv, columns: [2, 4], labels: {column: hours, select: [0..12, 20..]}"))
          ->rows(),
      3);
}

TEST_F(Data, RowNumbersAreThoseOfTheFile) {
  folder.write("days.csv", "x,when\n1,day10\n2,day0\n3,day2\n4,day0\n");
  const auto file = open_data(options("path: days.csv, labels: {column: when, select: [day0, 2]}"));
  std::vector<Real> values(3), labels(3);
  std::vector<Index> numbers(3);
  file->read(0, 3, values.data(), labels.data(), numbers.data());
  EXPECT_EQ(numbers, (std::vector<Index>{1, 2, 3}));
}

TEST_F(Data, SeveralFilesAreOne) {
  folder.write("a.csv", "x,y\n1,2\n3,4\n");
  folder.write("b.csv", "x,y\n5,6\n");
  folder.write("c.csv", "x,z\n5,6\n");
  const auto both = open_data(options("paths: [a.csv, b.csv], columns: [y]"));
  EXPECT_EQ(all_values(*both), (std::vector<Real>{2, 4, 6}));
  EXPECT_FALSE(both->has_labels());
  EXPECT_EQ(problem_with("paths: [a.csv, c.csv]"),
            "d.yaml:2: file.paths: column 1 of c.csv is \"z\", of a.csv \"y\"; allowed: the same columns in "
            "every file");
  EXPECT_EQ(problem_with("paths: [a.csv, t.csv]"),
            "d.yaml:2: file.paths: t.csv has 1 columns, a.csv has 2; allowed: as many in every file");
  EXPECT_EQ(problem_with("paths: [a.csv], path: b.csv"),
            "d.yaml:2: file.paths: found beside path; allowed: one of the two");
  EXPECT_EQ(problem_with("columns: [0, 1]"),
            "d.yaml:2: file.path: missing; allowed: a file, or several under `paths`");
}

TEST_F(Data, ProblemsNameTheKeyOfTheDeck) {
  EXPECT_EQ(problem_with("path: no.csv"), "d.yaml:2: file.path: no.csv: there is no such file");
  EXPECT_EQ(problem_with("path: nan.csv"),
            "d.yaml:2: file.path: nan.csv: line 1, column 1: found \"nan\"; allowed: a finite number");
  EXPECT_EQ(problem_with("path: plain.csv, columns: [0, 5]"),
            "d.yaml:2: file.columns: found [0, 5]; allowed: up to 3, the columns of plain.csv");
  EXPECT_EQ(problem_with("path: plain.csv, columns: [2, 2]"),
            "d.yaml:2: file.columns: found no column; allowed: [a, b] with a < b, half-open, or a list "
            "of columns");
  EXPECT_EQ(problem_with("path: plain.csv, scale: [1, 2]"),
            "d.yaml:2: file.scale: found 2 numbers; allowed: 3 (one a dimension) or one for all");
  EXPECT_EQ(problem_with("path: cells.csv, columns: [2, 4], labels: {column: hour}"),
            "d.yaml:2: file.labels.column: found \"hour\"; allowed: a column of hours, state, PC1, PC2; did "
            "you mean "
            "\"hours\"?");
  EXPECT_EQ(problem_with("path: plain.csv, labels: {column: 3}"),
            "d.yaml:2: file.labels.column: found \"3\"; allowed: a column of plain.csv, 0 to 2");
  EXPECT_EQ(problem_with("path: plain.csv, labels: {}"),
            "d.yaml:2: file.labels.column: missing; allowed: column (of the same file), path (of another "
            "file) or dataset");
  EXPECT_EQ(problem_with("path: plain.csv, labels: {column: 1, path: t.csv}"),
            "d.yaml:2: file.labels.column: found beside path or dataset; allowed: either a column of the "
            "same file, or "
            "another table");
  EXPECT_EQ(problem_with("path: plain.csv, labels: {path: plain.csv}"),
            "d.yaml:2: file.labels.path: found 3 columns in plain.csv; allowed: one label a row");
  EXPECT_EQ(problem_with("path: cells.csv, columns: [2, 4], labels: {path: t.csv}"),
            "d.yaml:2: file.labels.path: found 2 labels in t.csv; allowed: 3, one a row of cells.csv");
}

// Each rank opens the file by itself and reads its own rows; together they have the whole.
TEST(DataParallel, RanksReadTheirOwnRows) {
  const Communicator comm;
  const std::string path = std::string(WEIR_SOURCE_DIR) + "/input/data/digits.csv.gz";
  const auto reader = open_data(path);
  ASSERT_EQ(reader->rows(), 1797);
  ASSERT_EQ(reader->columns(), 65);
  const Index first = reader->rows() * comm.rank() / comm.size(),
              end = reader->rows() * (comm.rank() + 1) / comm.size();
  std::vector<Real> values((end - first) * 65);
  reader->read_rows(first, end - first, values.data());
  Index ink = 0, fours = 0;
  for (Index i = 0; i < end - first; ++i) {
    for (Index k = 0; k < 64; ++k) ink += Index(values[i * 65 + k]);
    fours += values[i * 65 + 64] == 4;
  }
  EXPECT_EQ(comm.sum(ink), 561718);
  EXPECT_EQ(comm.sum(fours), 181);
}

}  // namespace
}  // namespace weir
