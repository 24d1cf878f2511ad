#include "weir/parallel/Communicator.hpp"

#include <gtest/gtest.h>

#include "weir/base/Error.hpp"

namespace weir {
namespace {

TEST(CommunicatorParallel, SumsMaximaAndPrefixes) {
  const Communicator comm;
  const Index ranks = comm.size();
  EXPECT_EQ(comm.sum(Index(comm.rank() + 1)), ranks * (ranks + 1) / 2);
  EXPECT_EQ(comm.max(Index(comm.rank())), ranks - 1);
  EXPECT_EQ(comm.exclusive_prefix(2), 2 * comm.rank());
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
