// The training of a trajectory: its parts against their definitions, gradients against differences of the
// loss, and no trace of ranks.
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "methods/learn_energies/trajectory/TrajectoryInteraction.hpp"
#include "methods/learn_energies/trajectory/TrajectoryLikelihood.hpp"
#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "methods/learn_energies/trajectory/TrajectoryScore.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// Three snapshots of different sizes, at uneven times; a trajectory of 21 particles.
class Data {
 public:
  explicit Data(const Communicator& comm, Index dimension = 2) : particles(comm, 21, 8) {
    for (Index k = 0; k < 3; ++k) {
      Ensemble ensemble(comm, 43 - 7 * k, dimension, 8);
      fill_normals(ensemble.x, Random(3, Stream::initial_ensemble), ensemble.partition.first_particle(), k);
      snapshots.push_back(ensemble);
    }
  }
  std::vector<Real> times{0.25, 0.5, 1.2};
  std::vector<Ensemble> snapshots;
  Partition particles;
};

TrajectoryModelOptions small_model(const char* residual, bool time, bool entropy, Index steps) {
  TrajectoryModelOptions options;
  options.residual = residual;
  options.steps = steps;
  options.weight = 0.7;
  options.potential->hidden = {7, 5};
  options.potential->time = time;
  if (entropy) options.entropy = 0.2;
  options.train_entropy = entropy;
  options.train_bandwidth = true;
  options.potential->embedding.frequencies = time ? 2 : 0;
  return options;
}

TrajectoryModelOptions with_interaction(TrajectoryModelOptions options, const char* statistic,
                                        IndexOrWord sources) {
  options.interaction.emplace();
  options.interaction->hidden = {6, 4};
  options.interaction->statistic = statistic;
  options.interaction->sources = sources;
  return options;
}

/// All blocks of all ranks, one after the other.
std::vector<Real> gathered(const Layout& layout, Vec vec) {
  std::vector<Real> all;
  const ConstBlockViews views(layout, vec);
  for (Index b = 0; b < layout.blocks(); ++b) {
    const auto bytes = layout.comm().all_gather(views[b].data(), Index(views[b].size() * sizeof(Real)));
    const auto* values = reinterpret_cast<const Real*>(bytes.data());
    all.insert(all.end(), values, values + bytes.size() / sizeof(Real));
  }
  return all;
}

/// A training at its first parameters and a trajectory that meets no equation.
class Point {
 public:
  Point(const TrajectoryModelOptions& options, const Data& data, const RunOptions& run)
      : training(make_trajectory_training(options, TimeGrid(data.times, options.steps), data.snapshots,
                                          data.particles, run)),
        layout(*training->layout()),
        state(training->layout()),
        velocity_(training->layout()) {
    const BlockViews views(layout, state.vec());
    const auto x = views[TrajectoryTraining::trajectory];
    fill_normals(x, Random(5, Stream::initial_ensemble), data.particles.first_particle(), 0);
    training->initialise(views[TrajectoryTraining::parameters]);
  }

  std::vector<Real> velocity() {
    training->velocity({}, BlockSet::all(2), ConstBlockViews(layout, state.vec()),
                       BlockViews(layout, velocity_.vec()), {});
    return gathered(layout, velocity_.vec());
  }
  TrajectoryTraining::Loss loss() {
    const ConstBlockViews views(layout, state.vec());
    return training->loss(views[TrajectoryTraining::trajectory], views[TrajectoryTraining::parameters]);
  }
  /// Of one rank only: number `n` of the state.
  void shift(Index n, Real by) {
    const BlockViews views(layout, state.vec());
    const Index size = Index(views[0].size());
    (n < size ? views[0].data()[n] : views[1].data()[n - size]) += by;
  }

  std::unique_ptr<TrajectoryTraining> training;
  const Layout& layout;
  State state;

 private:
  State velocity_;
};

TEST(TrajectoryTraining, CutsIntervalsInProportion) {
  const TimeGrid grid({0, 0.1, 0.4, 1}, 10);
  EXPECT_EQ(grid.snapshot_knots, (std::vector<Index>{0, 1, 4, 10}));
  ASSERT_EQ(grid.knots(), 11);
  for (Index j = 0; j < 11; ++j) EXPECT_NEAR(grid.times[j], 0.1 * Real(j), 1e-15);
  EXPECT_EQ(TimeGrid({0, 0.001, 1}, 2).snapshot_knots, (std::vector<Index>{0, 1, 3}));
}

/// Of all blocks: particles at all knots, the networks' parameters, the factor of the bandwidths, beta.
void expect_gradients(const TrajectoryModelOptions& options, const Data& data, const std::string& what) {
  Point point(options, data, RunOptions());
  const auto velocity = point.velocity();
  for (Index n = 0; n < Index(velocity.size()); n += n + 9 < Index(velocity.size()) ? 7 : 1) {
    const Real h = 1e-5;
    point.shift(n, h);
    const Real above = point.loss().total();
    point.shift(n, -2 * h);
    const Real below = point.loss().total();
    point.shift(n, h);
    const Real expected = -(above - below) / (2 * h);
    EXPECT_NEAR(velocity[n], expected, 1e-7 * (1 + std::fabs(expected))) << what << " number " << n;
  }
}

TEST(TrajectoryTraining, VelocitiesAreGradientsOfTheLoss) {
  const Communicator self(MPI_COMM_SELF);
  const Data data(self);
  for (const char* residual : {"explicit", "trapezoid"})
    for (bool time : {false, true}) expect_gradients(small_model(residual, time, time, 5), data, residual);
}

// Potential, interaction and entropy together; all sources, and two of three tiles of them.
TEST(TrajectoryTraining, VelocitiesAreGradientsWithAnInteraction) {
  const Communicator self(MPI_COMM_SELF);
  for (Index dimension : {1, 2, 3}) {
    const Data data(self, dimension);
    for (const char* statistic : {"v", "u"})
      for (const IndexOrWord& sources : {IndexOrWord("all"), IndexOrWord(16)})
        expect_gradients(with_interaction(small_model("trapezoid", false, true, 3), statistic, sources), data,
                         fmt::format("{} dimensions, {}, {}", dimension, statistic, sources.word));
  }
  auto alone = with_interaction(small_model("explicit", false, true, 3), "v", "all");
  alone.potential.reset();
  expect_gradients(alone, Data(self), "no potential");
}

// At every knot each particle is moved by the mean over all particles: the definition, with nothing else.
TEST(TrajectoryTraining, ResidualIsThatOfTheInteraction) {
  const Communicator self(MPI_COMM_SELF);
  const Data data(self);
  for (const char* statistic : {"v", "u"}) {
    auto options = with_interaction(small_model("explicit", false, false, 2), statistic, "all");
    options.potential.reset();
    options.weight = 1;
    Point point(options, data, RunOptions());
    const ConstBlockViews views(point.layout, point.state.vec());
    const auto x = views[TrajectoryTraining::trajectory], theta = views[TrajectoryTraining::parameters];
    const Mlp<Real> network(options.interaction->shape(2, 1));
    MlpTape<Real> tape(network, 42, Purpose::gradient);
    const Matrix<Real> r("differences", 2, 42), slope("slope", 2, 42);
    const VectorRef<const Real> parameters(theta.data(), network.parameters());
    const TimeGrid grid(data.times, options.steps);
    Real expected = 0;
    for (Index j = 0; j + 1 < grid.knots(); ++j)
      for (Index i = 0; i < 21; ++i) {
        for (Index k = 0; k < 21; ++k)
          for (Index c = 0; c < 2; ++c) {
            r(c, k) = x(2 * j + c, i) - x(2 * j + c, k);
            r(c, 21 + k) = -r(c, k);
          }
        network.input_gradient(parameters, r, tape, slope);
        const Real h = grid.times[j + 1] - grid.times[j];
        for (Index c = 0; c < 2; ++c) {
          Real force = 0;
          for (Index k = 0; k < 21; ++k)
            if (*statistic == 'v' || k != i)
              force += (slope(c, k) - slope(c, 21 + k)) / (*statistic == 'v' ? 42 : 40);
          const Real residual = x(2 * (j + 1) + c, i) - x(2 * j + c, i) + h * force;
          expected += residual * residual / (21 * h);
        }
      }
    EXPECT_NEAR(point.loss().residual, expected, 1e-11 * expected);
  }
}

// Every tile of sources comes once an epoch, so that forces are right in the mean.
TEST(TrajectoryTraining, DrawnSourcesAreRightInTheMean) {
  const Communicator self(MPI_COMM_SELF);
  const Partition particles(self, 32, 8);
  TrajectoryInteractionOptions options;
  options.hidden = {6};
  TrajectoryInteraction<Real> whole(options, self, particles, 2, 1, 7);
  options.sources = 16;
  TrajectoryInteraction<Real> drawn(options, self, particles, 2, 1, 7);
  const Matrix<Real> x("x", 2, 32), expected("expected", 2, 32), sum("sum", 2, 32);
  fill_normals(x, Random(5, Stream::initial_ensemble), 0, 0);
  const Vector<Real> theta("theta", whole.network().parameters());
  initialise_network(whole.network().shape(), 3, 1, 0, theta);
  whole.add_force(0, x, theta, expected);
  drawn.add_force(4, x, theta, sum);
  EXPECT_GT(std::fabs(sum(0, 0) - expected(0, 0)), 1e-3);
  drawn.add_force(5, x, theta, sum);
  for (Index i = 0; i < 32; ++i)
    for (Index c = 0; c < 2; ++c) EXPECT_NEAR(sum(c, i) / 2, expected(c, i), 1e-13);
}

TEST(TrajectoryTraining, KeepsTheBandwidthThatItIsGiven) {
  const Communicator self(MPI_COMM_SELF);
  const Data data(self);
  auto options = small_model("explicit", false, false, 2);
  options.bandwidth = 0.3;
  options.train_bandwidth = false;
  Point point(options, data, RunOptions());
  EXPECT_EQ(point.velocity().back(), 0);
  const ConstBlockViews views(point.layout, point.state.vec());
  EXPECT_NEAR(point.training->bandwidth(views[TrajectoryTraining::parameters]), 0.3, 1e-15);
}

// The likelihood against its definition.
TEST(TrajectoryTraining, LikelihoodIsThatOfTheKernelDensity) {
  const Communicator self(MPI_COMM_SELF);
  const Data data(self);
  auto options = small_model("explicit", false, false, 2);
  options.bandwidth = 0.3;
  options.blur = false;
  Point point(options, data, RunOptions());
  const ConstBlockViews views(point.layout, point.state.vec());
  const auto x = views[TrajectoryTraining::trajectory];
  const Index knots[] = {0, 1, 2};
  Real expected = 0;
  for (Index k = 0; k < 3; ++k) {
    const auto& y = data.snapshots[k].x;
    for (Index m = 0; m < Index(y.extent(1)); ++m) {
      Real density = 0;
      for (Index i = 0; i < 21; ++i) {
        const Real a = y(0, m) - x(2 * knots[k], i), b = y(1, m) - x(2 * knots[k] + 1, i);
        density += std::exp(-(a * a + b * b) / (2 * 0.09)) / (21 * 2 * M_PI * 0.09);
      }
      expected -= std::log(density) / Real(3 * y.extent(1));
    }
  }
  EXPECT_NEAR(point.loss().likelihood, expected, 1e-10);
}

/// Equally likely points of the normal law, in one dimension.
Matrix<Real> normal_quantiles(Index count) {
  const Matrix<Real> x("quantiles", 1, count);
  Real at = -8, mass = 0;
  const Real step = 1e-4;
  for (Index i = 0; i < count; ++i) {
    const Real wanted = (Real(i) + 0.5) / Real(count);
    for (; mass < wanted; at += step) mass += step * std::exp(-at * at / 2) / std::sqrt(2 * M_PI);
    x(0, i) = at;
  }
  return x;
}

// Of normal data, the likeliest scale of normal particles: the data's if these are blurred like the
// particles.
TEST(TrajectoryTraining, BlurKeepsTheVariance) {
  const Communicator self(MPI_COMM_SELF);
  const std::vector<Ensemble> data{Ensemble(self, 2000, 1, 64)};
  Kokkos::deep_copy(data[0].x, normal_quantiles(2000));
  const Partition particles(self, 200, 64);
  const Matrix<Real> quantiles = normal_quantiles(200), x("x", 1, 200);
  const Real s = 0.5;
  for (bool blur : {false, true}) {
    TrajectoryLikelihood<Real> likelihood(data, {0}, particles, s, blur, 3);
    Real best = 1e30, scale = 0;
    for (Real a = 0.8; a < 1.1; a += 0.02) {
      for (Index i = 0; i < 200; ++i) x(0, i) = a * quantiles(0, i);
      Real sum = 0;
      for (Index iteration = 0; iteration < 20; ++iteration) sum += likelihood.value(iteration, x, 0);
      if (sum < best) scale = a;
      best = std::min(best, sum);
    }
    EXPECT_NEAR(scale, blur ? 1 : std::sqrt(1 - s * s), 0.025) << blur;
  }
}

// -x for the normal law: the blob method's error is of fourth order in s = .3, that of the density of second.
TEST(TrajectoryTraining, BlobScoresAreThoseOfTheLawItself) {
  const Communicator self(MPI_COMM_SELF);
  const Partition particles(self, 400, 64);
  const Matrix<Real> x = normal_quantiles(400);
  for (bool blob : {false, true}) {
    TrajectoryScore<Real> score(self, particles, 1, 1, blob);
    const auto found = score(x, {0.3});
    Real along = 0, square = 0;
    for (Index i = 0; i < 400; ++i)
      if (std::fabs(x(0, i)) < 2) {
        along -= found(0, i) * x(0, i);
        square += x(0, i) * x(0, i);
      }
    EXPECT_NEAR(along / square, blob ? 1 : 1 / 1.09, 0.02) << blob;
  }
}

TEST(TrajectoryTrainingParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const Data here(comm), alone(self);
  for (const char* precision : {"double", "single"})
    for (const char* residual : {"explicit", "trapezoid"}) {
      RunOptions run;
      run.precision = precision;
      auto options = small_model(residual, true, true, 6);
      options.score = *residual == 'e' ? "density" : "blob";
      Point spread(options, here, run), whole(options, alone, run);
      EXPECT_EQ(spread.velocity(), whole.velocity()) << precision << " " << residual;
      EXPECT_EQ(spread.loss().likelihood, whole.loss().likelihood);
      EXPECT_EQ(spread.loss().residual, whole.loss().residual);
    }
}

TEST(TrajectoryTrainingParallel, InteractsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  for (const char* precision : {"double", "single"})
    for (const char* statistic : {"v", "u"})
      for (Index dimension : {1, 2, 3}) {
        const Data here(comm, dimension), alone(self, dimension);
        RunOptions run;
        run.precision = precision;
        const IndexOrWord sources = dimension == 2 ? IndexOrWord("all") : IndexOrWord(16);
        const auto options = with_interaction(small_model("trapezoid", false, true, 4), statistic, sources);
        Point spread(options, here, run), whole(options, alone, run);
        EXPECT_EQ(spread.velocity(), whole.velocity()) << precision << " " << statistic << " " << dimension;
        EXPECT_EQ(spread.loss().residual, whole.loss().residual);
      }
}

}  // namespace
}  // namespace weir
