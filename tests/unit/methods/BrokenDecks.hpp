// Decks that work, and what breaks them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "methods/InProcess.hpp"

namespace weir::testing_tools {

inline const std::string simulate_deck = R"(weir: 1
run: {name: broken, seed: 1}
simulate:
  initial: {particles: 20, dimension: 2, normal: {mean: 0, covariance: 1}}
  energy: {potential: {quadratic: {stiffness: 1}}}
  time: {step: 0.1, end: 0.2}
)";

inline const std::string learn_deck = R"(weir: 1
run: {name: broken, seed: 1}
learn_energies:
  populations:
    simulate:
      initial: {particles: 20, dimension: 2, uniform: {low: -1, high: 1}}
      energy: {potential: sphere}
      time: {step: 0.01, end: 0.02}
  split: {test: 0.5}
  model: {linear: {features_at: current}}
)";

/// A deck, what is changed about it on the command line, and what the message must say.
struct Broken {
  std::string name, deck;
  std::vector<std::string> settings;
  std::string message;
};

inline Outcome check_deck(const SharedFolder& folder, const std::string& deck,
                          const std::vector<std::string>& settings) {
  CommandLine command;
  command.deck = folder.write("deck.yaml", deck);
  command.settings = settings;
  command.settings.push_back("run.output=" + folder / "out");
  command.check = true;
  return run_to_outcome(command, Communicator());
}

/// By a run and by `--check` alike; nothing is written.
inline void expect_broken(const SharedFolder& folder, const Broken& broken) {
  for (const auto& outcome : {run_deck_text(folder, broken.deck, broken.settings),
                              check_deck(folder, broken.deck, broken.settings)}) {
    EXPECT_EQ(outcome.code, ExitCode::bad_input) << broken.name;
    EXPECT_NE(outcome.message.find(broken.message), std::string::npos)
        << broken.name << ": " << outcome.message;
  }
  Communicator().barrier();
  EXPECT_FALSE(std::filesystem::exists(folder / "out")) << broken.name;
}

}  // namespace weir::testing_tools
