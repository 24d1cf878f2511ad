// Metropolis-adjusted Langevin against laws that are known by quadrature.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "flows/QuadraticFlow.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// Particles in a double well, E = 2 (x^2 - 1)^2, which do not know of each other.
class DoubleWell : public QuadraticFlow {
 public:
  DoubleWell(const Communicator& comm, Index number, const RuleOptions& rule, Index substeps)
      : QuadraticFlow(comm, {{"particles", Partition(comm, number, 64), 1, rule, substeps}}) {}
  static Real energy(Real x) { return 2 * (x * x - 1) * (x * x - 1); }
  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override {
    const auto from = x[0];
    const auto to = v[0];
    for (Index i = 0; i < Index(from.extent(1)); ++i) {
      to(0, i) = -8 * from(0, i) * (from(0, i) * from(0, i) - 1);
      if (energies.extent(0) > 0) energies(i) = energy(from(0, i));
    }
    ++velocities;
  }
};

/// E f under exp(-E / T), by the trapezoidal rule.
Real expected(const std::function<Real(Real)>& f, Real temperature) {
  Real sum = 0, mass = 0;
  for (Real x = -4; x <= 4; x += 1e-3) {
    const Real weight = std::exp(-DoubleWell::energy(x) / temperature);
    sum += weight * f(x);
    mass += weight;
  }
  return sum / mass;
}

struct Estimate {
  Real mean, error;
};
Estimate of_square(const std::vector<Real>& x) {
  Real mean = 0, square = 0;
  for (const Real value : x) {
    mean += value * value / Real(x.size());
    square += value * value * value * value / Real(x.size());
  }
  return {mean, std::sqrt((square - mean * mean) / Real(x.size()))};
}

constexpr Real temperature = 0.8, step = 0.03;
constexpr Index number = 40000, steps = 60;

std::vector<Real> sampled(const RuleOptions& rule) {
  DoubleWell flow(Communicator(MPI_COMM_SELF), number, rule, 4);
  flow.temperature_of_all = temperature;
  Stage stage(steps_of(steps), flow, "");
  {
    const BlockViews views(*flow.layout(), stage.state().vec());
    for (Index i = 0; i < number; ++i) views[0](0, i) = i % 2 ? 1 : -1;
  }
  stage.run([](const Tick&) {});
  return all_of_block(stage.state(), 0);
}

TEST(Mala, SamplesADoubleWellWhereLangevinDoesNot) {
  const Real truth = expected([](Real x) { return x * x; }, temperature);
  MalaOptions mala;
  mala.step = step;
  LangevinOptions langevin;
  langevin.step = step;
  const Estimate exact = of_square(sampled(mala)), biased = of_square(sampled(langevin));
  EXPECT_NEAR(exact.mean, truth, 4 * exact.error);
  EXPECT_GT(std::fabs(biased.mean - truth), 10 * biased.error);
}

/// The step is adapted to the target, or stays.
Metrics report_of(const Communicator& comm, std::optional<Real> target, Index& velocities) {
  MalaOptions mala;
  mala.step = Real(0.5);
  mala.target = target;
  DoubleWell flow(comm, 1000, mala, 3);
  Stage stage(steps_of(400), flow, "");
  stage.run([](const Tick&) {});
  velocities = flow.velocities;
  return stage.rule_report();
}

TEST(MalaParallel, AdaptsItsStep) {
  Index velocities = 0;
  const Metrics report = report_of(Communicator(), 0.6, velocities);
  ASSERT_EQ(report.size(), 2u);
  EXPECT_EQ(report[0].first, "particles_acceptance");
  EXPECT_NEAR(report[0].second, 0.6, 0.06);
  EXPECT_EQ(report[1].first, "particles_step_factor");
  EXPECT_LT(report[1].second, 0.9);
  // An accepted proposal brings its velocity along: four evaluations for three sub-steps.
  EXPECT_EQ(velocities, 400 * 4);
  EXPECT_EQ(report_of(Communicator(MPI_COMM_SELF), 0.6, velocities), report);
  EXPECT_EQ(report_of(Communicator(), {}, velocities)[1].second, 1);
}

TEST(Mala, ProposalsWithoutAnEnergyAreRejected) {
  class Wall : public DoubleWell {
   public:
    using DoubleWell::DoubleWell;
    void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                  const VectorRef<Real>& energies) override {
      DoubleWell::velocity(moment, wanted, x, v, energies);
      for (Index i = 0; i < Index(energies.extent(0)); ++i)
        if (x[0](0, i) > 1) energies(i) = i % 2 ? NAN : INFINITY;
    }
  };
  MalaOptions mala;
  mala.step = Real(0.3);
  Wall flow(Communicator(MPI_COMM_SELF), 500, mala, 1);
  Stage stage(steps_of(50), flow, "");
  stage.run([](const Tick&) {});
  for (const Real x : all_of_block(stage.state(), 0)) EXPECT_LE(x, 1);
}

TEST(Mala, StepsFitTheParts) {
  const Communicator self(MPI_COMM_SELF);
  MalaOptions mala;
  mala.step = VectorValue({0.1, 0.2, 0.3});
  Block block{"pool", Partition(self, 9, 8), 3, mala};
  block.parts = {2, 1};
  QuadraticFlow flow(self, {block});
  try {
    Stage(steps_of(1), flow, "train.negatives.rule");
    FAIL() << "nothing was thrown";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "train.negatives.rule: `step` has 3 entries, and block pool has 2 parts; give one step, or "
                 "one for each "
                 "part");
  }
}

}  // namespace
}  // namespace weir
