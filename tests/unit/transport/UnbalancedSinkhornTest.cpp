// Sinkhorn with relaxed marginals against the conditions of optimality, summed plainly.
#include <gtest/gtest.h>

#include <cmath>

#include "transport/Clouds.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {
namespace {

using namespace testing_clouds;

Ensemble dealt(const Cloud& cloud, const Communicator& comm) {
  Ensemble ensemble(comm, Points(cloud).count, cloud.dimension, 8);
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < cloud.dimension; ++c)
      ensemble.x(c, i) = Points(cloud)[ensemble.partition.first_particle() + i][c];
  return ensemble;
}

SinkhornProblem unbalanced(Real epsilon, Real rho) {
  SinkhornProblem problem;
  problem.epsilon = epsilon;
  problem.rho = rho;
  problem.tolerance = 1e-11;
  return problem;
}

// pi = a b exp((f + g - c) / epsilon) is optimal where its marginals are a exp(-f / rho) and b exp(-g / rho).
TEST(UnbalancedSinkhorn, MarginalsAreWhatThePotentialsSay) {
  const Communicator alone(MPI_COMM_SELF);
  const Cloud a = uniform_cloud(41, 2, 1), b = normal_cloud(57, 2, 2, 0.5, 0.7);
  const Ensemble x = dealt(a, alone), y = dealt(b, alone);
  for (const Real rho : {0.2, 3.0}) {
    const auto problem = unbalanced(0.05, rho);
    const auto result = sinkhorn(x, y, problem);
    ASSERT_TRUE(result.converged) << result.marginal_error;
    Real mass = 0, cost = 0;
    std::vector<Real> of_y(std::size_t(y.particles()), 0);
    for (Index i = 0; i < x.particles(); ++i) {
      Real of_x = 0;
      for (Index j = 0; j < y.particles(); ++j) {
        const Real c = cost_between(Points(a), i, Points(b), j, problem.cost);
        const Real pi = std::exp((result.f(i) + result.g(j) - c) / problem.epsilon) / Real(x.particles()) /
                        Real(y.particles());
        of_x += pi;
        of_y[std::size_t(j)] += pi;
        cost += pi * c;
      }
      mass += of_x;
      EXPECT_NEAR(of_x * Real(x.particles()), std::exp(-result.f(i) / rho), 1e-8);
      EXPECT_NEAR(result.at_x.mass(i), of_x, 1e-10);
    }
    for (Index j = 0; j < y.particles(); ++j) {
      EXPECT_NEAR(of_y[std::size_t(j)] * Real(y.particles()), std::exp(-result.g(j) / rho), 1e-8);
      EXPECT_NEAR(result.at_y.mass(j), of_y[std::size_t(j)], 1e-10);
    }
    EXPECT_NEAR(result.mass, mass, 1e-10);
    EXPECT_NEAR(result.cost, cost, 1e-9);
    EXPECT_LT(result.mass, 1);
    EXPECT_LT(result.gap, 1e-8);
  }
}

TEST(UnbalancedSinkhorn, ALargePriceOfGrowthLeavesBalance) {
  const Communicator alone(MPI_COMM_SELF);
  const Ensemble x = dealt(uniform_cloud(40, 2, 1), alone),
                 y = dealt(normal_cloud(50, 2, 2, 0.5, 0.4), alone);
  const auto free = sinkhorn(x, y, unbalanced(0.1, 1e7));
  SinkhornProblem problem = unbalanced(0.1, 1);
  problem.rho.reset();
  const auto balanced = sinkhorn(x, y, problem);
  EXPECT_NEAR(free.mass, 1, 1e-6);
  EXPECT_NEAR(free.cost, balanced.cost, 1e-5);
}

TEST(UnbalancedSinkhornParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator all, alone(MPI_COMM_SELF);
  const Cloud a = uniform_cloud(75, 2, 1), b = normal_cloud(90, 2, 2, 0.5, 0.4);
  auto problem = unbalanced(0.1, 0.5);
  problem.tolerance = 1e-5;
  const auto here = sinkhorn(dealt(a, all), dealt(b, all), problem),
             there = sinkhorn(dealt(a, alone), dealt(b, alone), problem);
  EXPECT_EQ(here.mass, there.mass);
  EXPECT_EQ(here.cost, there.cost);
  EXPECT_EQ(here.gap, there.gap);
  EXPECT_EQ(here.iterations, there.iterations);
}

}  // namespace
}  // namespace weir
