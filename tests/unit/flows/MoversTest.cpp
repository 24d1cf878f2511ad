// The rules that move particles, against the laws that they sample.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "flows/QuadraticFlow.hpp"
#include "flows/UnderdampedLangevinRule.hpp"
#include "weir/base/Error.hpp"

namespace weir {
namespace {

using namespace testing_tools;

Block particles(const Communicator& comm, Index number, Index components, const RuleOptions& rule,
                Index substeps = 1) {
  return {"particles", Partition(comm, number, 8), components, rule, substeps};
}

/// Means of products of the components a and b of all particles, blocks of `d` numbers each.
Real mean_product(const std::vector<Real>& values, Index d, Index a, Index b) {
  Real sum = 0;
  for (std::size_t i = 0; i < values.size(); i += std::size_t(d)) sum += values[i + a] * values[i + b];
  return sum / Real(values.size() / std::size_t(d));
}

std::vector<RuleOptions> movers() {
  LangevinOptions averaged;
  averaged.name = "leimkuhler_matthews";
  PreconditionedLangevinOptions given, fisher;
  given.diagonal = {0.5, 2, 1};
  fisher.metric = "fisher";
  MalaOptions adapted, parts;
  adapted.target = 0.6;
  parts.step = VectorValue({0.3, 0.1});
  return {LangevinOptions(),
          averaged,
          PreconditionedLangevinOptions(),
          given,
          fisher,
          UnderdampedLangevinOptions(),
          adapted,
          parts};
}

/// One mover with two sub-steps beside parameters that Adam moves, from 1.
std::vector<Real> run(const Communicator& comm, const RuleOptions& rule, StepOrder order, bool interrupted) {
  Block moving = particles(comm, 83, 3, rule, 2);
  moving.parts = {1, 2};
  QuadraticFlow flow(comm, {moving, parameter_block(comm, "parameters", 300)});
  flow.active_tiles = {0, 3, 4, 9, 10};
  const SteppingOptions options = steps_of(5, 0.1, order);
  Stage stage(options, flow, "");
  WEIR_CHECK(VecSet(stage.state().vec(), 1) == 0);
  if (!interrupted) {
    stage.run([](const Tick&) {});
    return everything(stage);
  }
  Tick last{0, 0};
  stage.run_while([&](const Tick& tick) {
    last = tick;
    return tick.step < 3;
  });
  Stage again(options, flow, "");
  carry_over(stage, again, last);
  again.run([](const Tick&) {});
  return everything(again);
}

TEST(MoversParallel, AreTheSameOnAnyNumberOfRanksAndAfterARestart) {
  for (const auto& rule : movers())
    for (const StepOrder order : {StepOrder::together, StepOrder::in_turn}) {
      const auto alone = run(Communicator(MPI_COMM_SELF), rule, order, false);
      EXPECT_EQ(run(Communicator(), rule, order, false), alone) << name_of(rule);
      EXPECT_EQ(run(Communicator(), rule, order, true), alone) << name_of(rule);
    }
}

// A particle's noise is its own in every block, stage, sub-step and rule.
TEST(Movers, NeverShareNoise) {
  const Communicator self(MPI_COMM_SELF);
  std::multiset<Real> drawn;
  Index count = 0;
  // Not leimkuhler_matthews: there xi_{n+1} of a step is xi_n of the next by design.
  for (int stage_number : {0, 1, 63, 64}) {
    std::vector<Block> blocks;
    for (int b = 0; b < 3; ++b) blocks.push_back(particles(self, 10, 4, LangevinOptions(), 3));
    blocks.push_back(particles(self, 10, 4, UnderdampedLangevinOptions(), 3));
    QuadraticFlow flow(self, blocks);
    flow.stiffness = {0};
    SteppingOptions options = steps_of(4, 3.);  // sub-steps of size 1
    options.stage = stage_number;
    Stage stage(options, flow, "");
    std::vector<std::vector<Real>> before(4);
    stage.run([&](const Tick& tick) {
      for (Index b = 0; b < 4; ++b) {
        const auto now = all_of_block(stage.state(), b);
        for (std::size_t i = 0; tick.step > 0 && i < now.size(); ++i) {
          drawn.insert(now[i] - before[b][i]);
          ++count;
        }
        before[b] = now;
      }
    });
  }
  EXPECT_EQ(count, 4 * 4 * 4 * 40);
  EXPECT_EQ(std::set<Real>(drawn.begin(), drawn.end()).size(), drawn.size());
}

// Three sub-steps of a block are three steps of another number: noise is counted by step * substeps +
// substep.
TEST(Movers, SubstepsAreSteps) {
  const Communicator self(MPI_COMM_SELF);
  LangevinOptions rule;
  rule.step = 0.05;
  QuadraticFlow three(self, {particles(self, 9, 2, rule, 3)}), one(self, {particles(self, 9, 2, rule)});
  Stage a(steps_of(4), three, ""), b(steps_of(12), one, "");
  a.run([](const Tick&) {});
  b.run([](const Tick&) {});
  EXPECT_EQ(all_of_block(a.state(), 0), all_of_block(b.state(), 0));
  EXPECT_EQ(three.begun, (std::vector<Index>{0, 1, 2, 3}));
  EXPECT_EQ(three.ended, three.begun);
}

// A tenth of the tiles is active: a tenth moves, is counted, and costs.
TEST(MoversParallel, OnlyActiveTilesMove) {
  const Communicator comm;
  MalaOptions mala;
  for (const RuleOptions& rule :
       {RuleOptions(LangevinOptions()), RuleOptions(mala), RuleOptions(PreconditionedLangevinOptions())}) {
    QuadraticFlow flow(comm, {particles(comm, 320, 2, rule, 2)});
    flow.active_tiles = {3, 11, 12, 39};
    Stage stage(steps_of(7, 0.01), flow, "");
    WEIR_CHECK(VecSet(stage.state().vec(), 0.5) == 0);
    const Index before = counters().particle_steps;
    stage.run([](const Tick&) {});
    EXPECT_EQ(comm.sum(counters().particle_steps - before), 7 * 2 * 4 * 8);
    const auto all = all_of_block(stage.state(), 0);
    for (Index i = 0; i < 320; ++i) {
      const Index tile = i / 8;
      const bool active = tile == 3 || tile == 11 || tile == 12 || tile == 39;
      if (!active) {
        EXPECT_EQ(all[2 * i], 0.5) << i;
      } else if (!std::holds_alternative<MalaOptions>(rule)) {  // which may reject
        EXPECT_NE(all[2 * i], 0.5) << i;
      }
    }
  }
}

TEST(Movers, AStillBlockStays) {
  const Communicator self(MPI_COMM_SELF);
  QuadraticFlow flow(self, {particles(self, 9, 2, StillOptions()), particles(self, 9, 2, LangevinOptions())});
  Stage stage(steps_of(3, 0.1), flow, "");
  WEIR_CHECK(VecSet(stage.state().vec(), 0.5) == 0);
  stage.run([](const Tick&) {});
  EXPECT_EQ(all_of_block(stage.state(), 0), std::vector<Real>(18, 0.5));
  EXPECT_NE(all_of_block(stage.state(), 1), std::vector<Real>(18, 0.5));
}

struct Sampled {
  std::vector<Real> x, memory;
};

/// Particles from the origin after so many steps.
Sampled sampled(const RuleOptions& rule, Index number, Index steps, Real temperature,
                const std::vector<Real>& stiffness) {
  const Communicator self(MPI_COMM_SELF);
  QuadraticFlow flow(self, {{"particles", Partition(self, number, 64), Index(stiffness.size()), rule}});
  flow.stiffness = stiffness;
  flow.temperature_of_all = temperature;
  Stage stage(steps_of(steps), flow, "");
  stage.run([](const Tick&) {});
  return {all_of_block(stage.state(), 0), all_of_block(stage.memory(), 0)};
}

// X' = (1 - h P k) X + sqrt(2 T h P) xi: variance T / (k (1 - h P k / 2)).
TEST(Movers, PreconditionedStationaryVariances) {
  const Index number = 40000;
  const Real h = 0.2, temperature = 0.7, error = 4 * std::sqrt(2. / number);
  const std::vector<Real> k{1, 10, 0.5}, p{1, 0.2, 4};
  PreconditionedLangevinOptions rule;
  rule.step = h;
  rule.diagonal = p;
  const auto x = sampled(rule, number, 60, temperature, k).x;
  for (Index c = 0; c < 3; ++c) {
    const Real expected = temperature / (k[c] * (1 - h * p[c] * k[c] / 2));
    EXPECT_NEAR(mean_product(x, 3, c, c) / expected, 1, error) << c;
  }
}

// The scales are 1 / m, m the running mean square of the velocities; a step of noise shows them.
TEST(Movers, TheFisherEstimateRuns) {
  const Communicator self(MPI_COMM_SELF);
  PreconditionedLangevinOptions rule;
  rule.step = 0.1;
  QuadraticFlow flow(self, {particles(self, 21, 2, rule)});
  flow.stiffness = {1, 3};
  flow.temperature_of_all = 0;
  Stage stage(steps_of(30), flow, "");
  WEIR_CHECK(VecSet(stage.state().vec(), 2) == 0);
  std::vector<Real> x{2, 2}, m{0, 0};
  stage.run([](const Tick&) {});
  for (Index n = 1; n <= 30; ++n)
    for (Index c = 0; c < 2; ++c) {
      const Real v = -flow.k(c) * x[c];
      m[c] += std::max(0.05, 1 / Real(n)) * (v * v - m[c]);
      x[c] += 0.1 * v / m[c];
    }
  const auto found = all_of_block(stage.state(), 0);
  EXPECT_NEAR(found[0], x[0], 1e-12);
  EXPECT_NEAR(found[1], x[1], 1e-12);
}

// All of the estimate: X' = X + h M^-1 v, beside a plain loop that inverts 2 x 2 matrices.
TEST(Movers, TheWholeFisherEstimateRuns) {
  const Communicator self(MPI_COMM_SELF);
  const Index number = 21;
  PreconditionedLangevinOptions rule;
  rule.step = 0.1;
  rule.metric = "fisher";
  QuadraticFlow flow(self, {particles(self, number, 2, rule)});
  flow.stiffness = {1, 3};
  flow.temperature_of_all = 0;
  Stage stage(steps_of(30), flow, "");
  std::vector<Real> x(std::size_t(2 * number));
  for (Index i = 0; i < number; ++i) {
    x[std::size_t(2 * i)] = std::sin(Real(i));
    x[std::size_t(2 * i + 1)] = std::cos(2 * Real(i)) + x[std::size_t(2 * i)];
  }
  const auto host = Kokkos::create_mirror_view(BlockViews(stage.state().layout(), stage.state().vec())[0]);
  for (Index i = 0; i < number; ++i)
    for (Index c = 0; c < 2; ++c) host(c, i) = x[std::size_t(2 * i + c)];
  Kokkos::deep_copy(BlockViews(stage.state().layout(), stage.state().vec())[0], host);
  stage.run([](const Tick&) {});
  Real xx = 0, xy = 0, yy = 0;
  for (Index n = 1; n <= 30; ++n) {
    Real now[3] = {0, 0, 0};
    for (Index i = 0; i < number; ++i) {
      const Real a = -flow.k(0) * x[std::size_t(2 * i)], b = -flow.k(1) * x[std::size_t(2 * i + 1)];
      now[0] += a * a / number, now[1] += a * b / number, now[2] += b * b / number;
    }
    const Real share = std::max(0.05, 1 / Real(n));
    xx += share * (now[0] - xx), xy += share * (now[1] - xy), yy += share * (now[2] - yy);
    const Real more = 1e-6 * (xx + yy) / 2, p = xx + more, q = yy + more, determinant = p * q - xy * xy;
    for (Index i = 0; i < number; ++i) {
      Real &a = x[std::size_t(2 * i)], &b = x[std::size_t(2 * i + 1)];
      const Real va = -flow.k(0) * a, vb = -flow.k(1) * b;
      a += 0.1 * (q * va - xy * vb) / determinant;
      b += 0.1 * (p * vb - xy * va) / determinant;
    }
  }
  const auto found = all_of_block(stage.state(), 0);
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], x[k], 1e-12) << k;
}

// The noise of a step from rest has covariance 2 T h M^-1: here v v' has mean M = K S K of particles that
// start with covariance S, and X - h M^-1 K X has what is left of it.
TEST(Movers, TheWholeFisherEstimateColoursTheNoise) {
  const Communicator self(MPI_COMM_SELF);
  const Index number = 40000;
  const Real h = 0.2, temperature = 0.7, k[] = {1, 3}, error = 5 * std::sqrt(2. / number);
  PreconditionedLangevinOptions rule;
  rule.step = h;
  rule.metric = "fisher";
  QuadraticFlow flow(self, {{"particles", Partition(self, number, 64), 2, rule}});
  flow.stiffness = {k[0], k[1]};
  flow.temperature_of_all = temperature;
  Stage stage(steps_of(1), flow, "");
  const auto view = BlockViews(stage.state().layout(), stage.state().vec())[0];
  fill_normals(view, Random(7, Stream::initial_ensemble), 0, 0);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
  for (Index i = 0; i < number; ++i) host(1, i) = 0.8 * host(0, i) + 0.6 * host(1, i);
  Kokkos::deep_copy(view, host);
  std::vector<Real> start(std::size_t(2 * number));
  for (Index i = 0; i < number; ++i)
    for (Index c = 0; c < 2; ++c) start[std::size_t(2 * i + c)] = host(c, i);
  stage.run([](const Tick&) {});
  const auto x = all_of_block(stage.state(), 0);
  // M by the sample, its inverse P.
  const Real m00 = k[0] * k[0] * mean_product(start, 2, 0, 0),
             m01 = k[0] * k[1] * mean_product(start, 2, 0, 1),
             m11 = k[1] * k[1] * mean_product(start, 2, 1, 1), more = 1e-6 * (m00 + m11) / 2;
  const Real det = (m00 + more) * (m11 + more) - m01 * m01;
  const Real p00 = (m11 + more) / det, p01 = -m01 / det, p11 = (m00 + more) / det;
  std::vector<Real> noise(x.size());
  for (Index i = 0; i < number; ++i) {
    const Real va = -k[0] * start[std::size_t(2 * i)], vb = -k[1] * start[std::size_t(2 * i + 1)];
    noise[std::size_t(2 * i)] = x[std::size_t(2 * i)] - start[std::size_t(2 * i)] - h * (p00 * va + p01 * vb);
    noise[std::size_t(2 * i + 1)] =
        x[std::size_t(2 * i + 1)] - start[std::size_t(2 * i + 1)] - h * (p01 * va + p11 * vb);
  }
  const Real scale = 2 * temperature * h;
  EXPECT_NEAR(mean_product(noise, 2, 0, 0) / (scale * p00), 1, error);
  EXPECT_NEAR(mean_product(noise, 2, 1, 1) / (scale * p11), 1, error);
  EXPECT_NEAR(mean_product(noise, 2, 0, 1) / (scale * p01), 1, 2 * error);
}

TEST(Movers, TheWholeEstimateHasALimit) {
  const Communicator self(MPI_COMM_SELF);
  PreconditionedLangevinOptions rule;
  rule.metric = "fisher";
  QuadraticFlow flow(self, {particles(self, 9, 65, rule)});
  EXPECT_THROW(Stage(steps_of(1), flow, "rule"), InputError);
}

TEST(Movers, ADiagonalFitsItsBlock) {
  const Communicator self(MPI_COMM_SELF);
  PreconditionedLangevinOptions rule;
  rule.diagonal = {1, 2};
  QuadraticFlow flow(self, {particles(self, 9, 3, rule)});
  try {
    Stage(steps_of(1), flow, "train.latents.rule");
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "train.latents.rule: `diagonal` has 2 scales, and block particles has 3 components; give "
                 "one for each");
  }
}

// One step from rest without a force: the covariance of (xi_X, xi_U).
TEST(Movers, UnderdampedNoiseMoments) {
  const Index number = 200000;
  UnderdampedLangevinOptions options;
  options.step = 0.3;
  options.gamma = 0.9;
  options.eta = 2;
  const Real temperature = 0.6, rate = options.gamma * *options.eta, w = std::exp(-rate * options.step);
  const Real var_x = (2 * options.step - (3 - 4 * w + w * w) / rate) / options.gamma,
             var_u = (1 - w * w) / *options.eta, cov = (1 - w) * (1 - w) / rate;
  const UnderdampedStep step(options);
  EXPECT_NEAR(step.variance_x, var_x, 1e-14);
  EXPECT_NEAR(step.variance_u, var_u, 1e-14);
  EXPECT_NEAR(step.covariance, cov, 1e-14);

  // From the normal momenta of the start, N(0, T / eta), the moments of the step follow.
  const auto [x, u] = sampled(options, number, 1, temperature, {0});
  const Real start = temperature / *options.eta, error = 4 * std::sqrt(2. / number);
  const Real xx = step.x_u * step.x_u * start + temperature * var_x,
             uu = step.u_u * step.u_u * start + temperature * var_u,
             xu = step.x_u * step.u_u * start + temperature * cov;
  Real sum_xx = 0, sum_uu = 0, sum_xu = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum_xx += x[i] * x[i], sum_uu += u[i] * u[i], sum_xu += x[i] * u[i];
  EXPECT_NEAR(sum_xx / number / xx, 1, error);
  EXPECT_NEAR(sum_uu / number / uu, 1, error);
  EXPECT_NEAR(sum_xu / number, xu, error * std::sqrt((xx * uu + xu * xu) / 2));
}

// On a quadratic energy the step is linear: S = A S A' + Q, iterated to its fixed point.
TEST(Movers, UnderdampedStationaryCovariance) {
  const Index number = 40000;
  const Real k = 1.5, temperature = 0.6;
  UnderdampedLangevinOptions options;
  options.step = 0.3;
  options.gamma = 0.9;
  options.eta = 2;
  const UnderdampedStep step(options);
  const Real a[2][2] = {{1 - step.x_v * k, step.x_u}, {-step.u_v * k, step.u_u}};
  const Real q[2][2] = {{temperature * step.variance_x, temperature * step.covariance},
                        {temperature * step.covariance, temperature * step.variance_u}};
  Real s[2][2] = {{0, 0}, {0, 0}};
  for (int n = 0; n < 2000; ++n) {
    Real next[2][2];
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) {
        next[i][j] = q[i][j];
        for (int l = 0; l < 2; ++l)
          for (int m = 0; m < 2; ++m) next[i][j] += a[i][l] * s[l][m] * a[j][m];
      }
    std::copy(&next[0][0], &next[0][0] + 4, &s[0][0]);
  }
  const auto [x, u] = sampled(options, number, 120, temperature, {k});
  const Real error = 4 * std::sqrt(2. / number);
  Real xu = 0;
  for (std::size_t i = 0; i < x.size(); ++i) xu += x[i] * u[i] / Real(number);
  EXPECT_NEAR(mean_product(x, 1, 0, 0) / s[0][0], 1, error);
  EXPECT_NEAR(mean_product(u, 1, 0, 0) / s[1][1], 1, error);
  EXPECT_NEAR(xu, s[0][1], error * std::sqrt((s[0][0] * s[1][1] + s[0][1] * s[0][1]) / 2));
}

}  // namespace
}  // namespace weir
