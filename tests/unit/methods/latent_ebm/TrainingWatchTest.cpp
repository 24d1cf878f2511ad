// When a training of an energy is said to fail, by reports that are made up.
#include "methods/latent_ebm/training/TrainingWatch.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr WatchedReport healthy{0.05, 2, 0.3, 1};

/// What the watch says of the last of `count` such reports, 50 iterations apart, after a warm-up of 100.
std::string judged(TrainingWatch& watch, const WatchedReport& report, Index count, Index first = 150) {
  std::string said;
  for (Index k = 0; k < count; ++k) said = watch.judge(first + 50 * k, report).value_or("");
  return said;
}

TEST(TrainingWatch, SaysNothingOfAHealthyTraining) {
  TrainingWatch watch(100, 3, true);
  EXPECT_EQ(judged(watch, healthy, 30), "");
  EXPECT_TRUE(watch.is_calm());
}

TEST(TrainingWatch, SeesAGapThatStays) {
  TrainingWatch watch(100, 3, false);
  const WatchedReport apart{0.8, 2, 0, 1};
  EXPECT_EQ(judged(watch, apart, 9), "");
  EXPECT_FALSE(watch.is_calm());  // no copy is made of what may be failing
  EXPECT_NE(judged(watch, apart, 1, 600).find("the pool does not follow the energy"), std::string::npos);
  watch.forget();
  EXPECT_EQ(judged(watch, apart, 9), "");
  // A gap that is mostly noise is none.
  TrainingWatch noisy(100, 3, false);
  std::string said;
  for (Index k = 0; k < 20; ++k) said = noisy.judge(150 + 50 * k, {k % 2 ? 3.0 : -2.0, 2, 0, 1}).value_or("");
  EXPECT_EQ(said, "");
  // With many components a larger gap is no sign.
  TrainingWatch many(100, 72, false);
  EXPECT_EQ(judged(many, {-2, 2, 0, 1}, 20), "");
}

TEST(TrainingWatch, SeesGradientsThatGrow) {
  TrainingWatch watch(100, 3, false);
  const WatchedReport steep{0, 100, 0, 1};
  EXPECT_EQ(judged(watch, steep, 4), "");
  EXPECT_FALSE(watch.is_calm());
  EXPECT_NE(judged(watch, steep, 1, 350).find("the gradient's norm was above 80"), std::string::npos);
  EXPECT_EQ(judged(watch, healthy, 1, 400), "");
  TrainingWatch young(1000, 3, false);
  EXPECT_EQ(judged(young, steep, 10), "");  // all of it within the warm-up
  EXPECT_FALSE(young.is_calm());            // and yet no moment for a copy
  TrainingWatch other(1000, 3, false);
  other.restore(young.save());
  EXPECT_FALSE(other.is_calm());
}

TEST(TrainingWatch, SeesRestartsThatFailWhileStepsWander) {
  TrainingWatch watch(100, 3, true);
  EXPECT_EQ(judged(watch, {0, 2, 0.001, 1}, 5), "");
  EXPECT_NE(judged(watch, {0, 2, 0.001, 3}, 1, 400).find("the pool's step wanders"), std::string::npos);
}

TEST(TrainingWatch, GoesOnFromWhatItRemembered) {
  TrainingWatch watch(100, 3, false), other(100, 3, false);
  judged(watch, {0.8, 2, 0, 1}, 9);
  other.restore(watch.save());
  EXPECT_NE(judged(other, {0.8, 2, 0, 1}, 1, 600), "");
}

}  // namespace
}  // namespace weir
