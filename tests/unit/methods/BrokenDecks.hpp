// Decks that work, and what breaks them.
#pragma once

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

Outcome check_deck(const SharedFolder& folder, const std::string& deck,
                   const std::vector<std::string>& settings);

/// By a run and by `--check` alike; nothing is written.
void expect_broken(const SharedFolder& folder, const Broken& broken);

}  // namespace weir::testing_tools
