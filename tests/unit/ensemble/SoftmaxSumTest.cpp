// Softmax means against a plain loop, at exponents that plain sums cannot take, and draws against their
// weights.
#include "weir/ensemble/SoftmaxSum.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Ensemble.hpp"

namespace weir {
namespace {

Real coordinate(Index i, Index c, Real phase) {
  return 1.5 * std::sin(1.7 * Real(i) + 0.9 * Real(c) + phase);
}

Ensemble cloud(const Communicator& comm, Index count, Index d, Index tile, Real phase) {
  Ensemble ensemble(comm, count, d, tile);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < d; ++c)
      ensemble.x(c, i) = coordinate(ensemble.partition.first_particle() + i, c, phase);
  return ensemble;
}

Real height(Index j, Real scale) {
  return scale * std::cos(0.3 * Real(j));
}

/// l_ij of global target i and source j.
Real exponent(Index i, Index j, Index d, Real rate, Real scale) {
  Real square = 0;
  for (Index c = 0; c < d; ++c) square += std::pow(coordinate(i, c, 0.2) - coordinate(j, c, 1.1), 2);
  return height(j, scale) - rate * square;
}

template <class T>
void expect_plain_means(Index d, Real rate, Real scale, Real tolerance) {
  const Communicator comm;
  const Index targets = 37, sources = 301;
  const Ensemble x = cloud(comm, targets, d, 8, 0.2), y = cloud(comm, sources, d, 64, 1.1);
  const Index here = x.partition.local_particles();
  const Matrix<Real> h("h", 1, y.x.extent(1)), displacement("displacement", d, here);
  const Vector<Real> log_sum("log_sum", here);
  for (Index j = 0; j < Index(y.x.extent(1)); ++j) h(0, j) = height(y.partition.first_particle() + j, scale);
  SoftmaxSum<T> softmax(comm, x.partition, y.partition, d);
  softmax("a test", rate, x.x, y.x, h, {displacement, log_sum, {}, {}});
  for (Index i = 0; i < here; ++i) {
    const Index target = x.partition.first_particle() + i;
    Real most = -HUGE_VAL, sum = 0;
    for (Index j = 0; j < sources; ++j) most = std::max(most, exponent(target, j, d, rate, scale));
    std::vector<Real> mean(std::size_t(d), 0);
    for (Index j = 0; j < sources; ++j) {
      const Real w = std::exp(exponent(target, j, d, rate, scale) - most);
      sum += w;
      for (Index c = 0; c < d; ++c) mean[c] += w * (coordinate(j, c, 1.1) - coordinate(target, c, 0.2));
    }
    EXPECT_NEAR(log_sum(i), most + std::log(sum), tolerance * std::max(Real(1), std::fabs(most)));
    for (Index c = 0; c < d; ++c) EXPECT_NEAR(displacement(c, i), mean[c] / sum, tolerance);
  }
}

TEST(SoftmaxSumParallel, AgreesWithAPlainLoop) {
  for (const Index d : {1, 2, 3, 5, 7, 16, 21}) {
    expect_plain_means<double>(d, 0.7, 2, 1e-13);
    expect_plain_means<float>(d, 0.7, 2, 2e-6);
  }
}

TEST(SoftmaxSumParallel, NeitherOverflowsNorVanishesAtLargeRates) {
  expect_plain_means<double>(2, 1e6, 1e4, 1e-9);
  expect_plain_means<float>(2, 50, 30, 1e-4);
  // Every term is below what a number can be.
  expect_plain_means<double>(3, 1e5, 0, 1e-9);
}

TEST(SoftmaxSumParallel, DrawsSourcesByTheirWeights) {
  const Communicator comm;
  const Index d = 2, sources = 150, draws = 4000;
  const Real rate = 0.5, scale = 1;
  Ensemble x(comm, draws, d, 8);  // many walkers at one place
  for (Index i = 0; i < x.partition.local_particles(); ++i)
    for (Index c = 0; c < d; ++c) x.x(c, i) = coordinate(5, c, 0.2);
  const Ensemble y = cloud(comm, sources, d, 16, 1.1);
  const Matrix<Real> h("h", 1, y.x.extent(1)), at("at", d, x.x.extent(1));
  const Vector<Index> drawn("drawn", x.x.extent(1));
  for (Index j = 0; j < Index(y.x.extent(1)); ++j) h(0, j) = height(y.partition.first_particle() + j, scale);
  SoftmaxSum<double> softmax(comm, x.partition, y.partition, d);
  softmax("a test", rate, x.x, y.x, h, {{}, {}, drawn, at}, SoftmaxDraw{Random(3, Stream::partners), 7});
  std::vector<Index> counts(std::size_t(sources), 0);
  for (Index i = 0; i < Index(drawn.extent(0)); ++i) {
    ++counts[std::size_t(drawn(i))];
    for (Index c = 0; c < d; ++c) EXPECT_EQ(at(c, i), coordinate(drawn(i), c, 1.1));
  }
  comm.sum(counts.data(), sources);
  Real total = 0, chi = 0;
  for (Index j = 0; j < sources; ++j) total += std::exp(exponent(5, j, d, rate, scale));
  for (Index j = 0; j < sources; ++j) {
    const Real expected = Real(draws) * std::exp(exponent(5, j, d, rate, scale)) / total;
    chi += std::pow(Real(counts[std::size_t(j)]) - expected, 2) / expected;
  }
  EXPECT_LT(chi, Real(sources) + 4 * std::sqrt(2 * Real(sources)));
  // The same on any number of ranks: a number that every run of this test must find.
  Index sum = 0;
  for (Index i = 0; i < Index(drawn.extent(0)); ++i)
    sum += (x.partition.first_particle() + i + 1) * drawn(i) % 1000;
  const Ensemble alone(Communicator(MPI_COMM_SELF), draws, d, 8);
  for (Index i = 0; i < draws; ++i)
    for (Index c = 0; c < d; ++c) alone.x(c, i) = coordinate(5, c, 0.2);
  const Ensemble sources_alone = cloud(Communicator(MPI_COMM_SELF), sources, d, 16, 1.1);
  const Matrix<Real> h_alone("h", 1, sources), at_alone("at", d, draws);
  const Vector<Index> drawn_alone("drawn", draws);
  for (Index j = 0; j < sources; ++j) h_alone(0, j) = height(j, scale);
  SoftmaxSum<double> softmax_alone(Communicator(MPI_COMM_SELF), alone.partition, sources_alone.partition, d);
  softmax_alone("a test", rate, alone.x, sources_alone.x, h_alone, {{}, {}, drawn_alone, at_alone},
                SoftmaxDraw{Random(3, Stream::partners), 7});
  Index sum_alone = 0;
  for (Index i = 0; i < draws; ++i) sum_alone += (i + 1) * drawn_alone(i) % 1000;
  EXPECT_EQ(comm.sum(sum), sum_alone);
}

TEST(SoftmaxSumParallel, SaysWhereNothingWeighsAnything) {
  const Communicator comm;
  const Ensemble x = cloud(comm, 20, 2, 8, 0.2), y = cloud(comm, 30, 2, 8, 1.1);
  const Matrix<Real> h("h", 1, y.x.extent(1)), displacement("displacement", 2, x.x.extent(1));
  Kokkos::deep_copy(h, -HUGE_VAL);
  SoftmaxSum<double> softmax(comm, x.partition, y.partition, 2);
  EXPECT_THROW(softmax("a test", 1, x.x, y.x, h, {displacement, {}, {}, {}}), RunError);
}

}  // namespace
}  // namespace weir
