#include "weir/parallel/Partition.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(PartitionParallel, DealsEveryRowOnce) {
  const Communicator comm;
  for (const Index rows : {0, 1, 5, 64, 65, 1001})
    for (const Index tile : {1, 8, 64}) {
      const Partition partition(comm, rows, tile);
      EXPECT_EQ(comm.sum(partition.local_rows()), rows);
      EXPECT_EQ(partition.first_row(), comm.exclusive_prefix(partition.local_rows()));
      Index counted = 0;
      for (Index t = 0; t < partition.local_tiles(); ++t) {
        const Tile here = partition.local()[t];
        EXPECT_EQ(here.first, counted);
        EXPECT_EQ(here.global, partition.first_row() + counted);
        counted += here.count;
      }
      EXPECT_EQ(counted, partition.local_rows());
      for (Index row = 0; row < rows; ++row) {
        const int owner = partition.owner_of_row(row);
        EXPECT_GE(row, partition.first_row(owner));
        EXPECT_LT(row, partition.first_row(owner + 1));
      }
    }
}

TEST(Partition, RowsWithReplicasMakeTilesOfAboutTheAskedSize) {
  const Partition partition(Communicator(MPI_COMM_SELF), 100, 64, 5);
  EXPECT_EQ(partition.tile_rows(), 12);
  EXPECT_EQ(partition.tile_size(), 60);
  EXPECT_EQ(partition.particles(), 500);
  EXPECT_EQ(partition.local()[8].count, 500 - 8 * 60);
}

}  // namespace
}  // namespace weir
