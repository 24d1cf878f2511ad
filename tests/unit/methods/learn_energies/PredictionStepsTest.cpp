#include <gtest/gtest.h>

#include <cmath>

#include "methods/learn_energies/prediction/Prediction.hpp"

namespace weir {
namespace {

/// V = k |x|^2 / 2 in one dimension: x(t) = x(0) exp(-k t).
LearnedEnergy quadratic(Real k) {
  FeatureOptions features;
  features.polynomial->degree = 2;
  LearnedEnergy energy;
  energy.dimension = 1;
  energy.times = {0};
  energy.potential = LearnedEnergy::Expansion{make_features(features, 1, {}), {{0, k / 2}}};
  return energy;
}

Real error_of(std::optional<PredictionOptions::Steps> steps) {
  const Communicator comm;
  const Real k = 1.5, tau = 1;
  const LearnedEnergy energy = quadratic(k);
  const std::vector<Real> times{0, tau};
  std::vector<Ensemble> observed;
  for (int p = 0; p < 2; ++p) {
    observed.emplace_back(comm, 50, 1, 8);
    for (Index i = 0; i < observed[0].partition.local_particles(); ++i)
      observed.back().x(0, i) = Real(1 + observed[0].partition.first_particle() + i);
  }
  PredictionOptions options;
  options.steps = steps;
  Prediction prediction(options, energy, times, observed, RunOptions());
  while (!prediction.all_done()) prediction.advance();
  const Predictions predictions = prediction.result();
  Real error[1] = {0};
  for (Index i = 0; i < observed[0].partition.local_particles(); ++i)
    error[0] = std::max(
        error[0], std::fabs(predictions.populations[0].x(0, i) / observed[0].x(0, i) - std::exp(-k * tau)));
  comm.max(error, 1);
  return error[0];
}

TEST(PredictionStepsParallel, FollowTheFlowBetweenPopulations) {
  EXPECT_GT(error_of({}), 0.5);  // one explicit step goes through the minimum and beyond
  const Real euler = error_of(PredictionOptions::Steps{0.05, false}),
             heun = error_of(PredictionOptions::Steps{0.05, true}),
             finer = error_of(PredictionOptions::Steps{0.025, true});
  EXPECT_LT(euler, 0.02);
  EXPECT_LT(heun, 5e-4);
  EXPECT_NEAR(heun / finer, 4, 0.3);  // of order two
}

}  // namespace
}  // namespace weir
