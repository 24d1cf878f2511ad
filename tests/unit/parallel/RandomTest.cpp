#include "weir/parallel/Random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "weir/parallel/Shuffle.hpp"

namespace weir {
namespace {

// Known answers of Philox4x32-10 from Random123's own kat_vectors: the generator is the published one.
TEST(Random, IsPhilox4x32) {
  const auto zero = r123::Philox4x32()({{0, 0, 0, 0}}, {{0, 0}});
  EXPECT_EQ(zero[0], 0x6627e8d5u);
  EXPECT_EQ(zero[3], 0x9b00dbd8u);
  const auto ones = r123::Philox4x32()({{~0u, ~0u, ~0u, ~0u}}, {{~0u, ~0u}});
  EXPECT_EQ(ones[0], 0x408f276du);
  EXPECT_EQ(ones[3], 0x6d5451fdu);
}

template <class T>
Matrix<T> normals(Index components, Index count, Index first_id, Index tick) {
  Matrix<T> noise("noise", components, count);
  fill_normals(noise, Random(7, Stream::langevin_noise), first_id, tick);
  return noise;
}

TEST(Random, NormalsHaveTheRightMoments) {
  const Index count = 200000;
  for (const Index components : {1, 2, 5}) {
    const auto noise = normals<float>(components, count, 0, 3);
    for (Index c = 0; c < components; ++c) {
      Real m1 = 0, m2 = 0, m3 = 0, m4 = 0;
      for (Index i = 0; i < count; ++i) {
        const Real x = noise(c, i);
        m1 += x, m2 += x * x, m3 += x * x * x, m4 += x * x * x * x;
      }
      const Real error = 4 / std::sqrt(Real(count));  // four standard errors, by moments 1, 2, 15, 96
      EXPECT_NEAR(m1 / count, 0, error);
      EXPECT_NEAR(m2 / count, 1, error * std::sqrt(2.));
      EXPECT_NEAR(m3 / count, 0, error * std::sqrt(15.));
      EXPECT_NEAR(m4 / count, 3, error * std::sqrt(96.));
    }
  }
}

TEST(Random, DrawsDependOnIdAndTickAlone) {
  const auto whole = normals<double>(3, 101, 0, 9), part = normals<double>(3, 40, 37, 9),
             later = normals<double>(3, 40, 37, 10);
  for (Index i = 0; i < 40; ++i)
    for (Index c = 0; c < 3; ++c) {
      EXPECT_EQ(part(c, i), whole(c, 37 + i));
      EXPECT_NE(part(c, i), later(c, i));
    }
  const Random random(7, Stream::langevin_noise);
  for (Index c = 0; c < 3; ++c) EXPECT_DOUBLE_EQ(random.normal(37, 9, c), part(c, 0));
}

TEST(Random, StreamsSeedsAndStagesDiffer) {
  const Random a(1, Stream::shuffle), b(2, Stream::shuffle), c(1, Stream::split), d(1, Stream::shuffle, 1);
  const std::set<std::uint32_t> words{a.bits(0, 0, 0)[0], b.bits(0, 0, 0)[0], c.bits(0, 0, 0)[0],
                                      d.bits(0, 0, 0)[0]};
  EXPECT_EQ(words.size(), 4u);
}

TEST(Shuffle, IsABijectionWithItsInverse) {
  for (const Index size : {1, 2, 3, 17, 64, 1000}) {
    const Shuffle shuffle(size, 5, Stream::shuffle);
    std::set<Index> seen;
    for (Index i = 0; i < size; ++i) {
      const Index j = shuffle(i);
      EXPECT_EQ(shuffle.inverse(j), i);
      seen.insert(j);
    }
    EXPECT_EQ(Index(seen.size()), size);
    EXPECT_EQ(*seen.rbegin(), size - 1);
  }
}

TEST(Shuffle, EveryPlaceIsAsLikely) {
  const Index size = 10, trials = 20000;
  std::vector<Index> hits(size);
  for (Index trial = 0; trial < trials; ++trial) ++hits[Shuffle(size, 5, Stream::shuffle, trial)(3)];
  for (Index hit : hits) EXPECT_NEAR(hit, trials / size, 4 * std::sqrt(Real(trials) / size));
}

}  // namespace
}  // namespace weir
