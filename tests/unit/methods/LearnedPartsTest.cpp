// Parts of a learned energy that are left out of a simulation.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <filesystem>

#include "methods/InProcess.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/parallel/Random.hpp"

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

// Of two clouds that both move by .5 one doubles: with growth that is all there is to see, without it a sixth
// of the particles seem to cross over, and the mean goes the other way.
TEST(Growth, ParticlesThatMultiplyNeedNotCross) {
  const SharedFolder folder;
  const Random random(2, Stream::initial_ensemble);
  std::string rows = "t,x\n";
  for (Index i = 0; i < 300; ++i) {
    const bool before = i < 120;
    const Real centre = before ? (i < 60 ? -3 : 3) : (i < 240 ? -2.5 : 3.5);
    rows += fmt::format("{},{:.6f}\n", before ? 0 : 1, centre + 0.2 * random.normal(i, 0, 0));
  }
  folder.write("rows.csv", rows);
  const std::string deck = R"(weir: 1
run: {name: growth}
learn_energies:
  populations: {file: {path: rows.csv, columns: [x], labels: {column: t}}}
  coupling: {method: sinkhorn, epsilon: 0.05, growth: 0.3}
  model: {linear: {features_at: current, features: {polynomial: {degree: 1}}}}
  metrics: [w1]
)";
  const auto moved_by = [&](const std::vector<std::string>& settings) {
    const Outcome outcome = run_deck_text(folder, deck, settings);
    EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const Hdf5File file(folder / "out/snapshots.h5", MPI_COMM_SELF, Hdf5File::Access::read);
    const auto mean = [&](const char* name) {
      const auto values = file.read(name);
      Real sum = 0;
      for (const Real value : values) sum += value / Real(values.size());
      return sum;
    };
    return mean("/snapshots/1/predicted") - mean("/snapshots/0/observed");
  };
  EXPECT_NEAR(moved_by({}), 0.5, 0.1);
  {  // the cloud on the left has twice the weight of the other in the end
    const Hdf5File file(folder / "out/snapshots.h5", MPI_COMM_SELF, Hdf5File::Access::read);
    const auto at = file.read("/snapshots/0/coupled"), growth = file.read("/snapshots/0/growth");
    ASSERT_EQ(at.size(), 120u);
    ASSERT_EQ(growth.size(), 240u);
    Real left = 0, right = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      (at[i] < 0 ? left : right) += growth[2 * i] / 60;
      EXPECT_NEAR(growth[2 * i + 1], std::log(growth[2 * i]), 1e-12);
    }
    EXPECT_NEAR(left, 4. / 3, 0.05);
    EXPECT_NEAR(right, 2. / 3, 0.05);
  }
  EXPECT_NEAR(moved_by({"learn_energies.coupling.growth=false"}), -0.5, 0.1);
}

}  // namespace
}  // namespace weir
