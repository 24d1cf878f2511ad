// The training of energies by networks: gradients against differences of the loss, and no trace of ranks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "methods/InProcess.hpp"
#include "methods/learn_energies/network/NetworkModel.hpp"
#include "methods/populations/PopulationScores.hpp"

namespace weir {
namespace {

using namespace testing_tools;

/// Two coupled transitions of 43 and 37 particles in the plane.
class Data {
 public:
  Data(const Communicator& comm, Index count) : comm_(comm) {
    for (Index k = 0; k < count; ++k) {
      Ensemble ensemble(comm, 43 - 6 * k, 2, 8);
      fill_normals(ensemble.x, Random(3, Stream::initial_ensemble), ensemble.partition.first_particle(), k);
      CoupledEnsemble coupled;
      const Index particles = ensemble.partition.local_particles();
      coupled.displacement = Matrix<Real>("displacement", 2, particles);
      coupled.mass = Vector<Real>("mass", particles);
      coupled.variance = Vector<Real>("variance", particles);
      for (Index i = 0; i < particles; ++i) {
        const Index global = ensemble.partition.first_particle() + i;
        coupled.mass(i) = 1 / Real(ensemble.particles());
        coupled.variance(i) = 0.1;
        for (Index c = 0; c < 2; ++c)
          coupled.displacement(c, i) = -0.3 * ensemble.x(c, i) + 0.1 * std::sin(Real(global + c));
      }
      ensembles_.push_back(ensemble);
      coupled_.push_back(coupled);
    }
    for (Index k = 0; k < count; ++k)
      transitions.push_back({ensembles_[k], coupled_[k], 0.5 + 0.2 * Real(k),
                             scores_at(DensityOptions{KernelDensityOptions{}}, ensembles_[k], 0)});
  }
  std::vector<Real> times{0, 0.5, 1.2};
  std::vector<Transition> transitions;

 private:
  Communicator comm_;
  std::vector<Ensemble> ensembles_;
  std::vector<CoupledEnsemble> coupled_;
};

NetworkModelOptions small_model(bool potential, bool time, const char* interaction, bool entropy,
                                Index batch) {
  NetworkModelOptions options;
  options.potential.reset();
  if (potential) {
    options.potential.emplace();
    options.potential->hidden = {7, 5};
    options.potential->time = time;
    options.potential->embedding.frequencies = time ? 2 : 0;
  }
  if (interaction) {
    options.interaction.emplace();
    options.interaction->hidden = {5, 6};
    options.interaction->statistic = interaction;
  }
  options.entropy = entropy;
  options.train.batch = batch;
  return options;
}

/// Minus the velocity at the initial parameters, of all ranks.
struct Gradient {
  std::vector<Real> values;
  Real loss;
};

std::vector<Real> gathered(const Layout& layout, const MatrixRef<const Real>& local) {
  const auto bytes = layout.comm().all_gather(local.data(), Index(local.size() * sizeof(Real)));
  std::vector<Real> all(bytes.size() / sizeof(Real));
  std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(all.data()));
  return all;
}

Gradient gradient_of(EnergyTraining& training, Index iteration) {
  const Layout& layout = *training.layout();
  State state(training.layout()), velocity(training.layout());
  training.initialise(BlockViews(layout, state.vec())[0]);
  training.begin_step(iteration, state);
  training.velocity({iteration, 0, 0}, BlockSet::all(1), ConstBlockViews(layout, state.vec()),
                    BlockViews(layout, velocity.vec()), {});
  Gradient gradient{gathered(layout, ConstBlockViews(layout, velocity.vec())[0]), 0};
  for (Real& value : gradient.values) value = -value;
  gradient.loss = training.loss(ConstBlockViews(layout, state.vec())[0]);
  return gradient;
}

// With all particles in one batch the velocity is minus the gradient of the loss.
TEST(NetworkTraining, VelocitiesAreGradientsOfTheLoss) {
  const Communicator self(MPI_COMM_SELF);
  struct Case {
    bool potential, time;
    const char* interaction;
    bool entropy;
    Index transitions;
  };
  for (const Case& c : {Case{true, false, nullptr, false, 2}, Case{true, true, nullptr, true, 2},
                        Case{false, false, "v", false, 1}, Case{true, true, "u", true, 1},
                        Case{false, false, nullptr, true, 2}}) {
    const Data data(self, c.transitions);
    const auto options = small_model(c.potential, c.time, c.interaction, c.entropy, 100);
    const auto training = make_energy_training(options, data.times, data.transitions, self, RunOptions());
    ASSERT_EQ(training->iterations_per_epoch(), 1);
    const auto gradient = gradient_of(*training, 0);
    State state(training->layout());
    const auto loss_at = [&](Index parameter, Real shift) {
      {
        const BlockViews views(*training->layout(), state.vec());
        training->initialise(views[0]);
        views[0](0, parameter) += shift;
      }
      const ConstBlockViews views(*training->layout(), state.vec());
      return training->loss(views[0]);
    };
    const Index number = Index(gradient.values.size());
    for (Index p = 0; p < number; p += p + 9 < number ? 7 : 1) {
      const Real h = 1e-5, expected = (loss_at(p, h) - loss_at(p, -h)) / (2 * h);
      EXPECT_NEAR(gradient.values[p], expected, 1e-7 * (1 + std::fabs(expected))) << "parameter " << p;
    }
  }
}

TEST(NetworkTrainingParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const Data here(comm, 2), alone(self, 2);
  for (const char* precision : {"double", "single"})
    for (const char* interaction : {static_cast<const char*>(nullptr), "v", "u"}) {
      RunOptions run;
      run.precision = precision;
      const auto options = small_model(true, true, interaction, true, 24);
      const auto spread = make_energy_training(options, here.times, here.transitions, comm, run),
                 whole = make_energy_training(options, alone.times, alone.transitions, self, run);
      EXPECT_EQ(spread->batch(), 24);
      for (Index iteration = 0; iteration < 2 * spread->iterations_per_epoch(); ++iteration) {
        const auto a = gradient_of(*spread, iteration), b = gradient_of(*whole, iteration);
        EXPECT_EQ(a.values, b.values) << precision << " iteration " << iteration;
        EXPECT_EQ(a.loss, b.loss);
      }
    }
}

const char* network_deck = R"(weir: 1
run: {name: network, seed: 3, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 200, dimension: 2, normal: {mean: [1, 1], covariance: 1}}
      energy: {potential: {quadratic: {stiffness: [2.0, 4.0]}}}
      time: {step: 0.05, end: 0.2}
  split: {test: 0.5}
  pairing: paired
  model:
    network:
      features_at: current
      potential: {hidden: [16, 16]}
      train: {epochs: 300, batch: 32, rule: {adam: {rate: 1.0e-2, schedule: cosine}}}
  metrics: [w1, l2_uvp]
)";

// A quadratic bowl is found, saved, and drives a simulation.
TEST(NetworkTrainingParallel, LearnsABowlThatSimulationsCanUse) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, network_deck);
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  EXPECT_LT(summary["l2_uvp"], 0.05);
  EXPECT_LT(Real(summary["w1"]), 0.1 * Real(summary["w1_identity"]));
  const Outcome simulated = run_deck_text(folder, R"(weir: 1
run: {name: verify, seed: 2, tile: 8}
simulate:
  initial: {particles: 30, dimension: 2, normal: {mean: [1, 1], covariance: 0}}
  energy: {learned: out/energies.h5}
  time: {step: 0.05, end: 0.2}
  metrics: [mean]
)",
                                          {"run.name=again"});
  ASSERT_EQ(simulated.code, ExitCode::done) << simulated.message;
  const auto mean = summary_of(folder / "out");
  EXPECT_NEAR(mean["mean/0"], std::pow(0.9, 4), 0.02);
  EXPECT_NEAR(mean["mean/1"], std::pow(0.8, 4), 0.02);
}

TEST(NetworkTrainingParallel, RepetitionsReportMeanAndDeviation) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(
      folder, network_deck, {"learn_energies.repetitions=3", "learn_energies.model.network.train.epochs=3"});
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const auto summary = summary_of(folder / "out");
  std::vector<Real> values;
  for (int r = 0; r < 3; ++r) values.push_back(summary[fmt::format("repetition/{}/w1", r)]);
  const Real mean = (values[0] + values[1] + values[2]) / 3;
  Real square = 0;
  for (Real value : values) square += (value - mean) * (value - mean) / 2;
  EXPECT_NEAR(summary["w1"], mean, 1e-15);
  EXPECT_NEAR(summary["w1_deviation"], std::sqrt(square), 1e-15);
  EXPECT_NE(values[0], values[1]);
}

// Populations that are left out are not seen: with them in other places, what is learned is the same.
TEST(NetworkTrainingParallel, LeftOutPopulationsAreNotSeen) {
  const auto learned = [](const char* potential) {
    const SharedFolder folder;
    const std::string points = "x,y,t\n";
    std::string text = points;
    for (int i = 0; i < 60; ++i)
      text += fmt::format("{},{},{}\n", std::sin(7. * i) + (i % 3 == 1 ? std::stod(potential) : 0),
                          std::cos(5. * i), i % 3);
    folder.write("data.csv", text);
    const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: left_out, seed: 3, tile: 8}
learn_energies:
  populations: {file: {path: data.csv, columns: [0, 2], labels: {column: t}}}
  leave_out: [1]
  model: {linear: {features_at: current, features: {polynomial: {degree: 2, kind: total}}}}
  metrics: [w2]
)");
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
    return summary_of(folder / "out");
  };
  const auto here = learned("0"), there = learned("2");
  EXPECT_EQ(here["loss"], there["loss"]);
  EXPECT_EQ(here["w2_left_out"], here["w2/1"]);
  EXPECT_NE(here["w2/1"], there["w2/1"]);
  EXPECT_GT(here["w2_interpolation/1"], 0);
}

TEST(NetworkTrainingParallel, RefusesWhatLeavesNothingToLearn) {
  const SharedFolder folder;
  const auto refused = [&](std::vector<std::string> settings, const std::string& message) {
    const Outcome outcome = run_deck_text(folder, network_deck, std::move(settings));
    EXPECT_EQ(outcome.code, ExitCode::bad_input);
    EXPECT_NE(outcome.message.find(message), std::string::npos) << outcome.message;
  };
  refused({"learn_energies.leave_out=[7]"}, "found 7; allowed: numbers of populations, 0 to 4");
  refused({"learn_energies.leave_out=[0, 1, 2, 3]"}, "leaves fewer than 2 of 5 populations");
  refused({"learn_energies.model.network.potential=false"}, "nothing is learned");
  refused({"learn_energies.model.network.potential.activation=softmax"}, "softplus");
  refused({"learn_energies.model.network.train.rule={adagrad: {}}"}, "adagrad");
  refused({"learn_energies.model.network.train.rule.adam.rate=-1"}, "found -1; allowed: above 0");
}

}  // namespace
}  // namespace weir
