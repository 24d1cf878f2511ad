#include "weir/flows/Batches.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace weir {
namespace {

TEST(Batches, EveryTileComesOnceAnEpoch) {
  const std::vector<Index> sizes{13, 4, 1, 30};
  for (const Index strata : {1, 3, 4, 50}) {
    const Batches batches(sizes, strata, 5);
    std::set<std::vector<std::vector<Index>>> epochs;
    Batches::Batch batch;
    for (Index epoch = 0; epoch < 5; ++epoch) {
      std::map<std::pair<Index, Index>, int> seen;
      std::vector<std::vector<Index>> order;
      for (Index i = 0; i < batches.per_epoch(); ++i) {
        batches.draw(epoch * batches.per_epoch() + i, batch);
        ASSERT_EQ(Index(batch.tiles.size()), strata);
        order.push_back(batch.tiles);
        Index last = -1;
        for (Index tile : batch.tiles) {
          if (tile < 0) continue;
          EXPECT_GT(tile, last);  // strata are consecutive: so are their owners
          last = tile;
          ++seen[{batch.group, tile}];
        }
      }
      Index tiles = 0;
      for (const auto& [tile, times] : seen) {
        EXPECT_EQ(times, 1);
        EXPECT_LT(tile.second, sizes[tile.first]);
        ++tiles;
      }
      EXPECT_EQ(tiles, 13 + 4 + 1 + 30);
      epochs.insert(order);
    }
    EXPECT_GT(epochs.size(), 1u);  // epochs have their own orders
  }
}

TEST(Batches, RoundsCountTheBatchesOfAGroup) {
  const Batches batches({13, 4}, 4, 0);
  EXPECT_EQ(batches.rounds(0), 4);
  EXPECT_EQ(batches.rounds(1), 1);
  EXPECT_EQ(batches.per_epoch(), 5);
}

}  // namespace
}  // namespace weir
