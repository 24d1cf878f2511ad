// learn_energies against closed forms.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "methods/InProcess.hpp"
#include "methods/learn_energies/linear/LinearModel.hpp"
#include "methods/populations/Coupling.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

using namespace testing_tools;

constexpr Real tau = 0.1, beta = 0.3;
constexpr Real a[2][2] = {{2, 0.5}, {0.5, 1}}, b[2][2] = {{0.7, -0.2}, {-0.2, 0.4}}, centre[2] = {0.3, -0.6};

/// Snapshots of different mean and spread with their displacements y - x by the back-map
/// x = y + tau (A (y - c) + B (y - m) - beta S^-1 (y - m)); m is the empirical mean, S any chosen diagonal.
struct BackMapped {
  std::vector<Ensemble> ensembles;
  std::vector<CoupledEnsemble> couplings;
  std::vector<Matrix<Real>> scores;
  std::vector<Real> times;
  std::vector<Transition> transitions;

  BackMapped(const Communicator& comm, int snapshots, bool moving_mean) {
    for (int k = 0; k < snapshots; ++k) {
      Ensemble ensemble(comm, 101, 2, 8);
      const auto tiles = ensemble.partition;
      fill_normals(ensemble.x, Random(8, Stream::initial_ensemble, k), tiles.first_particle(), 0);
      for (Index i = 0; i < tiles.local_particles(); ++i) {
        ensemble.x(0, i) = (moving_mean ? 0.4 * k : 0.) + (0.6 + 0.3 * k) * ensemble.x(0, i);
        ensemble.x(1, i) = (moving_mean ? 1 - 0.5 * k * k : 0.) + (1.2 - 0.2 * k) * ensemble.x(1, i) +
                           0.2 * k * ensemble.x(0, i);
      }
      ensembles.push_back(ensemble);
      times.push_back(tau * k);
    }
    times.push_back(tau * snapshots);
    for (int k = 0; k < snapshots; ++k) {
      const Ensemble& ensemble = ensembles[k];
      const auto mean = Moments(comm, ensemble.partition, 2).mean(ensemble.x);
      const std::vector<Real> variance{1 + 0.5 * k, 2 - 0.3 * k};
      const Index local = ensemble.partition.local_particles();
      scores.emplace_back("scores", 2, local);
      CoupledEnsemble coupled{Matrix<Real>("d", 2, local), Vector<Real>("m", local), Vector<Real>("v", local),
                              0, 0};
      for (Index i = 0; i < local; ++i) {
        coupled.mass(i) = 1. / 101;
        for (int r = 0; r < 2; ++r) {
          scores[k](r, i) = -(ensemble.x(r, i) - mean[r]) / variance[r];
          Real force = beta * scores[k](r, i);
          for (int c = 0; c < 2; ++c)
            force += a[r][c] * (ensemble.x(c, i) - centre[c]) + b[r][c] * (ensemble.x(c, i) - mean[c]);
          coupled.displacement(r, i) = -tau * force;
        }
      }
      couplings.push_back(coupled);
    }
    for (int k = 0; k < snapshots; ++k) transitions.push_back({ensembles[k], couplings[k], tau, scores[k]});
  }
};

LinearModelOptions quadratic_model() {
  LinearModelOptions options;
  options.interaction = options.entropy = true;
  options.ridge = 0;
  options.features.polynomial->degree = 2;
  options.features.polynomial->kind = "total";
  return options;
}

/// Features by name.
std::map<std::string, Real> coefficients(const LearnedEnergy::Expansion& expansion) {
  std::map<std::string, Real> named;
  const auto names = feature_names(expansion.basis);
  for (std::size_t k = 0; k < names.size(); ++k) named[names[k]] = expansion.theta[0][k];
  return named;
}

TEST(LearnEnergiesVerifyParallel, LeastSquaresReturnsTheEnergiesOfGaussians) {
  const Communicator comm;
  const BackMapped data(comm, 4, true);
  const LinearFit fit = fit_linear_model(quadratic_model(), data.times, data.transitions, comm, RunOptions());
  EXPECT_EQ(fit.unknowns, 11);
  EXPECT_EQ(fit.rank, 9);  // linear W duplicates linear V
  if (comm.is_root()) {
    EXPECT_EQ(fit.null_directions.size(), 2u);
  }
  EXPECT_NEAR(fit.loss, 0, 1e-12);
  auto v = coefficients(*fit.energy.potential), w = coefficients(*fit.energy.interaction);
  EXPECT_NEAR(v["x0^2"], a[0][0] / 2, 1e-8);
  EXPECT_NEAR(v["x0 x1"], a[0][1], 1e-8);
  EXPECT_NEAR(v["x1^2"], a[1][1] / 2, 1e-8);
  EXPECT_NEAR(w["x0^2"], b[0][0] / 2, 1e-8);
  EXPECT_NEAR(w["x0 x1"], b[0][1], 1e-8);
  EXPECT_NEAR(w["x1^2"], b[1][1] / 2, 1e-8);
  EXPECT_NEAR(v["x0"] + w["x0"], -(a[0][0] * centre[0] + a[0][1] * centre[1]), 1e-8);
  EXPECT_NEAR(v["x1"] + w["x1"], -(a[1][0] * centre[0] + a[1][1] * centre[1]), 1e-8);
  EXPECT_NEAR(fit.energy.entropy[0], beta, 1e-8);
}

TEST(LearnEnergiesVerifyParallel, IsTheSameOnAnyNumberOfRanks) {
  const Communicator comm, self(MPI_COMM_SELF);
  const BackMapped spread(comm, 3, true), whole(self, 3, true);
  const auto options = quadratic_model();
  const auto together = fit_linear_model(options, spread.times, spread.transitions, comm, RunOptions());
  const auto alone = fit_linear_model(options, whole.times, whole.transitions, self, RunOptions());
  EXPECT_EQ(together.energy.potential->theta, alone.energy.potential->theta);
  EXPECT_EQ(together.energy.entropy, alone.energy.entropy);
}

// At constant mean a quadratic V + H and W - H push alike: reported, never silently resolved.
TEST(LearnEnergiesVerify, TheQuadraticGaugeIsReported) {
  const Communicator self(MPI_COMM_SELF);
  BackMapped data(self, 4, false);
  for (auto& ensemble : data.ensembles) {  // exactly the same mean
    const auto mean = Moments(self, ensemble.partition, 2).mean(ensemble.x);
    for (Index i = 0; i < ensemble.particles(); ++i)
      for (int c = 0; c < 2; ++c) ensemble.x(c, i) -= mean[c];
  }
  const LinearFit fit = fit_linear_model(quadratic_model(), data.times, data.transitions, self, RunOptions());
  EXPECT_EQ(fit.rank, 6);
  ASSERT_EQ(fit.null_directions.size(), 5u);
  const auto reported = [&](const std::string& text) {
    return std::any_of(fit.null_directions.begin(), fit.null_directions.end(), [&](const auto& direction) {
      return direction.find("V: " + text) != std::string::npos &&
             direction.find("W: " + text) != std::string::npos;
    });
  };
  for (const char* name : {"x0^2", "x0 x1", "x1^2"}) EXPECT_TRUE(reported(name)) << name;
}

// Explicit Euler data y = x - tau A x in the implicit loss give exactly A (I - tau A)^-1.
TEST(LearnEnergiesVerify, ExplicitDataInTheImplicitLoss) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: verify, seed: 2}
learn_energies:
  populations:
    simulate:
      initial: {particles: 200, dimension: 2, normal: {mean: [1, 2], covariance: 0.5}}
      energy: {potential: {quadratic: {stiffness: [2.0, 4.0]}}}
      time: {step: 0.1, end: 0.2}
  split: {test: 0.2}
  pairing: paired
  coupling: {method: assignment, batch: whole}
  model: {linear: {ridge: 0, features: {polynomial: {degree: 2, kind: total}}}}
  metrics: [w1]
)");
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/energies.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const auto energy = LearnedEnergy::read(file, "energies.h5");
  auto v = coefficients(*energy.potential);
  EXPECT_NEAR(v["x0^2"], 2 / (1 - 0.2) / 2, 1e-8);
  EXPECT_NEAR(v["x1^2"], 4 / (1 - 0.4) / 2, 1e-8);
  EXPECT_NEAR(v["x0 x1"], 0, 1e-8);
  const auto summary = summary_of(folder / "out");
  EXPECT_NEAR(summary["w1"], 0, 1e-7);  // the implicit prediction undoes it exactly
  EXPECT_EQ(summary["unconverged"], 0);
}

// The coupling of {x_i} with {y_i}, y the gradient of a convex function of x, is the identity.
TEST(LearnEnergiesVerifyParallel, CouplingsFindTheMapTheyWereMadeBy) {
  const Communicator comm;
  std::vector<Ensemble> populations;
  for (int k = 0; k < 2; ++k) {
    Ensemble ensemble(comm, 60, 2, 8);
    fill_normals(ensemble.x, Random(8, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
    for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
      for (int c = 0; c < 2; ++c) ensemble.x(c, i) = ensemble.x(c, i) * (k == 0 ? 1 : 0.5 + c) + k * 3;
    populations.push_back(ensemble);
  }
  for (const char* method : {"assignment", "network_simplex"})
    for (const auto at : {CoupledAt::current, CoupledAt::next}) {
      CouplingOptions options;
      options.method = method;
      options.batch = "whole";
      const auto coupled = couple_populations(options, populations, at);
      Real mass = 0;
      for (Index i = 0; i < populations[0].partition.local_particles(); ++i) {
        mass += coupled[0].mass(i);
        EXPECT_NEAR(coupled[0].variance(i), 0, 1e-12);
        for (int c = 0; c < 2; ++c)
          EXPECT_NEAR(coupled[0].displacement(c, i), populations[1].x(c, i) - populations[0].x(c, i), 1e-12);
      }
      EXPECT_NEAR(mass, Real(populations[0].partition.local_particles()) / 60, 1e-12);
      EXPECT_NEAR(coupled[0].gap, 0, 1e-9);
    }
}

// What was learned, simulated, goes where it was predicted to go.
TEST(LearnEnergiesVerifyParallel, LearnedEnergiesDriveSimulations) {
  const SharedFolder folder;
  const Outcome learned = run_deck_text(folder, R"(weir: 1
run: {name: verify, seed: 2, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 100, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: {quadratic: {stiffness: [2.0, 4.0]}}}
      time: {step: 0.1, end: 0.2}
  pairing: paired
  model: {linear: {ridge: 0, features_at: current, features: {polynomial: {degree: 2, kind: total}}}}
  metrics: [w1]
)");
  ASSERT_EQ(learned.code, ExitCode::done) << learned.message;
  const Outcome simulated = run_deck_text(folder, R"(weir: 1
run: {name: verify, seed: 2, tile: 8}
simulate:
  initial: {particles: 30, dimension: 2, normal: {mean: [1, 1], covariance: 0}}
  energy: {learned: out/energies.h5}
  time: {step: 0.1, end: 0.5}
  metrics: [mean]
)",
                                          {"run.name=again"});
  ASSERT_EQ(simulated.code, ExitCode::done) << simulated.message;
  const auto summary = summary_of(folder / "out");
  EXPECT_NEAR(summary["mean/0"], std::pow(0.8, 5), 1e-8);
  EXPECT_NEAR(summary["mean/1"], std::pow(0.6, 5), 1e-8);
}

// From the first population through all times, a linear map is followed exactly; doing nothing is then
// measured from the first population too.
TEST(LearnEnergiesVerifyParallel, RollsOutFromTheFirstPopulation) {
  const auto summary = [](const std::string& predict) {
    const SharedFolder folder;
    const Outcome outcome = run_deck_text(folder, R"(weir: 1
run: {name: verify, seed: 2, tile: 8}
learn_energies:
  populations:
    simulate:
      initial: {particles: 100, dimension: 2, normal: {mean: [3, 3], covariance: 0.2}}
      energy: {potential: {quadratic: {stiffness: [2.0, 4.0]}}}
      time: {step: 0.1, end: 0.3}
  split: {test: 0.5}
  pairing: paired
  model: {linear: {ridge: 0, features_at: current, features: {polynomial: {degree: 2, kind: total}}}}
  metrics: [w1, w2]
)",
                                          {"learn_energies.predict=" + predict});
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
    return summary_of(folder / "out");
  };
  const auto rolled = summary("roll_out"), stepped = summary("one_step");
  for (const char* name : {"w1/1", "w1/2", "w1/3", "w1", "w2/3", "w2"})
    EXPECT_NEAR(rolled[name], 0, 1e-8) << name;
  EXPECT_EQ(rolled["w1_identity/1"], stepped["w1_identity/1"]);
  // Far from the minimum every particle moves the same way: distances to the first population add up.
  EXPECT_GT(Real(rolled["w1_identity/3"]), Real(stepped["w1_identity/1"]) + Real(stepped["w1_identity/2"]));
}

/// The paper's benchmark with potential, interaction and entropy at once: V and W alone are not determined,
/// the total drift is.
TEST(LearnEnergiesVerify, TotalDriftsOfFullEnergies) {
  struct Case {
    const char *potential, *interaction, *entropy;
    Real w1;  // of an independent implementation
  };
  for (const Case& c :
       {Case{"wavy_plateau", "flowers", "0.1", 0.064}, Case{"styblinski_tang", "bohachevsky", "0.2", 0.071},
        Case{"flowers", "oakley_ohagan", "0", 0.058}, Case{"double_exp", "ishigami", "0.1", 0.098}}) {
    const SharedFolder folder;
    const std::string energy =
        fmt::format("{{potential: {}, interaction: {}, entropy: {}}}", c.potential, c.interaction, c.entropy);
    const Outcome outcome = run_deck_text(folder, text_of(WEIR_SOURCE_DIR "/input/learn_energies/full.yaml"),
                                          {"learn_energies.populations.simulate.energy=" + energy});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const auto summary = summary_of(folder / "out");
    EXPECT_LE(summary["l2_uvp"], 0.3) << c.potential;
    EXPECT_LE(summary["w1"], 1.3 * c.w1) << c.potential;
    EXPECT_EQ(summary["rank"], Index(summary["unknowns"]) - 2)
        << c.potential;  // linear W duplicates linear V
  }
}

}  // namespace
}  // namespace weir
