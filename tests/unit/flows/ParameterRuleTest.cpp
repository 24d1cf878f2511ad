#include <gtest/gtest.h>

#include <cmath>

#include "weir/flows/Stage.hpp"
#include "weir/parallel/Gather.hpp"

namespace weir {
namespace {

constexpr Index parameters = 1003;

/// f = sum_i c_i (theta_i - a_i)^2 / 2, with curvatures from .5 to 2.
Real curvature(Index i) {
  return 0.5 + 1.5 * Real(i % 7) / 6;
}
Real minimum(Index i) {
  return std::sin(Real(i));
}

class Bowl : public Flow {
 public:
  Bowl(const Communicator& comm, const RuleOptions& rule)
      : layout_(std::make_shared<Layout>(
            comm, std::vector<Block>{parameter_block(comm, "parameters", parameters, rule)})) {}
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const Index first = (*layout_)[0].partition.first_particle();
    for (Index i = 0; i < Index(x[0].extent(1)); ++i)
      v[0](0, i) = -curvature(first + i) * (x[0](0, i) - minimum(first + i));
  }

 private:
  std::shared_ptr<const Layout> layout_;
};

struct Trained {
  std::vector<Real> last, learned;
};

Trained trained(const Communicator& comm, const ParameterRuleOptions& rule, Index steps) {
  Bowl flow(comm, rule);
  SteppingOptions stepping;
  stepping.end = Real(steps);
  stepping.step = 1;
  Stage stage(stepping, flow, "rule");
  stage.run([](const Tick&) {});
  Gather gather(comm, (*flow.layout())[0].partition, 1);
  Trained result;
  const auto learned = stage.learned(0);
  const Real* values = gather(learned).data();
  result.learned.assign(values, values + parameters);
  const ConstBlockViews state(*flow.layout(), stage.state().vec());
  values = gather(state[0]).data();
  result.last.assign(values, values + parameters);
  return result;
}

/// The formulas of the header, one parameter at a time.
Trained plain(const ParameterRuleOptions& rule, Index steps) {
  std::vector<Real> theta(parameters, 0), m(parameters, 0), s(parameters, 0), mean(parameters, 0);
  for (Index n = 1; n <= steps; ++n) {
    std::vector<Real> g(parameters);
    Real square = 0;
    for (Index i = 0; i < parameters; ++i) {
      g[i] = curvature(i) * (theta[i] - minimum(i));
      square += g[i] * g[i];
    }
    const Real shorten = rule.clip && std::sqrt(square) > *rule.clip ? *rule.clip / std::sqrt(square) : 1;
    Real rate = rule.rate;
    if (n < rule.warm_up) rate *= Real(n) / Real(rule.warm_up);
    if (rule.schedule == "cosine") rate *= 0.5 * (1 + std::cos(M_PI * Real(n - 1) / Real(steps)));
    for (Index i = 0; i < parameters; ++i) {
      const Real gradient = shorten * g[i], old = theta[i];
      Real move = gradient;
      s[i] = 0.999 * s[i] + 0.001 * gradient * gradient;
      if (rule.name == "momentum") move = m[i] = 0.9 * m[i] + gradient;
      if (rule.name == "rmsprop") move = gradient / (std::sqrt(s[i]) + 1e-8);
      if (rule.name == "adam") {
        m[i] = 0.9 * m[i] + 0.1 * gradient;
        move =
            m[i] / (1 - std::pow(0.9, Real(n))) / (std::sqrt(s[i] / (1 - std::pow(0.999, Real(n)))) + 1e-8);
      }
      theta[i] = old - rate * move - rate * rule.decay * old;
      if (rule.average)
        mean[i] += (1 - std::min(*rule.average, Real(n) / Real(n + 9))) * (theta[i] - mean[i]);
    }
  }
  return {theta, rule.average ? mean : theta};
}

std::vector<ParameterRuleOptions> several_rules() {
  std::vector<ParameterRuleOptions> rules;
  for (const auto& name : ParameterRuleOptions::keys()) {
    ParameterRuleOptions rule;
    rule.name = name;
    rule.rate = 0.05;
    rules.push_back(rule);
    rule.clip = 2;
    rule.decay = 0.1;
    rule.schedule = "cosine";
    rule.warm_up = 4;
    rule.average = 0.9;
    rules.push_back(rule);
  }
  return rules;
}

TEST(ParameterRule, FollowsItsFormula) {
  for (const auto& rule : several_rules()) {
    const Trained found = trained(Communicator(MPI_COMM_SELF), rule, 13), expected = plain(rule, 13);
    for (Index i = 0; i < parameters; ++i) {
      EXPECT_NEAR(found.last[i], expected.last[i], 1e-13) << rule.name << i;
      EXPECT_NEAR(found.learned[i], expected.learned[i], 1e-13) << rule.name << i;
    }
  }
}

TEST(ParameterRule, FindsTheMinimum) {
  for (auto rule : several_rules()) {
    if (rule.decay > 0) continue;
    const Trained found = trained(Communicator(MPI_COMM_SELF), rule, 400);
    for (Index i = 0; i < parameters; ++i) EXPECT_NEAR(found.last[i], minimum(i), 0.05) << rule.name;
  }
}

TEST(ParameterRuleParallel, IsTheSameOnAnyNumberOfRanks) {
  for (const auto& rule : several_rules()) {
    const Trained here = trained(Communicator(), rule, 7),
                  alone = trained(Communicator(MPI_COMM_SELF), rule, 7);
    EXPECT_EQ(here.last, alone.last) << rule.name;
    EXPECT_EQ(here.learned, alone.learned) << rule.name;
  }
}

}  // namespace
}  // namespace weir
