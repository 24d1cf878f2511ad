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

const std::string small_model =
    "  split: {test: 0}\n  model: {linear: {features_at: current, features: {polynomial: {degree: 1}}}}\n"
    "  coupling: {method: network_simplex, batch: whole}\n";

/// populations: {file: {..}}
std::string learn_from(const std::string& file) {
  return "weir: 1\nlearn_energies:\n  populations: {file: {" + file + "}}\n" + small_model;
}

/// "x,y,when" with 4 rows of each label.
std::string rows_of(const std::vector<std::string>& labels) {
  std::string text = "x,y,when\n";
  for (std::size_t k = 0; k < labels.size(); ++k)
    for (int i = 0; i < 4; ++i)
      text += std::to_string(i + int(k)) + "," + std::to_string(i * i % 3) + "," + labels[k] + "\n";
  return text;
}

TEST(DataFilesParallel, TextsOfLabelsAreTimes) {
  const SharedFolder folder;
  folder.write("units.csv", rows_of({"3d", "8h"}));
  const Outcome outcome = run_deck_text(folder, learn_from("path: units.csv, labels: when"));
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const std::string log = text_of(folder / "out/log.txt");
  EXPECT_NE(log.find("population 0 (8h) at time 8: 4 to train"), std::string::npos) << log;
  EXPECT_NE(log.find("population 1 (3d) at time 72: 4 to train"), std::string::npos) << log;
  EXPECT_NE(log.find("labels 8h, 3d: times 8, 72 (h); `times` gives others"), std::string::npos) << log;
  // Rows keep their numbers.
  const Hdf5File file(folder / "out/snapshots.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  std::vector<Real> rows = file.read("/snapshots/0/row");
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows, (std::vector<Real>{4, 5, 6, 7}));
  Communicator().barrier();
}

TEST(DataFilesParallel, LabelsThatAreNotClear) {
  const SharedFolder folder;
  folder.write("states.csv", rows_of({"treated", "control"}));
  folder.write("few.csv", rows_of({"day0", "day2"}) + "9,9,day3\n");
  const auto message = [&](const std::string& file) {
    const Outcome outcome = run_deck_text(folder, learn_from(file));
    EXPECT_EQ(outcome.code, ExitCode::bad_input);
    return outcome.message;
  };
  EXPECT_NE(
      message("path: states.csv, labels: when")
          .find("populations.file.times: missing, and the labels do not say clearly what times they are "
                "(\"control\" has no number); give one a label, for control, treated in this order"),
      std::string::npos);
  EXPECT_NE(message("path: few.csv, labels: when").find("population 2 (label day3) has 1 particles"),
            std::string::npos);
  EXPECT_NE(message("path: few.csv, columns: [x, y]").find("an array of three axes"), std::string::npos);
  EXPECT_EQ(run_deck_text(folder, learn_from("path: states.csv, labels: when, times: [0, 3]")).code,
            ExitCode::done);
  EXPECT_NE(text_of(folder / "out/log.txt").find("population 1 (treated) at time 3"), std::string::npos);
}

TEST(DataFilesParallel, AFileIsAPopulation) {
  const SharedFolder folder;
  folder.write("day2.csv", "x,y\n0,1\n1,2\n2,0\n");
  folder.write("day10.csv", "x,y\n1,1\n2,2\n3,0\n4,1\n");
  const Outcome outcome = run_deck_text(folder, learn_from("paths: [day10.csv, day2.csv]"));
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  const std::string log = text_of(folder / "out/log.txt");
  EXPECT_NE(log.find("population 0 (day2) at time 2: 3 to train"), std::string::npos) << log;
  EXPECT_NE(log.find("population 1 (day10) at time 10: 4 to train"), std::string::npos) << log;
}

// Metrics in standardised units, snapshots in those of the file.
TEST(DataFilesParallel, StandardisedColumnsComeBack) {
  const SharedFolder folder;
  const std::string text = rows_of({"0", "1", "2"});
  folder.write("cells.csv", text);
  const Outcome outcome =
      run_deck_text(folder, learn_from("path: cells.csv, labels: when, standardise: true"));
  ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  EXPECT_NE(text_of(folder / "out/log.txt").find("column x: mean 2.5, deviation 1.38444, brought to 0 and 1"),
            std::string::npos)
      << text_of(folder / "out/log.txt");
  const Hdf5File snapshots(folder / "out/snapshots.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  std::vector<Real> x = snapshots.read("/snapshots/1/observed");
  std::vector<Real> first;
  for (std::size_t i = 0; i < x.size(); i += 2) first.push_back(x[i]);
  std::sort(first.begin(), first.end());
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(first[std::size_t(i)], i + 1, 1e-14);
  const Hdf5File energies(folder / "out/energies.h5", MPI_COMM_SELF, Hdf5File::Access::read);
  EXPECT_NEAR(energies.read("/standardisation/mean")[0], 2.5, 1e-14);
  Communicator().barrier();
  folder.write("flat.csv", "x,y,when\n1,0,0\n1,1,0\n1,3,0\n1,0,1\n1,1,1\n");
  const Outcome flat =
      run_deck_text(folder, learn_from("path: flat.csv, labels: when, standardise: training"));
  EXPECT_EQ(flat.code, ExitCode::bad_input);
  EXPECT_NE(flat.message.find("file.standardise: column 0 of those chosen is the same in all rows"),
            std::string::npos)
      << flat.message;
}

/// The number after "name": in the summary of the last run.
Real summary_number(const SharedFolder& folder, const char* name) {
  return summary_of(folder / "out").at(name).get<Real>();
}

std::string cells_deck() {
  return "weir: 1\nrun: {seed: 2}\nlearn_energies:\n  populations: {file: {path: " + data +
         "hsmm_10pc.csv, columns: [3, 5], scale: 0.05, labels: hours, times: [0, 1, 2, 3]}}\n  split: 0.4\n"
         "  coupling: {method: network_simplex, batch: whole}\n"
         "  model: {linear: {features_at: current, features: {polynomial: {degree: 1}}}}\n";
}

// Where nothing is split: two halves of a population, not the population against itself.
TEST(DataFilesParallel, TheFloorIsOfTwoSamples) {
  const SharedFolder folder;
  ASSERT_EQ(run_deck_text(folder, cells_deck()).code, ExitCode::done);
  const Real split = summary_number(folder, "w1_floor");
  for (const char* predict : {"one_step", "roll_out"}) {
    const Outcome outcome =
        run_deck_text(folder, cells_deck(),
                      {"learn_energies.split.test=0", std::string("learn_energies.predict=") + predict});
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    EXPECT_GT(summary_number(folder, "w1_floor"), 0.5 * split) << predict;
    EXPECT_LT(summary_number(folder, "w1_floor"), 2 * split) << predict;
  }
  Communicator().barrier();
}

}  // namespace
}  // namespace weir
