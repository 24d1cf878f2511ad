#include "weir/parallel/Communicator.hpp"

#include <gtest/gtest.h>

#include "weir/base/Error.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {
namespace {

TEST(CommunicatorParallel, SumsMaximaAndPrefixes) {
  const Communicator comm;
  const Index ranks = comm.size();
  EXPECT_EQ(comm.sum(Index(comm.rank() + 1)), ranks * (ranks + 1) / 2);
  EXPECT_EQ(comm.max(Index(comm.rank())), ranks - 1);
  EXPECT_EQ(comm.exclusive_prefix(2), 2 * comm.rank());
}

TEST(CommunicatorParallel, SumsGoToTheirOwners) {
  const Communicator comm;
  std::vector<int> counts;  // 1, 2, .. numbers, and none for the last rank of several
  for (int r = 0; r < comm.size(); ++r) counts.push_back(comm.size() > 1 && r + 1 == comm.size() ? 0 : r + 1);
  std::vector<Index> values, expected;
  for (int r = 0; r < comm.size(); ++r)
    for (int k = 0; k < counts[std::size_t(r)]; ++k) {
      values.push_back(100 * r + k + comm.rank());
      if (r == comm.rank())
        expected.push_back(comm.size() * (100 * r + k) + comm.size() * (comm.size() - 1) / 2);
    }
  comm.sum_to_owners(values.data(), counts);
  values.resize(expected.size());
  EXPECT_EQ(values, expected);
}

TEST(CommunicatorParallel, ExchangeSendsRowRToRankR) {
  const Communicator comm;
  std::vector<std::vector<char>> outgoing(comm.size());
  for (int r = 0; r < comm.size(); ++r) outgoing[r].assign(r + 1, char(comm.rank()));
  const auto incoming = comm.exchange(outgoing);
  for (int r = 0; r < comm.size(); ++r) EXPECT_EQ(incoming[r], std::vector<char>(comm.rank() + 1, char(r)));
}

TEST(CommunicatorParallel, GathersInRankOrder) {
  const Communicator comm;
  const std::string mine(comm.rank() % 3, char('a' + comm.rank()));
  const auto all = comm.all_gather(mine.data(), Index(mine.size()));
  std::string expected;
  for (int r = 0; r < comm.size(); ++r) expected += std::string(r % 3, char('a' + r));
  EXPECT_EQ(std::string(all.begin(), all.end()), expected);
}

// Odd sizes, ranks that have nothing (all of them, too), and pieces down to a byte of each rank.
TEST(CommunicatorParallel, GathersInPieces) {
  const Communicator comm;
  const auto size_of = [](int rank, int scale) { return Index(rank % 3 == 1 ? 0 : scale * (2 * rank + 7)); };
  const auto letter = [](int rank, Index i) { return char((31 * rank + 7 * i) % 127); };
  for (const int scale : {0, 1, 13}) {
    std::vector<char> mine(size_of(comm.rank(), scale)), expected;
    for (Index i = 0; i < Index(mine.size()); ++i) mine[i] = letter(comm.rank(), i);
    for (int r = 0; r < comm.size(); ++r)
      for (Index i = 0; i < size_of(r, scale); ++i) expected.push_back(letter(r, i));
    for (const Index piece : {Index(1), Index(5), Index(64), Communicator::largest_message}) {
      const Counters before = counters();
      EXPECT_EQ(comm.all_gather(mine.data(), Index(mine.size()), piece), expected) << piece;
      EXPECT_EQ(counters().calls, before.calls + 1);
      EXPECT_EQ(counters().bytes, before.bytes + Index(mine.size()));
    }
  }
}

TEST(CommunicatorParallel, ErrorOfOneRankIsThrownByAll) {
  const Communicator comm;
  try {
    comm.agree([&] {
      if (comm.rank() == comm.size() - 1) throw InputError("run.seed", "is odd");
    });
    FAIL() << "nobody threw";
  } catch (const InputError& error) {
    ASSERT_EQ(error.problems().size(), 1u);
    EXPECT_EQ(error.problems()[0].key, "run.seed");
    EXPECT_EQ(error.problems()[0].message, "is odd");
  }
}

}  // namespace
}  // namespace weir
