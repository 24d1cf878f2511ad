// Decks and rows that tests of latent_ebm share.
#pragma once

#include <fmt/format.h>

#include <string>

#include "weir/parallel/Random.hpp"

namespace weir::testing_tools {

/// Rows of a law in eight dimensions with two strong directions.
inline std::string eight_columns(Index rows) {
  const Random random(17, Stream::initial_ensemble);
  std::string text;
  for (Index i = 0; i < rows; ++i)
    for (Index c = 0; c < 8; ++c) {
      const Real value = 0.6 * random.normal(i, 0, c) + (c < 4 ? 1.0 : -0.5) * random.normal(i, 1, 0) +
                         (c % 2 ? 0.7 : 0.2) * random.normal(i, 2, 0);
      text += fmt::format("{:.6f}{}", value, c < 7 ? "," : "\n");
    }
  return text;
}

/// Two moons, a small energy, and what `train` and the method have besides.
inline std::string small_deck(const std::string& train = "", const std::string& more = "") {
  return R"(weir: 1
run: {name: small, seed: 5, tile: 8, precision: single}
latent_ebm:
  data: {synthetic: {moons: {count: 203}}}
  split: {test: 0.4}
  latent: {dimension: 2, particles: 2}
  energy: {network: {hidden: [8, 8]}}
  train: {iterations: 12, batch: 20, negatives: {particles: 37}, reports: 6)" +
         train + "}\n  generate: {count: 30, steps: 15}\n" + more;
}

}  // namespace weir::testing_tools
