// Simulations that cannot go on, or must not start: what they say, on the terminal and in the log.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "flows/PetscOption.hpp"
#include "methods/InProcess.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/energies/LearnedEnergy.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const std::string deck = R"(weir: 1
run: {name: failure, seed: 1, tile: 8}
simulate:
  initial: {particles: 20, dimension: 2, normal: {mean: 0, covariance: 9}}
  energy: {potential: {quadratic: {stiffness: 1}}}
  time: {step: 0.1, end: 0.3}
  metrics: [mean]
)";

std::string last_line(const std::string& path) {
  std::string text = text_of(path);
  text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text << "\nhas no\n" << part;
}

/// Runs the deck, which must fail, and returns what the user is told; the log ends with the same.
std::string failure_of(const std::vector<std::string>& settings) {
  const SharedFolder folder;
  const Outcome outcome = run_deck_text(folder, deck, settings);
  EXPECT_EQ(outcome.code, ExitCode::failed);
  Communicator().barrier();  // rank 0 writes the log
  EXPECT_EQ(last_line(folder / "out/log.txt"), outcome.message);
  EXPECT_FALSE(std::filesystem::exists(folder / "out/summary.json"));
  return outcome.message;
}

TEST(SimulateFailureParallel, AnImplicitStepThatHasNoSolution) {
  for (const char* scheme : {"beuler", "cn", "bdf"}) {
    const std::string message = failure_of({"simulate.energy.potential={expression: '-(x0^4)-(x1^4)'}",
                                            "simulate.time.scheme=" + std::string(scheme)});
    expect_in(message, "the run failed: block particles at step 0 (time 0): " + std::string(scheme) +
                           " cannot make the next step: Newton's method found no solution (DIVERGED_");
    expect_in(message, "a smaller `time.step` may help");
  }
}

// The particles are still finite where their energy, or their covariance, no longer is.
TEST(SimulateFailureParallel, AnEnergyThatIsNotFinite) {
  const std::string message = failure_of({"simulate.energy.potential={expression: '-(x0^4)-(x1^4)'}",
                                          "simulate.metrics=[potential_energy]", "simulate.time.end=2"});
  expect_in(message, " is not finite: block particles at step ");
  expect_in(message, " (time 0.");
}

// What an explicit scheme would have to reject: a first step that overflows.
TEST(SimulateFailureParallel, AdaptiveStepsRejectWhatIsNotFinite) {
  const SharedFolder folder;
  trap_invalid_operations(false);  // a trial that overflows is what this is about
  const Outcome outcome =
      run_deck_text(folder, deck,
                    {"simulate.energy.potential={expression: 'x0^4+x1^4'}",
                     "simulate.time={step: 0.3, end: 10, scheme: rk, tolerance: 1.0e-6}"});
  trap_invalid_operations();
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_EQ(summary_of(folder / "out")["time"], 10);
}

TEST(SimulateFailureParallel, NoiseUnderASolverThatOptionsChose) {
  const SharedFolder folder;
  const PetscOption option("-ts_type", "rk");
  const Outcome outcome = run_deck_text(folder, deck, {"simulate.energy.entropy=5"});
  EXPECT_EQ(outcome.code, ExitCode::bad_input);
  expect_in(outcome.message, "PETSc's option -ts_type rk integrates noise-free flows");
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST(SimulateFailureParallel, ARunThatOptionsWouldEndEarly) {
  const SharedFolder folder;
  const PetscOption option("-ts_max_steps", "1");
  const Outcome outcome = run_deck_text(folder, deck, {});
  EXPECT_EQ(outcome.code, ExitCode::bad_input);
  expect_in(outcome.message, "PETSc's option -ts_max_steps: start, step and end of a run are the deck's");
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

/// energies.h5 with nothing but an entropy: of each transition, from the times 0, 0.1 ..
void write_entropy(const std::string& path, const std::vector<Real>& entropy) {
  LearnedEnergy energy;
  energy.dimension = 2;
  for (std::size_t k = 0; k < entropy.size(); ++k) energy.times.push_back(0.1 * Real(k));
  energy.entropy = entropy;
  Hdf5File file(path, MPI_COMM_WORLD, Hdf5File::Access::create);
  energy.write(file);
}

// An entropy that is learned to act later is noise too; by blobs it has none.
TEST(SimulateFailureParallel, LearnedEntropyUnderANoiseFreeScheme) {
  const SharedFolder folder;
  write_entropy(folder / "late.h5", {-0.5, 0.2, 0.1});
  const std::string learned = "simulate.energy.learned=" + folder / "late.h5";
  for (const char* scheme : {"rk", "beuler"}) {
    const std::string setting = "simulate.time.scheme=" + std::string(scheme);
    const Outcome refused = run_deck_text(folder, deck, {learned, setting});
    EXPECT_EQ(refused.code, ExitCode::bad_input);
    expect_in(refused.message,
              "has noise of temperature 0.2; use langevin or leimkuhler_matthews, or "
              "`entropy: {by: blob}`");
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    // Over before it acts, it is none.
    EXPECT_EQ(run_deck_text(folder, deck, {learned, setting, "simulate.time.end=0.1"}).code, ExitCode::done);
    const Outcome by_blob =
        run_deck_text(folder, deck, {learned, setting, "simulate.energy.entropy.by=blob"});
    EXPECT_EQ(by_blob.code, ExitCode::done) << by_blob.message;
    Communicator().barrier();
    if (Communicator().is_root()) std::filesystem::remove_all(folder / "out");
    Communicator().barrier();
  }
}

// By blobs a learned entropy moves particles as one of the deck does.
TEST(SimulateFailureParallel, LearnedEntropyByBlobsIsThatOfADeck) {
  const SharedFolder folder;
  write_entropy(folder / "same.h5", {0.5});
  const std::vector<std::string> settings{
      "simulate.time.scheme=rk", "simulate.metrics=[covariance, internal_energy]",
      "simulate.energy.entropy={by: blob, bandwidth: 0.8}", "simulate.initial.normal.covariance=1"};
  const auto summary = [&](const std::string& setting) {
    auto all = settings;
    all.push_back(setting);
    const Outcome outcome = run_deck_text(folder, deck, all);
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
    return summary_of(folder / "out");
  };
  const auto by_deck = summary("simulate.energy.entropy.coefficient=0.5");
  const auto learned = summary("simulate.energy.learned=" + folder / "same.h5");
  const auto without = summary("simulate.energy.entropy.coefficient=0");
  for (const char* number : {"covariance/0/0", "covariance/1/1", "internal_energy"}) {
    EXPECT_NEAR(learned[number], by_deck[number], 1e-12) << number;
    EXPECT_GT(std::fabs(Real(without[number]) - Real(by_deck[number])), 0.01) << number;
  }
}

}  // namespace
}  // namespace weir
