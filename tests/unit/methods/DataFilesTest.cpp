// Data files as decks use them: opened once, rows chosen by label.
#include <gtest/gtest.h>

#include <algorithm>

#include "methods/InProcess.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/input/DataReader.hpp"

namespace weir {
namespace {

using namespace testing_tools;

const std::string data = std::string(WEIR_SOURCE_DIR) + "/input/data/";

std::string simulate_deck(const std::string& file) {
  return "weir: 1\nsimulate:\n  initial: {file: {path: " + data + file +
         "}}\n  energy: {potential: {quadratic: {stiffness: 1}}}\n  time: {step: 0.1, end: 0.2}\n";
}

std::string learn_deck(const std::string& file) {
  return "weir: 1\nlearn_energies:\n  populations: {file: {path: " + data + file +
         "}}\n  split: {test: 0.5}\n  model: {linear: {features: {polynomial: {degree: 2}}}}\n"
         "  coupling: {batch: 50}\n";
}

const std::string cells = "hsmm_10pc.csv, columns: [3, 5], scale: 0.05, labels: {column: hours}";

/// Tables that this rank opens in a run, which must succeed.
Index opened_by(const SharedFolder& folder, const std::string& deck, std::vector<std::string> settings = {}) {
  const Index before = tables_opened();
  const Outcome outcome = run_deck_text(folder, deck, std::move(settings));
  EXPECT_EQ(outcome.code, ExitCode::done) << outcome.message;
  return tables_opened() - before;
}

TEST(DataFilesParallel, EveryTableIsOpenedOnce) {
  const SharedFolder folder;
  EXPECT_EQ(opened_by(folder, simulate_deck("hsmm_10pc.csv, columns: [3, 5]")), 1);
  EXPECT_EQ(opened_by(folder, learn_deck(cells)), 1);
  EXPECT_EQ(opened_by(folder, learn_deck(cells), {"learn_energies.repetitions=2"}), 1);
  std::string labels;
  for (int i = 0; i < 1797; ++i) labels += i % 2 == 0 ? "0\n" : "1\n";
  const std::string apart = folder.write("labels.csv", labels);
  EXPECT_EQ(opened_by(folder, learn_deck("digits.csv.gz, columns: [18, 20], labels: {path: " + apart + "}")),
            2);
}

/// Rows of the shipped digits that show one of these, and their ink in all.
struct Digits {
  Index rows = 0;
  Real ink = 0;
  explicit Digits(const std::vector<Real>& shown) {
    const auto table = open_data(data + "digits.csv.gz");
    std::vector<Real> values(table->rows() * 65);
    table->read_rows(0, table->rows(), values.data());
    for (Index i = 0; i < table->rows(); ++i) {
      if (std::find(shown.begin(), shown.end(), values[i * 65 + 64]) == shown.end()) continue;
      ++rows;
      for (Index k = 0; k < 64; ++k) ink += values[i * 65 + k];
    }
  }
};

TEST(DataFilesParallel, SimulationsStartFromTheDigitsSelected) {
  const SharedFolder folder;
  const Digits expected({5, 6, 7});
  const Outcome outcome = run_deck_text(
      folder, simulate_deck("digits.csv.gz, labels: {column: 64, select: [5, 6, 7]}"), {"run.tile=8"});
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const Hdf5File file(folder / "out/snapshots.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  const std::string first = "/snapshots/" + file.members("/snapshots").front() + "/particles";
  EXPECT_EQ(file.shape(first), (std::vector<Index>{expected.rows, 64}));
  Real ink = 0;
  for (const Real value : file.read(first)) ink += value;
  EXPECT_EQ(ink, expected.ink);
  Communicator().barrier();
}

TEST(DataFilesParallel, PopulationsAreThoseSelected) {
  const SharedFolder folder;
  const std::string selected = "hsmm_10pc.csv, columns: [3, 5], labels: {column: hours, select: [0, 48]}";
  const Outcome outcome = run_deck_text(folder, learn_deck(selected));
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const std::string log = text_of(folder / "out/log.txt");
  EXPECT_NE(log.find("population 1 at time 48: "), std::string::npos) << log;
  EXPECT_EQ(log.find("population 2"), std::string::npos) << log;
  const Outcome refused =
      run_deck_text(folder, learn_deck(selected), {"learn_energies.populations.file.labels.select=[0, 36]"});
  EXPECT_EQ(refused.code, ExitCode::bad_input);
  EXPECT_NE(refused.message.find("learn_energies.populations.file.labels.select: found 36, and no row of"),
            std::string::npos)
      << refused.message;
  EXPECT_NE(refused.message.find("allowed: 0, 24, 48, 72"), std::string::npos) << refused.message;
  // Classes are populations too.
  const Outcome digits = run_deck_text(
      folder, learn_deck("digits.csv.gz, columns: [18, 20], labels: {column: 64, select: [5, 6, 7]}"));
  ASSERT_EQ(digits.code, ExitCode::done) << digits.message;
  EXPECT_NE(text_of(folder / "out/log.txt").find("population 2 at time 7: "), std::string::npos);
}

}  // namespace
}  // namespace weir
