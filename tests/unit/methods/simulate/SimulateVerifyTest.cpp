// simulate against closed forms: whole runs, from a deck to its summary.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "methods/simulate/Simulation.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// The recursion of Euler-Maruyama for mean and variance of dX = -a X - b (X - mean) with temperature beta,
/// exact.
struct LinearMoments {
  Real mean, variance;
  void step(Real h, Real a, Real b, Real beta) {
    mean *= 1 - h * a;
    variance = (1 - h * (a + b)) * (1 - h * (a + b)) * variance + 2 * beta * h;
  }
};

TEST(SimulateVerify, MomentsOfOrnsteinUhlenbeckWithAttraction) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: verify, seed: 5}
simulate:
  initial: {particles: 40000, dimension: 2, normal: {mean: [1.0, -1.0], covariance: 0.5}}
  energy: {potential: {quadratic: {stiffness: 2.0}}, interaction: {quadratic: {stiffness: 0.5}}, entropy: 0.1}
  time: {step: 0.02, end: 0.6}
)");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  LinearMoments expected{1, 0.5};
  for (int n = 0; n < 30; ++n) expected.step(0.02, 2, 0.5, 0.1);
  const Real error = 4 / std::sqrt(40000.);
  EXPECT_EQ(summary["steps"], 30);
  EXPECT_NEAR(summary["mean/0"], expected.mean, error * std::sqrt(expected.variance + 0.5));
  EXPECT_NEAR(summary["mean/1"], -expected.mean, error * std::sqrt(expected.variance + 0.5));
  EXPECT_NEAR(summary["covariance/0/0"], expected.variance, error * std::sqrt(2.) * 0.5);
  EXPECT_NEAR(summary["covariance/1/0"], 0, error * 0.5);
  // F = 1/2 tr(A (S + m m')) + 1/2 tr(B S) - beta/2 log det(2 pi e S)
  const Real s = expected.variance, m = expected.mean;
  const Real energy =
      0.5 * 2 * 2 * (s + m * m) + 0.5 * 0.5 * 2 * s - 0.1 * std::log(2 * M_PI * std::exp(1.) * s);
  EXPECT_NEAR(summary["free_energy"], energy, 0.02);
}

// Few particles: Var(x_i) = beta/(a+b) (1 - 1/N) + beta/(a N), each beta/k with the Euler-Maruyama factor
// 1/(1 - k h/2); the mean of all: Var(xbar) = beta/(a N). Components are independent, so 300 of them and many
// times make the average.
TEST(SimulateVerify, VarianceOfFewParticles) {
  const Index d = 300;
  SimulateOptions options;
  options.initial.particles = 8;
  options.initial.dimension = d;
  options.initial.law = NormalOptions{Real(0), MatrixValue(0.36)};
  QuadraticOptions potential, interaction;
  interaction.stiffness = MatrixValue(0.5);
  options.energy.potential = {{potential, ""}};
  options.energy.interaction = {{interaction, ""}};
  options.energy.entropy.coefficient = 0.5;
  options.time.end = 80;
  options.time.step = 0.01;
  RunOptions run;
  run.seed = 3;
  Simulation simulation(options, Communicator(MPI_COMM_SELF), run);
  Real sum = 0, samples = 0, sum_of_means = 0;
  simulation.run([&](const Tick& tick, const MatrixRef<const Real>& x) {
    if (tick.step < 1000 || tick.step % 100 != 0) return;
    for (Index c = 0; c < d; ++c) {
      Real mean = 0;
      for (Index i = 0; i < 8; ++i) {
        sum += x(c, i) * x(c, i);
        mean += x(c, i) / 8;
      }
      sum_of_means += mean * mean;
    }
    samples += 8 * Real(d);
  });
  EXPECT_NEAR(sum / samples, 0.35668,
              4 * 0.35668 * std::sqrt(2 * 3 / samples));  // neighbouring samples are correlated: a factor 3
  const Real of_mean = 0.5 / 8 / (1 - 0.01 / 2);
  EXPECT_NEAR(sum_of_means * 8 / samples, of_mean, 4 * of_mean * std::sqrt(2 * 3 * 8 / samples));
}

// The porous medium by blobs, against Barenblatt's solution.
TEST(SimulateVerify, PorousMediumFollowsBarenblatt) {
  struct Case {
    Index d;
    std::string exponent, bandwidth;
  };
  for (const auto& [d, exponent, bandwidth] :
       {Case{1, "2", "0.06"}, Case{2, "2", "0.12"}, Case{1, "3", "0.06"}, Case{2, "3", "0.12"}}) {
    const SharedFolder folder;
    const Outcome outcome = run_deck_text(
        folder, R"(weir: 1
run: {name: verify, seed: 5}
simulate:
  initial: {particles: 600, dimension: 2, barenblatt: {exponent: 2, time: 1.0}}
  energy: {power: {exponent: 2, bandwidth: 0.12}}
  time: {start: 1.0, step: 0.02, end: 2.0, scheme: rk}
  metrics: [second_moment, internal_energy, mean]
)",
        {"simulate.initial.dimension=" + std::to_string(d),
         "simulate.initial.barenblatt.exponent=" + exponent, "simulate.energy.power.exponent=" + exponent,
         "simulate.energy.power.bandwidth=" + bandwidth});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const auto summary = summary_of(folder / "out");
    const Real expected = barenblatt_second_moment(std::stod(exponent), d, 2);
    EXPECT_NEAR(summary["second_moment"], expected, 0.02 * expected) << d << " " << exponent;
    EXPECT_NEAR(summary["mean/0"], 0, 1e-2);
  }
  EXPECT_NEAR(barenblatt_second_moment(2, 2, 4) / barenblatt_second_moment(2, 2, 1), 2, 1e-12);
}

// u = t^-a (C - k r^2 t^(-2a/d))_+^(1/(m-1)), as it stands in the literature, by a sum over shells.
TEST(SimulateVerify, BarenblattHasUnitMass) {
  for (const Real m : {1.5, 2., 3.})
    for (const Index d : {1, 2, 3}) {
      const Real t = 1.7, dims = Real(d), a = dims / (dims * (m - 1) + 2), k = a * (m - 1) / (2 * m * dims);
      const Real radius = barenblatt_radius(m, d, t), spread = std::pow(t, -2 * a / dims);
      const Real constant = k * radius * radius * spread;  // C: there u ends
      const Real sphere = 2 * std::pow(M_PI, dims / 2) / std::tgamma(dims / 2);
      constexpr int shells = 200000;
      Real mass = 0, second_moment = 0;
      for (int n = 0; n < shells; ++n) {
        const Real r = (n + 0.5) * radius / shells;
        const Real u = std::pow(t, -a) * std::pow(constant - k * r * r * spread, 1 / (m - 1));
        const Real here = u * sphere * std::pow(r, dims - 1) * radius / shells;
        mass += here;
        second_moment += r * r * here;
      }
      EXPECT_NEAR(mass, 1, 1e-6) << m << " " << d;
      EXPECT_NEAR(second_moment, barenblatt_second_moment(m, d, t), 1e-6) << m << " " << d;
    }
}

// Without noise the free energy never rises.
TEST(SimulateVerify, EnergyDissipates) {
  SimulateOptions options;
  options.initial.particles = 150;
  options.initial.dimension = 2;
  options.initial.law = UniformOptions{};
  options.energy.potential = {{FunctionalOptions{"styblinski_tang"}, ""}};
  options.energy.interaction = {{PowerLawOptions{{1, 2, 1}, {}}, ""}, {GaussianOptions{{1, 0.5}, {}}, ""}};
  options.energy.entropy = {0.2, "blob", 0.3};
  options.time.end = 0.5;
  options.time.step = 0.005;
  options.time.scheme = "rk";
  Simulation simulation(options, Communicator(MPI_COMM_SELF), RunOptions());
  Real before = HUGE_VAL, first = 0;
  simulation.run([&](const Tick& tick, const MatrixRef<const Real>& x) {
    const Real now = simulation.energy().energy(tick.time, x).total();
    EXPECT_LE(now, before + 1e-9 * std::fabs(now)) << tick.step;
    if (tick.step == 0) first = now;
    before = now;
  });
  EXPECT_LT(before, first - 1);
}

// A potential that moves: dX = -(X - sin t) dt has X(t) = (sin t - cos t)/2 + (X0 + 1/2) e^-t.
TEST(SimulateVerify, APotentialThatMovesInTime) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: verify}
simulate:
  initial: {particles: 5, dimension: 1, normal: {mean: 1, covariance: 0}}
  energy: {potential: {expression: (x0 - sin(t))^2 / 2}}
  time: {step: 0.05, end: 2, scheme: rk}
  metrics: [mean]
)");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_NEAR(summary_of(folder / "out")["mean/0"], (std::sin(2.) - std::cos(2.)) / 2 + 1.5 * std::exp(-2.),
              1e-6);
}

}  // namespace
}  // namespace weir
