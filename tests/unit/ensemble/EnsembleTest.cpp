#include <gtest/gtest.h>

#include <cmath>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

Ensemble drawn(const Communicator& comm, Index particles, Index components, Index stage = 0) {
  Ensemble ensemble(comm, particles, components, 8);
  fill_normals(ensemble.x, Random(11, Stream::initial_ensemble, int(stage)),
               ensemble.partition.first_particle(), 0);
  return ensemble;
}

TEST(MomentsParallel, AreThoseOfAPlainLoopOnEveryRank) {
  const Communicator comm, self(MPI_COMM_SELF);
  const Index n = 101, d = 3;
  auto spread = drawn(comm, n, d), whole = drawn(self, n, d);
  Moments moments(comm, spread.partition, d), alone(self, whole.partition, d);
  EXPECT_EQ(moments.covariance(spread.x), alone.covariance(whole.x));
  EXPECT_EQ(moments.last_mean(), alone.last_mean());
  for (Index a = 0; a < d; ++a) {
    Real mean = 0;
    for (Index i = 0; i < n; ++i) mean += whole.x(a, i) / n;
    EXPECT_NEAR(moments.last_mean()[a], mean, 1e-14);
  }
}

struct Gaussian {
  static constexpr bool in_packs = true;
  template <class N, class Dimension>
  KOKKOS_INLINE_FUNCTION void operator()(Dimension d, const N* r, const N* f, N* sums) const {
    N square = r[0] * r[0];
    for (int c = 1; c < d; ++c) square = square + r[c] * r[c];
    const N weight = f[0] * fast_exp(N(typename NumberTraits<N>::Scalar(-0.5)) * square);
    for (int c = 0; c < d; ++c) sums[c] = sums[c] + weight * r[c];
  }
};
struct ScalarGaussian : Gaussian {
  static constexpr bool in_packs = false;
};

template <class T>
void compare_with_plain_loop(Index d, Index targets, Index sources, Real tolerance) {
  const Communicator comm, self(MPI_COMM_SELF);
  const auto x = drawn(comm, targets, d), y = drawn(comm, sources, d, 1);
  const auto all_x = drawn(self, targets, d), all_y = drawn(self, sources, d, 1);
  Matrix<Real> weight("weight", 1, y.partition.local_particles()),
      sums("sums", d, x.partition.local_particles()),
      scalar_sums("scalar_sums", d, x.partition.local_particles());
  for (Index j = 0; j < Index(weight.extent(1)); ++j)
    weight(0, j) = 1 + 0.01 * Real(y.partition.first_particle() + j);
  PairSum<T> pairs(comm, x.partition, y.partition, d, 1);
  pairs("test", Gaussian{}, x.x, y.x, weight, sums);
  pairs("test", ScalarGaussian{}, x.x, y.x, weight, scalar_sums);
  for (Index i = 0; i < x.partition.local_particles(); ++i)
    for (Index c = 0; c < d; ++c) {
      Real plain = 0;
      for (Index j = 0; j < sources; ++j) {
        Real square = 0;
        for (Index b = 0; b < d; ++b)
          square += std::pow(all_x.x(b, x.partition.first_particle() + i) - all_y.x(b, j), 2);
        plain += (1 + 0.01 * j) * std::exp(-0.5 * square) *
                 (all_x.x(c, x.partition.first_particle() + i) - all_y.x(c, j));
      }
      EXPECT_NEAR(sums(c, i), plain, tolerance * sources);
      EXPECT_NEAR(scalar_sums(c, i), plain, tolerance * sources);
    }
}

TEST(PairSumParallel, IsAPlainDoubleLoop) {
  for (const Index d : {1, 2, 3, 5}) {
    compare_with_plain_loop<double>(d, 37, 203, 1e-15);
    compare_with_plain_loop<float>(d, 37, 203, 1e-6);
  }
  compare_with_plain_loop<double>(2, 1, 1, 1e-15);
}

TEST(PairSumParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const auto x = drawn(comm, 300, 2), all = drawn(self, 300, 2);
  Matrix<Real> ones("ones", 1, x.partition.local_particles()), all_ones("ones", 1, 300);
  Kokkos::deep_copy(ones, 1.);
  Kokkos::deep_copy(all_ones, 1.);
  Matrix<Real> spread("sums", 2, x.partition.local_particles()), alone("sums", 2, 300);
  PairSum<float>(comm, x.partition, x.partition, 2, 1)("test", Gaussian{}, x.x, x.x, ones, spread);
  PairSum<float>(self, all.partition, all.partition, 2, 1)("test", Gaussian{}, all.x, all.x, all_ones, alone);
  for (Index i = 0; i < x.partition.local_particles(); ++i)
    for (Index c = 0; c < 2; ++c) EXPECT_EQ(spread(c, i), alone(c, x.partition.first_particle() + i));
}

}  // namespace
}  // namespace weir
