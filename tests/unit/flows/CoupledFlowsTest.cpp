// Flows of particles and parameters with known answers: what `together` and `in_turn` mean.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "flows/QuadraticFlow.hpp"
#include "weir/parallel/Gather.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {
namespace {

using namespace testing_tools;

// The toy hierarchical model: x_d ~ N(theta, 1), y_d ~ N(x_d, 1), d = 1 .. D, with N particles. For y = 0
//
//     d theta = (sum_d mean_n x_d^n - D theta) dt,   dx_d = (theta - 2 x_d) dt + sqrt(2) dW
//
// The mean m of all x and theta are a linear system of their own.
class Hierarchical : public Flow {
 public:
  Hierarchical(const Communicator& comm, Index d, Index n, Real noise)
      : d_(d),
        n_(n),
        noise_(noise),
        sum_(comm, Partition(comm, d, 64, n), 1),
        gather_(comm, Partition(comm, 1, 256), 1) {
    layout_ = std::make_shared<Layout>(
        comm, std::vector<Block>{{"particles", Partition(comm, d, 64, n), 1, LangevinOptions()},
                                 parameter_block(comm, "theta", 1, LangevinOptions())});
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  Real temperature(const Moment&, Index block) const override { return block == 0 ? noise_ : 0; }
  void velocity(const Moment&, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const auto particles = x[0];
    if (x.version(1) != version_) theta_ = gather_(x[1])(0, 0), version_ = x.version(1), ++gathers;
    if (wanted.has(0))
      for (Index i = 0; i < Index(particles.extent(1)); ++i) v[0](0, i) = theta_ - 2 * particles(0, i);
    if (!wanted.has(1)) return;
    const Real mean = sum_(
                          "", "x",
                          KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
                            for (Index i = tile.first; i < tile.first + tile.count; ++i)
                              sum[0] += particles(0, i);
                          })[0] /
                      Real(d_ * n_);
    for (Index i = 0; i < Index(v[1].extent(1)); ++i) v[1](0, i) = Real(d_) * (mean - theta_);
  }
  Index gathers = 0;

 private:
  Index d_, n_;
  Real noise_, theta_ = 0;
  Index version_ = 0;
  TileSum sum_;
  Gather gather_;
  std::shared_ptr<const Layout> layout_;
};

struct Means {
  Real m, theta;
};
Means means_of(Stage& stage) {
  Means means{0, all_of_block(stage.state(), 1)[0]};
  const auto x = all_of_block(stage.state(), 0);
  for (const Real value : x) means.m += value / Real(x.size());
  return means;
}

/// From m and theta (the same m for all particles) so many steps further.
Means stepped(StepOrder order, Real h, Index steps, Means from, Real noise = 0) {
  Hierarchical flow(Communicator(), 100, 10, noise);
  Stage stage(steps_of(steps, h, order), flow, "");
  {
    const BlockViews views(*flow.layout(), stage.state().vec());
    Kokkos::deep_copy(views[0], from.m);
    Kokkos::deep_copy(views[1], from.theta);
  }
  stage.run([](const Tick&) {});
  return means_of(stage);
}

/// Stationary variance of theta, by the exact recursion of the moments: S = A S A' + Q. The scheme's own
/// steps give A, and where the noise goes.
Real stationary_variance(StepOrder order, Real h) {
  const Means of_m = stepped(order, h, 1, {1, 0}), of_theta = stepped(order, h, 1, {0, 1}),
              of_noise = stepped(order, h, 1, {0, 0}, 1);
  const Real a[2][2] = {{of_m.m, of_theta.m}, {of_m.theta, of_theta.theta}};
  const Real variance = 2 * h / (100 * 10), share = of_noise.theta / of_noise.m;
  const Real q[2][2] = {{variance, share * variance}, {share * variance, share * share * variance}};
  std::array<std::array<Real, 2>, 2> s{};
  for (int n = 0; n < 20000; ++n) {
    auto next = s;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) {
        next[i][j] = q[i][j];
        for (int k = 0; k < 2; ++k)
          for (int l = 0; l < 2; ++l) next[i][j] += a[i][k] * s[k][l] * a[j][l];
      }
    s = next;
  }
  return s[1][1];
}

TEST(CoupledFlowsParallel, HierarchicalStationaryVariances) {
  const Real h = 0.75 / 102, D = 100, N = 10;
  const Real closed_form =
      2 * (1 - h) * (2 - D * h) / (N * (D + 2 - D * h) * (D * h * h - 2 * (D + 2) * h + 4));
  EXPECT_NEAR(closed_form, 9.8964e-4, 5e-9);
  EXPECT_NEAR(stationary_variance(StepOrder::together, h) / closed_form, 1, 1e-9);
  EXPECT_NEAR(stationary_variance(StepOrder::in_turn, h), 9.9687e-4, 5e-9);
}

TEST(CoupledFlowsParallel, HierarchicalStabilityLimits) {
  const auto grows = [](StepOrder order, Real multiple) {
    const Means end = stepped(order, multiple / 102, 4000, {1, 1});
    return !(std::fabs(end.theta) < 1);
  };
  for (const Real stable : {0.75, 2.0}) EXPECT_FALSE(grows(StepOrder::together, stable)) << stable;
  EXPECT_TRUE(grows(StepOrder::together, 2.05));
  for (const Real stable : {0.75, 2.05}) EXPECT_FALSE(grows(StepOrder::in_turn, stable)) << stable;
  EXPECT_TRUE(grows(StepOrder::in_turn, 2.08));
}

TEST(CoupledFlows, HierarchicalParticlesHaveThatVariance) {
  for (const StepOrder order : {StepOrder::together, StepOrder::in_turn}) {
    const Real h = 0.75 / 102;
    Hierarchical flow(Communicator(MPI_COMM_SELF), 100, 10, 1);
    Stage stage(steps_of(100000, h, order), flow, "");
    Real square = 0;
    Index count = 0;
    stage.run([&](const Tick& tick) {
      if (tick.step < 1000) return;
      const ConstBlockViews views(*flow.layout(), stage.state().vec());
      square += views[1](0, 0) * views[1](0, 0);
      ++count;
    });
    // Some 700 independent thetas: a standard error of five percent.
    EXPECT_NEAR(square / Real(count) / 9.9e-4, 1, 0.2);
    EXPECT_EQ(flow.gathers, 100000);  // once after each change of theta
  }
}

// The linear-Gaussian energy E = (x - w z)^2 / (2 s2) + z^2 / 2 of data +-sqrt 2: latents of the data and a
// pool of joint negatives descend, w ascends. Unadjusted Langevin of step h samples a law that is too wide,
// so that the fixed point is known: unbiased w = sqrt(data variance - s2) = 1.224745.
class LinearGaussian : public Flow {
 public:
  static constexpr Real s2 = 0.5;
  LinearGaussian(const Communicator& comm, const RuleOptions& latents, const RuleOptions& negatives,
                 Real rate, Index data = 1024, Index pool = 4096)
      : data_(data),
        pool_(pool),
        of_data_(comm, Partition(comm, data, 64, 2), 1),
        of_pool_(comm, Partition(comm, pool, 64), 1),
        gather_(comm, Partition(comm, 1, 256), 1) {
    ParameterRuleOptions euler;
    euler.name = "euler";
    euler.rate = rate;
    Block joint{"negatives", Partition(comm, pool, 64), 2, negatives, 3};
    joint.parts = {1, 1};
    layout_ = std::make_shared<Layout>(
        comm, std::vector<Block>{{"latents", Partition(comm, data, 64, 2), 1, latents, 2},
                                 joint,
                                 parameter_block(comm, "w", 1, euler)});
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  Real temperature(const Moment&, Index block) const override { return block < 2 ? 1 : 0; }
  /// Datum number of a latent particle: two of them a row, neighbours of different sign.
  static KOKKOS_INLINE_FUNCTION Real datum(Index particle) {
    return particle / 2 % 2 ? 1.4142135623730951 : -1.4142135623730951;  // sqrt(2)
  }

  void velocity(const Moment&, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override {
    if (x.version(2) != version_) w_ = gather_(x[2])(0, 0), version_ = x.version(2);
    const Index first = (*layout_)[0].partition.first_particle();
    const Real w = w_;
    const auto z = x[0], xz = x[1];
    const bool asks = energies.extent(0) > 0;
    for (Index i = 0; wanted.has(0) && i < Index(z.extent(1)); ++i) {
      const Real error = datum(first + i) - w * z(0, i);
      v[0](0, i) = w * error / s2 - z(0, i);
      if (asks) energies(i) = error * error / (2 * s2) + z(0, i) * z(0, i) / 2;
    }
    for (Index i = 0; wanted.has(1) && i < Index(xz.extent(1)); ++i) {
      const Real error = xz(0, i) - w * xz(1, i);
      v[1](0, i) = -error / s2;
      v[1](1, i) = w * error / s2 - xz(1, i);
      if (asks) energies(i) = error * error / (2 * s2) + xz(1, i) * xz(1, i) / 2;
    }
    if (!wanted.has(2)) return;
    // dE/dw = -(x - w z) z / s2
    const Real positive = of_data_(
                              "", "dE/dw",
                              KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
                                for (Index i = tile.first; i < tile.first + tile.count; ++i)
                                  sum[0] -= (datum(first + i) - w * z(0, i)) * z(0, i) / s2;
                              })[0] /
                          Real(2 * data_);
    const Real negative = of_pool_(
                              "", "dE/dw",
                              KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
                                for (Index i = tile.first; i < tile.first + tile.count; ++i)
                                  sum[0] -= (xz(0, i) - w * xz(1, i)) * xz(1, i) / s2;
                              })[0] /
                          Real(pool_);
    for (Index i = 0; i < Index(v[2].extent(1)); ++i) v[2](0, i) = negative - positive;  // ascends
  }

 private:
  Index data_, pool_;
  TileSum of_data_, of_pool_;
  Gather gather_;
  Real w_ = 0;
  Index version_ = 0;
  std::shared_ptr<const Layout> layout_;
};

RuleOptions langevin_of(Real step) {
  LangevinOptions rule;
  rule.step = step;
  return rule;
}
RuleOptions mala_of(Real step) {
  MalaOptions rule;
  rule.step = step;
  return rule;
}

Real trained_w(const RuleOptions& latents, const RuleOptions& negatives) {
  LinearGaussian flow(Communicator(MPI_COMM_SELF), latents, negatives, 0.02);
  Stage stage(steps_of(3000, 1, StepOrder::in_turn), flow, "");
  Kokkos::deep_copy(BlockViews(*flow.layout(), stage.state().vec())[2], 1.2);
  Real sum = 0;
  Index count = 0;
  stage.run([&](const Tick& tick) {
    if (tick.step < 600) return;
    sum += ConstBlockViews(*flow.layout(), stage.state().vec())[2](0, 0);
    ++count;
  });
  return sum / Real(count);
}

TEST(CoupledFlows, LinearGaussianFixedPoints) {
  EXPECT_NEAR(trained_w(langevin_of(0.05), langevin_of(0.05)), 1.23000, 0.005);
  EXPECT_NEAR(trained_w(langevin_of(0.1), langevin_of(0.1)), 1.25455, 0.005);
  EXPECT_NEAR(trained_w(langevin_of(0.1), langevin_of(0.02)), 1.09970, 0.005);
  EXPECT_NEAR(trained_w(mala_of(0.1), mala_of(0.1)), 1.224745, 0.005);
}

/// Everything after some iterations with three rules: mala, preconditioned Langevin and Euler.
std::vector<Real> small_run(const Communicator& comm, bool interrupted) {
  PreconditionedLangevinOptions negatives;
  negatives.step = 0.05;
  MalaOptions latents;
  latents.target = 0.75;
  LinearGaussian flow(comm, latents, negatives, 0.02, 333, 517);
  const SteppingOptions options = steps_of(8, 1, StepOrder::in_turn);
  Stage stage(options, flow, "");
  Kokkos::deep_copy(BlockViews(*flow.layout(), stage.state().vec())[2], 1.2);
  Tick last{0, 0};
  stage.run_while([&](const Tick& tick) {
    last = tick;
    return !interrupted || tick.step < 5;
  });
  if (!interrupted) return everything(stage);
  Stage again(options, flow, "");
  carry_over(stage, again, last);
  again.run([](const Tick&) {});
  return everything(again);
}

TEST(CoupledFlowsParallel, AreTheSameOnAnyNumberOfRanksAndAfterARestart) {
  const auto alone = small_run(Communicator(MPI_COMM_SELF), false);
  EXPECT_EQ(small_run(Communicator(), false), alone);
  EXPECT_EQ(small_run(Communicator(), true), alone);
}

// A datum and its replicas have one owner.
TEST(CoupledFlowsParallel, RowsAndTheirReplicasLieTogether) {
  const Communicator comm;
  const Partition latents(comm, 333, 64, 5), data = latents.of_rows();
  EXPECT_EQ(latents.tile_rows(), 12);
  EXPECT_EQ(data.first_row(), latents.first_row());
  EXPECT_EQ(data.local_particles() * 5, latents.local_particles());
  EXPECT_EQ(data.tiles(), latents.tiles());
}

}  // namespace
}  // namespace weir
