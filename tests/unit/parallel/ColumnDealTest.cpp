// Columns dealt to the owners of their rows, against what each rank would pick out itself.
#include "weir/parallel/ColumnDeal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "weir/parallel/Counters.hpp"

namespace weir {
namespace {

TEST(ColumnDealParallel, EveryOwnerGetsItsRowsOfAllColumns) {
  const Communicator comm;
  std::vector<int> lengths;
  std::vector<Index> columns;
  Index all = 0, count = 0, first_row = 0;
  for (int p = 0; p < comm.size(); ++p) {
    if (p == comm.rank()) first_row = all;
    lengths.push_back(p == 1 ? 0 : 3 + p);  // the second owns nothing
    columns.push_back((p + 2) % 3);         // 2, 0, 1, 2: some have none
    all += lengths.back();
    count += columns.back();
  }
  const auto entry = [](Index owner, Index column, Index row) {
    return float(10000 * owner + 100 * column + row);
  };
  std::vector<float> mine;
  for (Index j = 0; j < columns[std::size_t(comm.rank())]; ++j)
    for (Index row = 0; row < all; ++row) mine.push_back(entry(comm.rank(), j, row));
  const Index own = lengths[std::size_t(comm.rank())];
  std::vector<float> parts(std::size_t(own * count), -1), expected;
  for (int p = 0; p < comm.size(); ++p)
    for (Index j = 0; j < columns[std::size_t(p)]; ++j)
      for (Index row = 0; row < own; ++row) expected.push_back(entry(p, j, first_row + row));
  ColumnDeal deal(comm, lengths);
  const Counters before = counters();
  deal(mine.data(), columns, parts.data());
  EXPECT_EQ(parts, expected);
  EXPECT_EQ(counters().calls - before.calls, 1);
  EXPECT_EQ(counters().bytes - before.bytes, Index(mine.size() * sizeof(float)));
  EXPECT_EQ(deal.most_of_owner(), *std::max_element(lengths.begin(), lengths.end()));
}

}  // namespace
}  // namespace weir
