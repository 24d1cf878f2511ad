#include "weir/parallel/ExactSum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/Partition.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

const auto some = [](Index tile, Index component) {
  const Random random(3, Stream::split);
  return random.normal(tile, 0, component) * std::pow(10., Real(tile % 13) - 6);
};

// Sums 37 tiles by whatever ranks there are and compares with the sum one rank makes.
TEST(ExactSumParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm;
  const Partition partition(comm, 37, 1);
  const Index length = 11;
  Matrix<Real> partials("partials", length, partition.local_tiles()), all("all", length, 37);
  for (Index t = 0; t < 37; ++t)
    for (Index c = 0; c < length; ++c) {
      all(c, t) = some(t, c);
      if (t >= partition.first_row() && t < partition.first_row() + partition.local_rows())
        partials(c, t - partition.first_row()) = some(t, c);
    }
  std::vector<Real> together(length), alone(length);
  ExactSum(comm, length)(partials, together.data(), "partials");
  ExactSum(Communicator(MPI_COMM_SELF), length)(all, alone.data(), "all");
  EXPECT_EQ(together, alone);
  for (Index c = 0; c < length; ++c) {
    Real plain = 0;
    for (Index t = 0; t < 37; ++t) plain += all(c, t);
    EXPECT_NEAR(together[c], plain, 1e-9 * 1e6);
  }
}

// Totals that are dealt to ranks are those that all get, whether limbs are sent or the few tiles themselves;
// nothing stands beside them.
TEST(ExactSumParallel, OwnersGetTheirOwnTotals) {
  const Communicator comm;
  for (const Index length : {1, 11, 64, 203})
    for (const Index count : {1, 5, 37})
      for (const int limbs : {2, 3}) {
        const Partition tiles(comm, count, 1), owners(comm, length + 2, 8);
        Matrix<float> partials("partials", length, tiles.local_tiles());
        Matrix<Real> wide("wide", length, tiles.local_tiles());
        for (Index t = 0; t < tiles.local_tiles(); ++t)
          for (Index c = 0; c < length; ++c)
            wide(c, t) = partials(c, t) = float(some(tiles.first_row() + t, c));
        std::vector<Real> all(length), own(length + 1, -7);
        ExactSum(comm, length, limbs)(wide, all.data(), "partials");
        ExactSum sum(comm, length, limbs, owners);
        for (const Real sign : {1., -1.}) {
          sum(partials, own.data(), "partials", sign);
          const Index first = owners.first_particle(),
                      mine = std::min(owners.local_particles(), length - first);
          for (Index c = 0; c < mine; ++c)
            EXPECT_EQ(own[std::size_t(c)], sign * all[std::size_t(first + c)]) << c << " of " << length;
          for (Index c = std::max(mine, Index(0)); c <= length; ++c) EXPECT_EQ(own[std::size_t(c)], -7);
        }
        const bool first_tile_here = tiles.first_row() == 0 && tiles.local_tiles() > 0;
        if (first_tile_here) partials(length - 1, 0) = NAN;
        trap_invalid_operations(false);
        EXPECT_THROW(sum(partials, own.data(), "partials"), RunError);
        trap_invalid_operations();
      }
}

// A tile of each rank is sent as it is, a fourth of its limbs; many tiles are not.
TEST(ExactSumParallel, FewColumnsAreSentAsTheyAre) {
  const Communicator comm;
  const Index length = 200, ranks = comm.size();
  const Partition owners(comm, length, 8);
  ExactSum sum(comm, length, 2, owners);
  std::vector<Real> own(length);
  const auto bytes = [&](Index columns) {
    const Matrix<float> partials("partials", length, columns);
    Kokkos::deep_copy(partials, 1);
    const Index before = counters().bytes;
    sum(partials, own.data(), "partials");
    if (owners.local_particles() > 0) {
      EXPECT_EQ(own[0], columns * ranks);
    }
    return counters().bytes - before;
  };
  if (ranks == 1) {
    EXPECT_EQ(bytes(9), 0);
    return;
  }
  const Index bound = 2 * Index(sizeof(Real));
  EXPECT_EQ(bytes(1), bound + length * Index(sizeof(float)));
  EXPECT_EQ(bytes(2), bound + 2 * length * Index(sizeof(float)));
  EXPECT_EQ(bytes(9), bound + (2 * length + 2 * ranks) * Index(sizeof(std::int64_t)));
}

// Numbers of many sizes, singles as they are, against sums of 113 and more bits.
template <class T>
void expect_rounded_once(Index length, Index columns, int spread, int limbs = 3) {
  Matrix<T> partials("partials", length, columns);
  const Random random(4, Stream::split);
  for (Index t = 0; t < columns; ++t)
    for (Index c = 0; c < length; ++c)
      partials(c, t) = T(std::ldexp(random.normal(t, c, 0), int(random.uniform(t, c, 1) * spread)));
  std::vector<Real> totals(length);
  ExactSum(Communicator(MPI_COMM_SELF), length, limbs)(partials, totals.data(), "partials");
  for (Index c = 0; c < length; ++c) {
    __float128 sum = 0;
    for (Index t = 0; t < columns; ++t) sum += partials(c, t);
    ASSERT_EQ(totals[c], Real(sum)) << "component " << c;
  }
}

TEST(ExactSum, EveryTotalIsRoundedOnce) {
  expect_rounded_once<Real>(1003, 5, 30);
  expect_rounded_once<Real>(1003, 2, 45);
  expect_rounded_once<float>(1003, 5, 30);
  expect_rounded_once<float>(517, 300, 8);
  expect_rounded_once<float>(1003, 5, 30, 2);
  expect_rounded_once<float>(517, 300, 8, 2);
}

// Halfway cases: the part that decides lies far below, in the last limb.
TEST(ExactSum, TiesAreDecidedByTheLastDigits) {
  const Communicator self(MPI_COMM_SELF);
  const Index length = 8;
  for (const Real sign : {1., -1.}) {
    Matrix<Real> partials("partials", length, 3);
    for (Index c = 0; c < length; ++c) {
      partials(c, 0) = sign * (1 + Real(c % 2) * 0x1p-52);
      partials(c, 1) = sign * 0x1p-53;
      partials(c, 2) = c < 4 ? 0 : c < 6 ? 0x1p-100 : -0x1p-100;
    }
    std::vector<Real> totals(length);
    ExactSum(self, length)(partials, totals.data(), "ties");
    const Real even = 1, odd = 1 + 0x1p-52, next = 1 + 0x1p-51;
    const std::vector<Real> outward{even, next, even, next, odd, next, even, odd},
        inward{-even, -next, -even, -next, -even, -odd, -odd, -next};
    EXPECT_EQ(totals, sign > 0 ? outward : inward);
  }
}

TEST(ExactSum, ManyLargeSummandsTakeTheLongWay) {
  const Communicator self(MPI_COMM_SELF);
  const Index columns = Index(1) << 19;
  Matrix<Real> partials("partials", 9, columns);
  Kokkos::deep_copy(partials, 1 - 0x1p-53);
  std::vector<Real> totals(9);
  ExactSum(self, 9)(partials, totals.data(), "ones");
  for (const Real total : totals) EXPECT_EQ(total, Real(columns) * (1 - 0x1p-53));
}

TEST(ExactSum, RoundsOnceAndCancelsExactly) {
  const Communicator self(MPI_COMM_SELF);
  ExactSum sum(self, 1);
  const std::vector<Real> cancelling{1e16, 1, -1e16};
  EXPECT_EQ(sum(cancelling.data(), 3, "x"), 1);
  const std::vector<Real> tenths(10, 0.1);  // ten times the double next to 0.1, rounded once, is 1
  EXPECT_EQ(sum(tenths.data(), 10, "x"), 1);
  const std::vector<Real> signs{-3.5, -0.25};
  EXPECT_EQ(sum(signs.data(), 2, "x"), -3.75);
  const std::vector<Real> largest{1e308, -1e308, 3e307}, least{5e-324, 5e-324};
  EXPECT_EQ(sum(largest.data(), 3, "x"), 3e307);
  EXPECT_EQ(sum(least.data(), 2, "x"), 1e-323);
  EXPECT_EQ(sum(nullptr, 0, "x"), 0);
}

TEST(ExactSumParallel, NotFiniteIsAnErrorOnAllRanks) {
  trap_invalid_operations(false);
  const Communicator comm;
  for (const Real bad : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()}) {
    const Real mine = comm.rank() == comm.size() - 1 ? bad : 1;
    try {
      ExactSum(comm, 1)(&mine, 1, "the drift of block particles");
      FAIL() << "nothing was thrown";
    } catch (const RunError& error) {
      EXPECT_STREQ(error.what(), "the drift of block particles is not finite");
    }
  }
  trap_invalid_operations();
}

}  // namespace
}  // namespace weir
