// Drifts and steps of bridges against closed forms.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/schroedinger_bridge/GaussianBridge.hpp"
#include "methods/schroedinger_bridge/drifts/EmpiricalDrift.hpp"
#include "methods/schroedinger_bridge/drifts/EndpointNetwork.hpp"
#include "methods/schroedinger_bridge/drifts/MixtureTraining.hpp"
#include "methods/schroedinger_bridge/latent/BridgeFlow.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/flows/Stage.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const GaussianBridge& gaussian() {
  static const GaussianBridge bridge{{0.5, -1}, {1.3, 0.7}, {-1, 0.7}, {0.5, 0.9}, std::sqrt(0.5)};
  return bridge;
}

/// One component with S = C'S0^-1, r = m1 - S m0.
MixturePotential of_gaussian(const GaussianBridge& g) {
  MixturePotential potential(1, 2, g.sigma * g.sigma);
  potential.parameters(0) = 0.3;  // alpha does not matter
  for (Index c = 0; c < 2; ++c) {
    const Real shape = g.coupling(std::size_t(c)) / g.variance0[std::size_t(c)];
    potential.parameters(1 + c) = g.mean1[std::size_t(c)] - shape * g.mean0[std::size_t(c)];
    potential.parameters(3 + c) = std::log(shape);
  }
  potential.find_shapes();
  return potential;
}

/// Three components in two dimensions.
MixturePotential mixture() {
  MixturePotential potential(3, 2, 0.4);
  const Real values[] = {-0.5, 0.2, -1, 1, 0.5, -1.2, 0.3, 0.1, -1.5, -0.7, 0.2, -1, -0.3, 0.4, -2};
  for (Index j = 0; j < 15; ++j) potential.parameters(j) = values[j];
  potential.find_shapes();
  return potential;
}

TEST(MixtureDrift, OfOneComponentIsTheGaussianBridge) {
  const GaussianBridge& g = gaussian();
  MixtureDrift drift(of_gaussian(g));
  const Matrix<Real> x("x", 2, 5), to_end("to_end", 2, 5);
  for (Index i = 0; i < 5; ++i)
    for (Index c = 0; c < 2; ++c) x(c, i) = std::cos(3. * Real(i) + Real(c)) * 2;
  for (const Real t : {0., 0.3, 0.7, 0.99, 0.9999}) {
    drift.displacement(t, x, to_end);
    for (Index i = 0; i < 5; ++i)
      for (Index c = 0; c < 2; ++c)
        EXPECT_NEAR(to_end(c, i) / (1 - t), g.to_end(std::size_t(c), t, x(c, i)) / (1 - t), 1e-10) << t;
  }
}

// At time 0: b = eps grad log c(x) - x, here by central differences.
TEST(MixtureDrift, IsTheGradientOfItsOwnPotential) {
  const MixturePotential potential = mixture();
  MixtureDrift drift(potential);
  const Matrix<Real> x("x", 2, 4), moved("moved", 2, 4), to_end("to_end", 2, 4), shares("shares", 3, 4);
  const Vector<Real> up("up", 4), down("down", 4);
  for (Index i = 0; i < 4; ++i)
    for (Index c = 0; c < 2; ++c) x(c, i) = std::sin(2. * Real(i) + Real(c));
  drift.displacement(0, x, to_end);
  const Real h = 1e-5;
  for (Index c = 0; c < 2; ++c) {
    Kokkos::deep_copy(moved, x);
    for (Index i = 0; i < 4; ++i) moved(c, i) += h;
    log_c(potential, moved, up, shares);
    for (Index i = 0; i < 4; ++i) moved(c, i) -= 2 * h;
    log_c(potential, moved, down, shares);
    for (Index i = 0; i < 4; ++i)
      EXPECT_NEAR(to_end(c, i), potential.epsilon * (up(i) - down(i)) / (2 * h) - x(c, i), 1e-8);
  }
}

// E[Z_1 | Z_t = x] by quadrature over y: weights v(y) exp(|y|^2 / (2 eps) - |x - y|^2 / (2 eps (1-t))).
TEST(MixtureDrift, IsTheConditionalMeanAtAnyTime) {
  const MixturePotential potential = mixture();
  MixtureDrift drift(potential);
  const Matrix<Real> x("x", 2, 1), to_end("to_end", 2, 1);
  x(0, 0) = 0.4;
  x(1, 0) = -0.3;
  const Index n = 401;
  const Real width = 16, cell = width / Real(n);
  const Matrix<Real> y("y", 2, n * n), shares("shares", 3, n * n);
  const Vector<Real> log_density("log_density", n * n);
  for (Index j = 0; j < n * n; ++j) {
    y(0, j) = (Real(j % n) + 0.5) * cell - width / 2;
    y(1, j) = (Real(j / n) + 0.5) * cell - width / 2;
  }
  log_v(potential, y, log_density, shares);
  for (const Real t : {0.2, 0.6, 0.9}) {
    Real sum = 0, mean[2] = {0, 0};
    for (Index j = 0; j < n * n; ++j) {
      Real l = log_density(j);
      for (Index c = 0; c < 2; ++c)
        l += (y(c, j) * y(c, j) - std::pow(x(c, 0) - y(c, j), 2) / (1 - t)) / (2 * potential.epsilon);
      const Real w = std::exp(l);
      sum += w;
      for (Index c = 0; c < 2; ++c) mean[c] += w * y(c, j);
    }
    drift.displacement(t, x, to_end);
    for (Index c = 0; c < 2; ++c) EXPECT_NEAR(to_end(c, 0) + x(c, 0), mean[c] / sum, 1e-8) << t;
  }
}

// Ends drawn given a start: mean and variance of one component, and shares of several by their mean.
TEST(MixtureDrift, DrawsEndsFromTheConditionalLaw) {
  const Index n = 40000;
  for (const MixturePotential& potential : {of_gaussian(gaussian()), mixture()}) {
    MixtureDrift drift(potential);
    const Matrix<Real> x("x", 2, n), y("y", 2, n), to_end("to_end", 2, n);
    Kokkos::deep_copy(x, 0.4);
    drift.displacement(0, x, to_end);
    draw_mixture(potential, Random(1, Stream::bridge_ends), 0, x, y);
    for (Index c = 0; c < 2; ++c) {
      Real mean = 0, square = 0;
      for (Index i = 0; i < n; ++i) mean += y(c, i) / Real(n), square += y(c, i) * y(c, i) / Real(n);
      const Real variance = square - mean * mean;
      EXPECT_NEAR(mean, 0.4 + to_end(c, 0), 4 * std::sqrt(variance / Real(n)));
      if (potential.components > 1) continue;
      EXPECT_NEAR(variance / (potential.epsilon * potential.shape(0, c)), 1, 4 * std::sqrt(2 / Real(n)));
    }
  }
}

Ensemble normal_ensemble(const Communicator& comm, const std::vector<Real>& mean,
                         const std::vector<Real>& variance, Index n, int stage) {
  Ensemble x(comm, n, Index(mean.size()), 64);
  fill_normals(x.x, Random(11, Stream::initial_ensemble, stage), x.partition.first_particle(), 0);
  for (Index i = 0; i < x.partition.local_particles(); ++i)
    for (Index c = 0; c < x.components(); ++c)
      x.x(c, i) = mean[std::size_t(c)] + std::sqrt(variance[std::size_t(c)]) * x.x(c, i);
  return x;
}

// The velocity of the training is minus the gradient of its loss, by central differences.
TEST(MixtureTraining, DescendsItsLoss) {
  const Communicator comm;
  const GaussianBridge& g = gaussian();
  const Ensemble x = normal_ensemble(comm, g.mean0, g.variance0, 90, 0),
                 y = normal_ensemble(comm, g.mean1, g.variance1, 110, 1);
  MixtureDriftOptions options;
  options.components = 3;
  options.shape = 0.6;
  options.train.batch = 128;  // all of it
  MixtureTraining training(options, g.sigma * g.sigma, x, y, 5);
  State state(training.layout()), slope(training.layout());
  training.initialise(BlockViews(*training.layout(), state.vec())[0]);
  training.velocity({0, 0, 0}, BlockSet::only(0), ConstBlockViews(*training.layout(), state.vec()),
                    BlockViews(*training.layout(), slope.vec()), {});
  const BlockViews values(*training.layout(), state.vec()), v(*training.layout(), slope.vec());
  const Real h = 1e-5;
  for (Index j = 0; j < 15; ++j) {
    Real& value = values[0](0, j);
    value += h;
    const Real up = training.loss(values[0]);
    value -= 2 * h;
    const Real down = training.loss(values[0]);
    value += h;
    EXPECT_NEAR(v[0](0, j), -(up - down) / (2 * h), 1e-7) << j;
  }
}

// Trained on two normal samples, one component finds their bridge as well as samples of that size tell.
TEST(MixtureTraining, FindsTheGaussianBridge) {
  const Communicator comm;
  const GaussianBridge& g = gaussian();
  const Ensemble x = normal_ensemble(comm, g.mean0, g.variance0, 20000, 0),
                 y = normal_ensemble(comm, g.mean1, g.variance1, 20000, 1);
  MixtureDriftOptions options;
  options.components = 1;
  options.shape = 0.5;
  options.train = IterationTrainOptions(2000, 1280, 2e-2, 0);
  MixtureTraining training(options, g.sigma * g.sigma, x, y, 5);
  SteppingOptions steps;
  steps.end = 2000;
  steps.step = 1;
  Stage stage(steps, training, "test");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  stage.run([](const Tick&) {});
  MixtureDrift drift(training.potential(stage.learned(0)));
  const Matrix<Real> to_end("to_end", 2, x.x.extent(1));
  for (const Real t : {0., 0.5, 0.9}) {
    std::vector<Real> mean, variance;
    for (std::size_t c = 0; c < 2; ++c) mean.push_back(g.mean(c, t)), variance.push_back(g.variance(c, t));
    const Ensemble at = normal_ensemble(comm, mean, variance, 6400, 2);
    drift.displacement(t, at.x, to_end);
    Real error = 0, size = 0;
    for (Index i = 0; i < Index(at.x.extent(1)); ++i)
      for (Index c = 0; c < 2; ++c) {
        const Real b = g.to_end(std::size_t(c), t, at.x(c, i));
        error += std::pow(to_end(c, i) - b, 2);
        size += b * b;
      }
    EXPECT_LT(std::sqrt(error / size), 0.03) << t;
  }
}

/// The covariances of a bridge's particles at five times, starting from N(m0, S0).
TEST(BridgeFlowParallel, GaussianToGaussianHasItsCovariances) {
  const Communicator comm;
  const GaussianBridge& g = gaussian();
  const Index n = 20000;
  const Ensemble start = normal_ensemble(comm, g.mean0, g.variance0, n, 3);
  MixtureDrift drift(of_gaussian(g));
  const BridgeGrid grid(400, 1, "uniform", "noise_free");
  BridgeFlow flow(drift, grid, g.sigma, comm, start.partition, 2);
  SteppingOptions steps;
  steps.end = 400;
  steps.step = 1;
  Stage stage(steps, flow, "test");
  Kokkos::deep_copy(BlockViews(*flow.layout(), stage.state().vec())[0], start.x);
  Moments moments(comm, start.partition, 2);
  Index looked = 0;
  stage.run([&](const Tick& tick) {
    if (tick.step % 100 != 0) return;
    ++looked;
    const Real t = grid.times[std::size_t(tick.step)];
    const ConstBlockViews blocks(*flow.layout(), stage.state().vec());
    const auto covariance = moments.covariance(blocks[0]);
    for (std::size_t c = 0; c < 2; ++c) {
      const Real variance = g.variance(c, t);  // and O(1/K) of the scheme
      EXPECT_NEAR(covariance[3 * c], variance, variance * (4 * std::sqrt(2 / Real(n)) + 0.005)) << t;
      EXPECT_NEAR(moments.last_mean()[c], g.mean(c, t), 4 * std::sqrt(variance / Real(n)) + 1e-3) << t;
    }
    EXPECT_NEAR(covariance[1], 0, 4 * std::sqrt(g.variance(0, t) * g.variance(1, t) / Real(n))) << t;
  });
  EXPECT_EQ(looked, 5);
}

/// Variance after all steps from q_sigma to N(0, s), by the recursion that the flow's own numbers give.
Real final_variance(Real s, Real sigma, const BridgeGrid& grid) {
  const Communicator alone(MPI_COMM_SELF);
  ConvolvedGaussianDrift drift(0, s, sigma);
  BridgeFlow flow(drift, grid, sigma, alone, Partition(alone, 1, 64), 1);
  State state(flow.layout()), slope(flow.layout());
  BlockViews(*flow.layout(), state.vec())[0](0, 0) = 1;
  Real variance = s + sigma * sigma;
  for (Index k = 0; k < grid.steps(); ++k) {
    const Moment moment{k, 0, Real(k)};
    flow.velocity(moment, BlockSet::only(0), ConstBlockViews(*flow.layout(), state.vec()),
                  BlockViews(*flow.layout(), slope.vec()), {});
    const Real rate = BlockViews(*flow.layout(), slope.vec())[0](0, 0);
    variance = (1 + rate) * (1 + rate) * variance + 2 * flow.temperature(moment, 0);
  }
  return variance;
}

// s = sigma = 1, K = 100: v_K - s = 3.7646e-3, halving with K.
TEST(BridgeFlow, EulerMaruyamaRecursionIsExact) {
  const auto excess = [](Index steps) {
    return final_variance(1, 1, BridgeGrid(steps, 1, "uniform", "none")) - 1;
  };
  EXPECT_NEAR(excess(100), 3.7646e-3, 5e-8);
  EXPECT_NEAR(excess(200) / excess(100), 0.5, 0.02);
  EXPECT_NEAR(excess(400) / excess(200), 0.5, 0.01);
  // By hand, with s = .3, sigma = .8.
  Real v = 0.3 + 0.64;
  const Real h = 1. / 50;
  for (Index k = 0; k < 50; ++k)
    v = std::pow(1 - 0.64 * h / (0.3 + 0.64 * (1 - Real(k) * h)), 2) * v + 0.64 * h;
  EXPECT_NEAR(final_variance(0.3, 0.8, BridgeGrid(50, 1, "uniform", "none")), v, 1e-13);
}

// Early stopping leaves s + sigma^2 (1 - T).
TEST(BridgeFlow, EarlyStoppingLeavesItsVariance) {
  for (const Real stop : {0.9, 0.99})
    EXPECT_NEAR(final_variance(0.5, 1, BridgeGrid(20000, stop, "uniform", "none")), 0.5 + 1 - stop, 1e-4);
}

// For s = .01 and K = 100: a geometric grid with delta = 1e-3 and a noise-free jump gives .97 of the
// deviation, a uniform one 1.28.
TEST(BridgeFlow, GridsDifferNearASurface) {
  const auto ratio = [](const BridgeGrid& grid) { return std::sqrt(final_variance(0.01, 1, grid) / 0.01); };
  EXPECT_NEAR(ratio(BridgeGrid(100, 0.999, "geometric", "noise_free")), 0.97, 0.005);
  EXPECT_NEAR(ratio(BridgeGrid(100, 1, "uniform", "none")), 1.28, 0.01);
}

TEST(BridgeGrid, HasItsTimes) {
  const BridgeGrid uniform(4, 0.8, "uniform", "none"), jump(3, 0.75, "geometric", "noise_free");
  EXPECT_EQ(uniform.steps(), 4);
  EXPECT_DOUBLE_EQ(uniform.times[1], 0.2);
  EXPECT_TRUE(uniform.has_noise(3));
  EXPECT_EQ(jump.steps(), 3);
  EXPECT_DOUBLE_EQ(jump.times[1], 0.5);
  EXPECT_DOUBLE_EQ(jump.times[2], 0.75);
  EXPECT_DOUBLE_EQ(jump.times[3], 1);
  EXPECT_TRUE(jump.has_noise(1));
  EXPECT_FALSE(jump.has_noise(2));
  EXPECT_EQ(jump.nearest(0.7), 2);
}

// The network's wrapping is consistent: where F is what it is trained towards, the drift ends at the row.
TEST(EndpointForm, GoalsAndDriftsAgree) {
  for (const bool paired : {false, true})
    for (const Real rest : {1., 0.3, 1e-3}) {
      const auto s = EndpointForm::scaling(paired, 0.8, 1.7, 2.2, rest);
      const Real z = 0.9, end = -0.4, middle = 0.2;
      const Real goal = (end - z - s.keep * (z - middle)) / s.gain;
      EXPECT_NEAR(s.gain * goal + s.keep * (z - middle), end - z, 1e-12);
      EXPECT_GT(s.gain, 0);
    }
  // Blurred: c_s y + c_o F with c_s = 1 / (1 + s^2), c_o = s / (1 + s^2)^1/2 for data of deviation 1.
  const auto s = EndpointForm::scaling(false, 1, 1, 1, 0.25);  // s = .5
  EXPECT_NEAR(1 + s.keep, 1 / 1.25, 1e-15);
  EXPECT_NEAR(s.gain, 0.5 / std::sqrt(1.25), 1e-15);
  EXPECT_NEAR(s.in, 1 / std::sqrt(1.25), 1e-15);
  EXPECT_NEAR(s.time[0], 0.5 * std::log(0.5), 1e-15);
}

// Few rows: the drift is what the softmax over them says, and steep near the end.
TEST(EmpiricalDriftParallel, EndsAtRows) {
  const Communicator comm;
  const Ensemble rows = normal_ensemble(comm, {100, -50}, {4, 1}, 130, 4),
                 at = normal_ensemble(comm, {100, -50}, {5, 2}, 70, 5);
  const Matrix<Real> none("none", 1, rows.x.extent(1)), to_end("to_end", 2, at.x.extent(1)),
      again("again", 2, at.x.extent(1));
  for (const bool single : {false, true}) {
    const auto drift = make_empirical_drift(rows, none, 1, at.partition, single);
    drift->displacement(1 - 1e-9, at.x, to_end);
    // A particle that is at a row now stays there.
    const Matrix<Real> there("there", 2, at.x.extent(1));
    for (Index i = 0; i < Index(at.x.extent(1)); ++i)
      for (Index c = 0; c < 2; ++c) there(c, i) = at.x(c, i) + to_end(c, i);
    drift->displacement(1 - 1e-9, there, again);
    for (Index i = 0; i < Index(at.x.extent(1)); ++i)
      for (Index c = 0; c < 2; ++c) EXPECT_NEAR(again(c, i), 0, single ? 2e-5 : 1e-12);
  }
}

// From a point, h = |y|^2 / (2 sigma^2): at time 0 all rows weigh the same, and the drift points at their
// mean.
TEST(EmpiricalDriftParallel, FromAPointBeginsTowardsTheMean) {
  const Communicator comm;
  const Ensemble rows = normal_ensemble(comm, {3, -2}, {1, 0.5}, 500, 6);
  const auto mean = Moments(comm, rows.partition, 2).mean(rows.x);
  const Partition particles(comm, 9, 8);
  const Matrix<Real> origin("origin", 2, particles.local_particles()), to_end("to_end", 2, origin.extent(1));
  const auto drift = make_empirical_drift(rows, point_heights(rows, 1.5), 1.5, particles, false);
  drift->displacement(0, origin, to_end);
  for (Index i = 0; i < Index(origin.extent(1)); ++i)
    for (Index c = 0; c < 2; ++c) EXPECT_NEAR(to_end(c, i), mean[std::size_t(c)], 1e-12);
}

}  // namespace
}  // namespace weir
