// Which weights are kept of a training's reports, by a table made by hand.
#include "methods/schroedinger_bridge/drifts/KeptWeights.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Row {
  Real loss, copying;
};

/// The iteration that is kept in the end.
Index kept_of(const std::vector<Row>& rows, Real slack) {
  KeptWeights kept(slack);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const WeightReport report{Index(k), 0, rows[k].loss, rows[k].copying};
    if (kept.wants(report)) kept.keep(report, {Real(k)});
  }
  EXPECT_TRUE(kept.has_any());
  EXPECT_EQ(kept.parameters(), std::vector<Real>{Real(kept.report().iteration)});
  return kept.report().iteration;
}

TEST(KeptWeights, TheLastWithinTheSlackThatAreNoCopies) {
  const std::vector<Row> memorises{{2, 3}, {1.2, 2}, {1, 1.1}, {1.05, 1}, {1.09, 0.95}, {1.2, 0.92}};
  EXPECT_EQ(kept_of(memorises, 0.1), 4);
  EXPECT_EQ(kept_of(memorises, 0), 2);
  // Copies neither are kept nor lower what others are measured by.
  const std::vector<Row> copies{{2, 3}, {1, 1.1}, {0.8, 0.5}, {1.05, 0.93}, {0.7, 0.2}};
  EXPECT_EQ(kept_of(copies, 0.1), 3);
  EXPECT_EQ(kept_of(copies, 0), 4);
}

TEST(KeptWeights, OfCopiesAloneTheLeastLoss) {
  EXPECT_EQ(kept_of({{2, 0.8}, {1, 0.5}, {1.05, 0.4}}, 0.1), 1);
  // The first that are no copies take their place, whatever their loss.
  EXPECT_EQ(kept_of({{2, 0.8}, {1, 0.5}, {1.5, 0.95}, {1.6, 0.91}, {1.7, 0.91}}, 0.1), 3);
}

TEST(KeptWeights, NothingIsMeasured) {
  EXPECT_EQ(kept_of({{2, HUGE_VAL}, {1, HUGE_VAL}, {1.05, HUGE_VAL}}, 0.1), 2);
}

TEST(KeptWeights, AWaitHasItsEnd) {
  KeptWeights kept(0);
  EXPECT_FALSE(kept.wait_is_over(1000, 50, 2));  // nothing was kept yet
  ASSERT_TRUE(kept.wants({100, 1, 1, HUGE_VAL}));
  kept.keep({100, 1, 1, HUGE_VAL}, {1});
  EXPECT_FALSE(kept.wait_is_over(150, 50, 2));
  EXPECT_TRUE(kept.wait_is_over(200, 50, 2));
  EXPECT_FALSE(kept.wait_is_over(1000, 50, 0));
}

}  // namespace
}  // namespace weir
