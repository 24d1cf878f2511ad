#include <gtest/gtest.h>

#include "input/Files.hpp"

namespace weir {
namespace {

class Csv : public testing::Test {
 protected:
  std::vector<Real> values(const std::string& text) { return all_rows(folder.write("x.csv", text)); }
  std::vector<std::string> names(const std::string& text) {
    return open_data(folder.write("x.csv", text))->column_names();
  }
  std::string problem(const std::string& text) { return problem_of(folder.write("x.csv", text)); }
  Folder folder;
};

TEST_F(Csv, Separators) {
  const std::vector<Real> expected{1, 2.5, -3e4, 4, 5, 6};
  EXPECT_EQ(values("1,2.5,-3e4\n4,5,6\n"), expected);
  EXPECT_EQ(values("1;2.5;-3e4\n4;5;6\n"), expected);
  EXPECT_EQ(values("1\t2.5\t-3e4\n4\t5\t6\n"), expected);
  EXPECT_EQ(values("  1 2.5   -3e4 \n4\t 5 6\n"), expected);
  EXPECT_EQ(values("1, 2.5 ,-3e4\n4 , 5, 6"), expected);
  EXPECT_EQ(values("1\n2\n"), (std::vector<Real>{1, 2}));
}

TEST_F(Csv, HeadersAreRecognised) {
  EXPECT_EQ(names("hours,PC 1,\"PC,2\"\n1,2,3\n"), (std::vector<std::string>{"hours", "PC 1", "PC,2"}));
  EXPECT_EQ(values("hours,PC1\n1,2\n"), (std::vector<Real>{1, 2}));
  EXPECT_TRUE(names("1,2\n3,4\n").empty());
  EXPECT_EQ(names(",0,1\n0,5,6\n"), (std::vector<std::string>{"", "0", "1"}));
  EXPECT_TRUE(names("cell,1\nother,2\n").empty());
  EXPECT_EQ(open_data(folder.write("h.csv", "a,b\n"))->rows(), 0);
}

TEST_F(Csv, NothingButAComment) {
  EXPECT_EQ(problem("# only a comment"), "x.csv: is empty");
  EXPECT_EQ(problem("# one\n\r\n# another"), "x.csv: is empty");
}

TEST_F(Csv, WhatIsNoText) {
  const std::string text("\0001,2\n3,4\n", 9);
  EXPECT_EQ(problem(text),
            "x.csv: holds bytes of value 0, which no table of text has; save it as text in UTF-8 (is it "
            "UTF-16, or a binary file?)");
  EXPECT_EQ(problem(std::string("\xff\xfe"
                                "1\0,\0"
                                "2\0",
                                8)),
            "x.csv: is text in UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)");
  EXPECT_EQ(problem("PK\3\4 a workbook"), "x.csv: is a zip archive or a spreadsheet; save the table as CSV");
}

TEST_F(Csv, CommentsBlankLinesAndLineEnds) {
  EXPECT_EQ(values("# written by hand\n\n1,2\r\n\r\n# more\n3,4\r\n\n"), (std::vector<Real>{1, 2, 3, 4}));
  EXPECT_EQ(values("\xef\xbb\xbf"
                   "1,2\n"),
            (std::vector<Real>{1, 2}));
}

TEST_F(Csv, QuotedFields) {
  EXPECT_EQ(values("\"1\",\"2\"\n\"3\",4\n"), (std::vector<Real>{1, 2, 3, 4}));
  EXPECT_EQ(names("\"a \"\"b\"\"\",\"two\nlines\"\n1,2\n"),
            (std::vector<std::string>{"a \"b\"", "two\nlines"}));
  EXPECT_EQ(problem("a,b\n1,\"2\n"), "x.csv: line 2: a quote is not closed");
}

TEST_F(Csv, TextMattersOnlyWhereItIsRead) {
  const auto path = folder.write("x.csv", "type,a,b\nstem,1,2\nblood,3,4\n");
  EXPECT_EQ(problem_of(path),
            "x.csv: line 2, column 0 (type): found \"stem\"; allowed: a finite number; name the columns that "
            "are coordinates by `columns`, this one left out");
  std::vector<Real> part(4);
  open_data(path)->read_columns(0, 2, {2, 1}, part.data());
  EXPECT_EQ(part, (std::vector<Real>{2, 1, 4, 3}));
}

TEST_F(Csv, BadFieldsAreNamed) {
  EXPECT_EQ(problem("a,b\n1,2\n3,\n"), "x.csv: line 3, column 1 (b): found \"\"; allowed: a finite number");
  EXPECT_EQ(problem("1,2\n3,nan\n"), "x.csv: line 2, column 1: found \"nan\"; allowed: a finite number");
  EXPECT_EQ(problem("1;2\n3;4,5\n"),
            "x.csv: line 2, column 1: found \"4,5\"; allowed: a finite number, with a point (4.5)");
}

TEST_F(Csv, RowsOfDifferentLength) {
  EXPECT_EQ(problem("a,b\n1,2\n\n3\n"),
            "x.csv: line 4 has 1 fields, the first line 2; allowed: as many in every line");
  EXPECT_EQ(problem("1 2\n1 2 3\n"),
            "x.csv: line 2 has 3 fields, the first line 2; allowed: as many in every line");
}

TEST_F(Csv, EmptyFiles) {
  EXPECT_EQ(problem(""), "x.csv: is empty");
  EXPECT_EQ(problem("\n# only a comment\n"), "x.csv: is empty");
}

TEST_F(Csv, LongFilesInPartsForwardsAndBackwards) {
  std::string text = "i,square\n";
  constexpr Index rows = 20000;
  for (Index i = 0; i < rows; ++i) text += std::to_string(i) + "," + std::to_string(i * i) + "\n";
  for (const auto& path : {folder.write("x.csv", text), folder.write_gz("x.csv.gz", text)}) {
    const auto reader = open_data(path);
    ASSERT_EQ(reader->rows(), rows);
    EXPECT_EQ(reader->column_names(), (std::vector<std::string>{"i", "square"}));
    for (const Index first : {19990, 0, 1023, 1024, 1500, 1030, 12345}) {
      std::vector<Real> part(20);
      reader->read_rows(first, 10, part.data());
      for (Index i = 0; i < 10; ++i) {
        EXPECT_EQ(part[2 * i], Real(first + i));
        EXPECT_EQ(part[2 * i + 1], Real((first + i) * (first + i)));
      }
    }
  }
}

}  // namespace
}  // namespace weir
