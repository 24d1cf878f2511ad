// Data files as decks use them: opened once.
#include <gtest/gtest.h>

#include "methods/InProcess.hpp"
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

}  // namespace
}  // namespace weir
