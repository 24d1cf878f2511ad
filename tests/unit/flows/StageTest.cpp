#include "weir/flows/Stage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "flows/AllParticles.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {
namespace {

/// dX = -k (X - c) dt (+ noise): everything about it is known. `power` > 1: dX = -k X^power dt, which can
/// blow up.
class Linear : public Flow {
 public:
  Linear(const Communicator& comm, Index particles, Index d, Real temperature = 0,
         const RuleOptions& rule = LangevinOptions())
      : temperature_(temperature),
        layout_(std::make_shared<Layout>(
            comm, std::vector<Block>{{"particles", Partition(comm, particles, 8), d, rule}})) {}
  Real k = 1.5, c = 0.25;
  int power = 1;
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const auto from = x[0];
    const auto to = v[0];
    for (Index i = 0; i < Index(from.extent(1)); ++i)
      for (Index a = 0; a < Index(from.extent(0)); ++a) to(a, i) = -k * std::pow(from(a, i) - c, power);
  }
  Real temperature(const Moment&, Index) const override { return temperature_; }
  Real largest_temperature(Real, Real, Index) const override { return temperature_; }

 private:
  Real temperature_;
  std::shared_ptr<const Layout> layout_;
};

RuleOptions rule_of(const std::string& scheme) {
  LangevinOptions rule;
  const auto names = LangevinOptions::keys();
  if (std::find(names.begin(), names.end(), scheme) != names.end()) rule.name = scheme;
  return rule;
}
std::string solver_of(const std::string& scheme) {
  const auto names = LangevinOptions::keys();
  return std::find(names.begin(), names.end(), scheme) != names.end() ? "weir" : scheme;
}
SteppingOptions steps_to(Real end, Real step, const std::string& scheme, Index seed = 0,
                         bool single = false) {
  SteppingOptions options;
  options.end = end;
  options.step = step;
  options.solver = solver_of(scheme);
  options.seed = seed;
  options.single = single;
  return options;
}

void fill(Stage& stage, Real value) {
  WEIR_CHECK(VecSet(stage.state().vec(), value) == 0);
}

std::vector<Real> solved(const Communicator& comm, const std::string& scheme, Real step,
                         std::optional<Real> tolerance = {}, Real temperature = 0) {
  Linear flow(comm, 37, 2, temperature, rule_of(scheme));
  SteppingOptions options = steps_to(1, step, scheme, 3);
  options.tolerance = tolerance;
  Stage stage(options, flow, "time.scheme");
  fill(stage, 2);
  stage.run([](const Tick&) {});
  return testing_tools::all_particles(stage);
}

Real error_of(const std::string& scheme, Real step) {
  const Real exact = 0.25 + 1.75 * std::exp(-1.5);
  return std::fabs(solved(Communicator(MPI_COMM_SELF), scheme, step)[0] - exact);
}

TEST(Stage, OrdersOfTheSteppers) {
  const auto slope = [](const std::string& scheme, Real h) {
    return std::log2(error_of(scheme, h) / error_of(scheme, h / 2));
  };
  EXPECT_NEAR(slope("langevin", 0.02), 1, 0.1);
  EXPECT_NEAR(slope("euler", 0.02), 1, 0.1);
  EXPECT_NEAR(slope("rk", 0.1), 4, 0.1);
  EXPECT_NEAR(slope("beuler", 0.02), 1, 0.1);
  EXPECT_NEAR(slope("cn", 0.05), 2, 0.1);
}

// One implicit Euler step of a quadratic energy is the JKO step: (1 + h k)^-1 (x + h k c).
TEST(StageParallel, ImplicitEulerIsTheJkoStep) {
  const Real h = 0.5, expected = (2 + h * 1.5 * 0.25) / (1 + h * 1.5);
  Linear flow(Communicator(), 37, 2);
  Stage stage(steps_to(h, h, "beuler"), flow, "");
  fill(stage, 2);
  stage.run([](const Tick&) {});
  for (Real x : testing_tools::all_particles(stage)) EXPECT_NEAR(x, expected, 1e-9);
}

TEST(StageParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  EXPECT_EQ(solved(comm, "langevin", 0.1, {}, 0.3), solved(self, "langevin", 0.1, {}, 0.3));
  EXPECT_EQ(solved(comm, "leimkuhler_matthews", 0.1, {}, 0.3),
            solved(self, "leimkuhler_matthews", 0.1, {}, 0.3));
  for (const char* scheme : {"euler", "rk", "beuler", "cn", "bdf"})
    EXPECT_EQ(solved(comm, scheme, 0.1), solved(self, scheme, 0.1)) << scheme;
  EXPECT_EQ(solved(comm, "rk", 0.1, 1e-6), solved(self, "rk", 0.1, 1e-6));
}

TEST(Stage, AdaptiveStepsMeetTheTolerance) {
  const Real exact = 0.25 + 1.75 * std::exp(-1.5);
  EXPECT_NEAR(solved(Communicator(MPI_COMM_SELF), "rk", 0.5, 1e-9)[0], exact, 1e-7);
}

TEST(Stage, TheLastStepEndsAtTheEnd) {
  Linear flow(Communicator(MPI_COMM_SELF), 3, 1);
  Stage stage(steps_to(1, 0.3, "langevin"), flow, "");
  EXPECT_EQ(stage.planned_steps(), 4);
  std::vector<Real> times;
  stage.run([&](const Tick& tick) { times.push_back(tick.time); });
  EXPECT_EQ(times, (std::vector<Real>{0, 0.3, 0.6, 3 * 0.3, 1}));
}

/// Variance of many particles after a long time, and its own standard error.
Real stationary_variance(const std::string& scheme, Real h, Index particles) {
  Linear flow(Communicator(MPI_COMM_SELF), particles, 2, 1.0, rule_of(scheme));
  flow.k = 1;
  Stage stage(steps_to(12, h, scheme, 9, true), flow, "");
  fill(stage, 0.25);
  stage.run([](const Tick&) {});
  const ConstBlockViews x(stage.state().layout(), stage.state().vec());
  const auto covariance =
      Moments(Communicator(MPI_COMM_SELF), stage.state().layout()[0].partition, 2).covariance(x[0]);
  return 0.5 * (covariance[0] + covariance[3]);
}

// Euler-Maruyama: beta / (k (1 - k h / 2)); Leimkuhler-Matthews removes the error of order h.
TEST(Stage, StationaryVariancesOfOrnsteinUhlenbeck) {
  const Index particles = 20000;
  const Real h = 0.4, four_errors = 4 * std::sqrt(2. / (2 * particles)) * 1.25;
  EXPECT_NEAR(stationary_variance("langevin", h, particles), 1 / (1 - h / 2), four_errors);
  EXPECT_NEAR(stationary_variance("leimkuhler_matthews", h, particles), 1, four_errors);
}

/// E cos X at time 1 of dX = -X dt + sqrt(2 T) dW from X = 2, by many particles.
Real mean_cosine(const std::string& scheme, Real h, Real temperature) {
  Linear flow(Communicator(MPI_COMM_SELF), 1000000, 4, temperature, rule_of(scheme));
  flow.k = 1;
  flow.c = 0;
  Stage stage(steps_to(1, h, scheme, 9, true), flow, "");
  fill(stage, 2);
  stage.run([](const Tick&) {});
  const ConstBlockViews views(stage.state().layout(), stage.state().vec());
  const auto x = views[0];
  Real sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::cos(x.data()[i]);
  return sum / Real(x.size());
}

// The weak error of Euler-Maruyama halves with the step, for an observable that is not linear. The standard
// errors of the means are 3e-4.
TEST(Stage, WeakOrderOfEulerMaruyama) {
  const Real temperature = 0.3, variance = temperature * (1 - std::exp(-2.));
  const Real exact = std::cos(2 * std::exp(-1.)) * std::exp(-variance / 2);
  const Real coarse = mean_cosine("langevin", 0.2, temperature) - exact,
             fine = mean_cosine("langevin", 0.1, temperature) - exact;
  EXPECT_GT(std::fabs(fine), 0.01);
  EXPECT_NEAR(std::log2(coarse / fine), 1, 0.1);
}

TEST(StageParallel, AStateThatIsNotFiniteStopsAllRanks) {
  Linear flow(Communicator(), 37, 2);
  flow.k = -1;
  flow.power = 3;  // dX = (X - c)^3 dt: blows up at t = 0.16
  Stage stage(steps_to(10, 0.1, "langevin"), flow, "");
  fill(stage, 2);
  Index last_good = 0;
  try {
    stage.run([&](const Tick& tick) { last_good = tick.step; });
    FAIL() << "nothing was thrown";
  } catch (const RunError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(fmt::format("block particles is not finite after step {} (time {:g}): ",
                                       last_good + 1, 0.1 * Real(last_good + 1))),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("74 of 74 numbers"), std::string::npos) << message;
  }
}

TEST(Stage, NoiseNeedsALangevinScheme) {
  Linear flow(Communicator(MPI_COMM_SELF), 3, 1, 0.5);
  try {
    Stage stage(steps_to(1, 0.1, "rk"), flow, "simulate.time.scheme");
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_EQ(error.problems()[0].key, "simulate.time.scheme");
    EXPECT_NE(error.problems()[0].message.find("use langevin"), std::string::npos);
  }
}

TEST(StageParallel, VectorOperationsAreExact) {
  const Communicator comm, self(MPI_COMM_SELF);
  const auto norms = [](const Communicator& c) {
    const auto layout = std::make_shared<Layout>(
        c, std::vector<Block>{{"a", Partition(c, 101, 8), 3}, {"b", Partition(c, 5, 8), 1}});
    State state(layout), other(layout);
    {
      const BlockViews x(*layout, state.vec()), y(*layout, other.vec());
      for (Index b = 0; b < 2; ++b)
        for (Index i = 0; i < Index(x[b].extent(1)); ++i)
          for (Index a = 0; a < Index(x[b].extent(0)); ++a) {
            const Real id = Real((*layout)[b].partition.first_particle() + i);
            x[b](a, i) = std::sin(1 + id + 0.3 * Real(a) + Real(b));
            y[b](a, i) = std::exp(std::cos(id - Real(a)));
          }
    }
    std::vector<Real> results(5);
    VecDot(state.vec(), other.vec(), &results[0]);
    VecNorm(state.vec(), NORM_2, &results[1]);
    VecNorm(other.vec(), NORM_1, &results[2]);
    VecNorm(other.vec(), NORM_INFINITY, &results[3]);
    VecAXPY(state.vec(), 0.7, other.vec());
    VecNorm(state.vec(), NORM_2, &results[4]);
    return results;
  };
  EXPECT_EQ(norms(comm), norms(self));
  EXPECT_GT(norms(self)[1], 0);
}

}  // namespace
}  // namespace weir
