// The training of a trajectory: gradients against differences of the loss, no trace of ranks, and a bowl
// found.
#include <gtest/gtest.h>

#include <cmath>

#include "InProcess.hpp"
#include "weir/methods/TrajectoryModel.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// Three snapshots of different sizes in the plane, at uneven times; a trajectory of 21 particles.
class Data {
 public:
  explicit Data(const Communicator& comm) : particles(comm, 21, 8) {
    for (Index k = 0; k < 3; ++k) {
      Ensemble ensemble(comm, 43 - 7 * k, 2, 8);
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
  options.potential.hidden = {7, 5};
  options.potential.time = time;
  if (entropy) options.entropy = 0.2;
  options.train_entropy = entropy;
  options.potential.embedding.frequencies = time ? 2 : 0;
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
    training->velocity(0, ConstBlockViews(layout, state.vec()), BlockViews(layout, velocity_.vec()));
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

// Of all blocks: every particle at every knot, the network's parameters, the factor of the bandwidths.
TEST(TrajectoryTraining, VelocitiesAreGradientsOfTheLoss) {
  const Communicator self(MPI_COMM_SELF);
  const Data data(self);
  for (const char* residual : {"explicit", "trapezoid"})
    for (bool time : {false, true}) {
      Point point(small_model(residual, time, time, 5), data, RunOptions());
      const auto velocity = point.velocity();
      for (Index n = 0; n < Index(velocity.size()); n += n + 9 < Index(velocity.size()) ? 7 : 1) {
        const Real h = 1e-5;
        point.shift(n, h);
        const Real above = point.loss().total();
        point.shift(n, -2 * h);
        const Real below = point.loss().total();
        point.shift(n, h);
        const Real expected = -(above - below) / (2 * h);
        EXPECT_NEAR(velocity[n], expected, 1e-7 * (1 + std::fabs(expected))) << residual << " number " << n;
      }
    }
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

TEST(TrajectoryTrainingParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const Data here(comm), alone(self);
  for (const char* precision : {"double", "single"})
    for (const char* residual : {"explicit", "trapezoid"}) {
      RunOptions run;
      run.precision = precision;
      const auto options = small_model(residual, true, true, 6);
      Point spread(options, here, run), whole(options, alone, run);
      EXPECT_EQ(spread.velocity(), whole.velocity()) << precision << " " << residual;
      EXPECT_EQ(spread.loss().likelihood, whole.loss().likelihood);
      EXPECT_EQ(spread.loss().residual, whole.loss().residual);
    }
}

const char* bowl_deck = R"(weir: 1
run: {name: bowl, seed: 3, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 250, dimension: 2, normal: {mean: [1, 1], covariance: 1}}
      energy: {potential: {quadratic: {stiffness: [2.0, 4.0]}}}
      time: {step: 0.05, end: 0.2}
  split: {test: 0.2}
  pairing: unpaired
  model:
    trajectory:
      particles: 100
      steps: 4
      residual: explicit
      potential: {hidden: [16, 16]}
      train: {iterations: 300, rule: {adam: {rate: 1.0e-2, schedule: cosine}}}
  metrics: [w1, l2_uvp]
)";

const char* noisy_deck = R"(weir: 1
run: {name: noisy, seed: 3, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 600, dimension: 2, normal: {mean: [1, 1], covariance: 0.3}}
      energy: {potential: {quadratic: {stiffness: [1.0, 2.0]}}, entropy: 1.0}
      time: {step: 0.05, end: 0.3}
  pairing: unpaired
  model:
    trajectory:
      particles: 100
      steps: 6
      entropy: 1.0
      potential: {hidden: [16, 16]}
      train: {iterations: 400, rule: {adam: {rate: 3.0e-2, schedule: cosine}}}
  metrics: [l2_uvp]
)";

// A population that spreads by noise, of which the potential alone would have to be a hill.
TEST(TrajectoryTrainingParallel, LearnsABowlBesideKnownNoise) {
  const SharedFolder folder;
  const Outcome known = run_deck_text(folder, noisy_deck);
  ASSERT_EQ(known.code, done) << known.message;
  const Real with = summary_of(folder / "out")["l2_uvp"];
  const Outcome unknown = run_deck_text(folder, noisy_deck, {"learn_energies.model.trajectory.entropy=0"});
  ASSERT_EQ(unknown.code, done) << unknown.message;
  const Real without = summary_of(folder / "out")["l2_uvp"];
  EXPECT_LT(with, 0.4);
  EXPECT_GT(without, 3 * with);
}

// Independent populations; doing nothing has an l2_uvp of about 8 here.
TEST(TrajectoryTrainingParallel, LearnsABowlFromIndependentPopulations) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, bowl_deck);
  ASSERT_EQ(outcome.code, done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  RecordProperty("l2_uvp", std::to_string(Real(summary["l2_uvp"])));
  EXPECT_LT(summary["l2_uvp"], 0.5);
  EXPECT_LT(Real(summary["w1"]), 0.5 * Real(summary["w1_identity"]));
}

TEST(TrajectoryTrainingParallel, RefusesWhatItCannotTrain) {
  const SharedFolder folder;
  const auto refused = [&](std::vector<std::string> settings, const std::string& message) {
    const Outcome outcome = run_deck_text(folder, bowl_deck, std::move(settings));
    EXPECT_EQ(outcome.code, bad_input);
    EXPECT_NE(outcome.message.find(message), std::string::npos) << outcome.message;
  };
  refused({"learn_energies.model.trajectory.residual=implicit"}, "trapezoid");
  refused({"learn_energies.model.trajectory.bandwidth=-1"}, "found -1; allowed: above 0");
  refused({"learn_energies.model.trajectory.steps=0"}, "at least 1");
  refused({"learn_energies.model.trajectory.train_entropy=true"}, "needs `entropy`");
  refused({"learn_energies.coupling.method=assignment"}, "assignment needs parts of equal size");
}

}  // namespace
}  // namespace weir
