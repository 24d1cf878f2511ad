// Parts of a learned energy that are left out of a simulation.
#include <gtest/gtest.h>

#include "methods/InProcess.hpp"

namespace weir {
namespace {

using namespace testing_tools;

TEST(LearnedPartsParallel, CanBeSwitchedOff) {
  const SharedFolder folder;
  const std::string learn =
      "weir: 1\nlearn_energies:\n  populations:\n    simulate:\n"
      "      initial: {particles: 60, dimension: 1, uniform: {low: -1, high: 1}}\n"
      "      energy: {potential: sphere, interaction: sphere}\n      time: {step: 0.1, end: 0.2}\n"
      "  split: 0.2\n  coupling: {batch: whole}\n"
      "  model: {linear: {features_at: current, features: {polynomial: {degree: 2}}, interaction: "
      "true}}\n";
  const Outcome learned = run_deck_text(folder, learn);
  ASSERT_EQ(learned.code, ExitCode::done) << learned.message;
  if (Communicator().is_root())
    std::filesystem::copy_file(folder / "out/energies.h5", folder / "energies.h5");
  Communicator().barrier();
  const auto moment = [&](const std::string& parts) {
    const Outcome outcome = run_deck_text(
        folder,
        "weir: 1\nsimulate:\n  initial: {particles: 60, dimension: 1, uniform: {low: 0, high: 2}}\n"
        "  energy: {learned: " +
            parts + "}\n  time: {step: 0.1, end: 0.4}\n  metrics: [second_moment]\n");
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const Real found = summary_of(folder / "out").at("second_moment").get<Real>();
    Communicator().barrier();
    return found;
  };
  const std::string path = "path: energies.h5";
  const Real both = moment("energies.h5"), in_full = moment("{" + path + "}"),
             v = moment("{" + path + ", interaction: false}"), w = moment("{" + path + ", potential: false}");
  EXPECT_EQ(both, in_full);
  EXPECT_NE(both, v);
  EXPECT_NE(both, w);
  EXPECT_NE(v, w);
  const Outcome none = run_deck_text(
      folder,
      "weir: 1\nsimulate:\n  initial: {particles: 60, dimension: 1, uniform: {low: 0, high: 2}}\n"
      "  energy: {learned: {path: energies.h5, potential: false, interaction: false}}\n"
      "  time: {step: 0.1, end: 0.4}\n");
  EXPECT_EQ(none.code, ExitCode::bad_input);
  EXPECT_NE(none.message.find("has no other part than those that are left out"), std::string::npos)
      << none.message;
}

}  // namespace
}  // namespace weir
