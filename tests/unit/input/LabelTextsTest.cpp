#include "input/LabelTexts.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

/// "text=value" in ascending order, then the unit.
std::string times(const std::vector<std::string>& texts) {
  const LabelMeaning meaning = understand_labels(texts);
  if (!meaning.ambiguity.empty()) return "ambiguous: " + meaning.ambiguity;
  std::string all;
  for (size_t i = 0; i < meaning.texts.size(); ++i)
    all += meaning.texts[i] + "=" + std::to_string(meaning.values[i]).substr(0, 5) + " ";
  return all + meaning.unit;
}

TEST(LabelTexts, NumbersAreNumbers) {
  EXPECT_EQ(times({"30", "0", "7", "2"}), "0=0.000 2=2.000 7=7.000 30=30.00 ");
  EXPECT_EQ(times({"1e1", "-2"}), "-2=-2.00 1e1=10.00 ");
  EXPECT_TRUE(understand_labels({"1", "2"}).plain);
}

TEST(LabelTexts, NumbersWithAWord) {
  EXPECT_EQ(times({"day10", "day0", "day2"}), "day0=0.000 day2=2.000 day10=10.00 day");
  EXPECT_EQ(times({"Day 3", "Day 0"}), "Day 0=0.000 Day 3=3.000 day");
  EXPECT_EQ(times({"E8.5", "E7.75"}), "E7.75=7.750 E8.5=8.500 ");
  EXPECT_EQ(times({"12 h", "0", "48h"}), "0=0.000 12 h=12.00 48h=48.00 h");
  EXPECT_EQ(times({"exp_3h", "exp_12h"}), "exp_3h=3.000 exp_12h=12.00 h");
}

// A letter before a number is a sample or a snapshot, not a second.
TEST(LabelTexts, AnSBeforeANumberIsNoUnit) {
  EXPECT_EQ(times({"s0", "s10", "s2"}), "s0=0.000 s2=2.000 s10=10.00 ");
  EXPECT_EQ(times({"3s", "10s"}), "3s=3.000 10s=10.00 s");
  EXPECT_EQ(times({"s1", "d2"}), "ambiguous: \"s\" is no unit of time that is known (s, min, h, day, week)");
}

TEST(LabelTexts, UnitsAreBroughtToTheSmallest) {
  EXPECT_EQ(times({"3d", "8h"}), "8h=8.000 3d=72.00 h");
  EXPECT_EQ(times({"30min", "2h", "1 day"}), "30min=30.00 2h=120.0 1 day=1440. min");
}

TEST(LabelTexts, WhatIsNotClear) {
  EXPECT_EQ(times({"control", "late"}), "ambiguous: \"control\" has no number");
  EXPECT_EQ(times({"d2_rep1", "d4_rep1"}), "ambiguous: \"d2_rep1\" has several numbers");
  EXPECT_EQ(times({"day-2", "day-4"}), "ambiguous: the hyphen of \"day-2\" may be a minus");
  EXPECT_EQ(times({"8h", "24"}), "ambiguous: some have a unit and some have none");
  EXPECT_EQ(times({"24h", "1d"}), "ambiguous: \"1d\" and \"24h\" are the same time");
  EXPECT_EQ(times({"a3h", "b4h"}),
            "ambiguous: \"a3h\" and \"b4h\" differ in more than a number and its unit");
  EXPECT_EQ(times({"3h", "2 moons"}),
            "ambiguous: \"moons\" is no unit of time that is known (s, min, h, day, week)");
  const LabelMeaning natural = understand_labels({"late", "stage 10a", "stage 9b", "early"});
  EXPECT_EQ(natural.texts, (std::vector<std::string>{"early", "late", "stage 9b", "stage 10a"}));
  EXPECT_EQ(natural.values, (std::vector<Real>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace weir
