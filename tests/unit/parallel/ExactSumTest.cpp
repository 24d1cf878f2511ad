#include "weir/parallel/ExactSum.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/base/Libraries.hpp"
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

// Totals that are dealt to ranks are those that all get; not even a rank's neighbours' change.
TEST(ExactSumParallel, OwnersGetTheirOwnTotals) {
  const Communicator comm;
  for (const Index length : {1, 11, 64, 203}) {
    const Partition tiles(comm, 37, 1), owners(comm, length + 2, 8);
    for (const int limbs : {2, 3}) {
      Matrix<float> partials("partials", length, tiles.local_tiles());
      for (Index t = 0; t < tiles.local_tiles(); ++t)
        for (Index c = 0; c < length; ++c) partials(c, t) = float(some(tiles.first_row() + t, c));
      std::vector<Real> all(length), own(length, -7);
      ExactSum(comm, length, limbs)(partials, all.data(), "partials");
      ExactSum(comm, length, limbs, owners)(partials, own.data(), "partials");
      for (Index c = 0; c < length; ++c) {
        const bool mine =
            c >= owners.first_particle() && c < owners.first_particle() + owners.local_particles();
        EXPECT_EQ(own[std::size_t(c)], mine ? all[std::size_t(c)] : -7) << c << " of " << length;
      }
      if (tiles.local_tiles() > 0 && comm.is_root()) partials(length - 1, 0) = NAN;
      trap_invalid_operations(false);
      EXPECT_THROW(ExactSum(comm, length, limbs, owners)(partials, own.data(), "partials"), RunError);
      trap_invalid_operations();
    }
  }
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
