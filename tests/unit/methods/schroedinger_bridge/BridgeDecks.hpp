// Small decks that tests of bridges share.
#pragma once

#include <string>

namespace weir::testing_tools {

inline const std::string latent_deck = R"(weir: 1
run: {name: latent, seed: 3, precision: single, tile: 8}
schroedinger_bridge:
  data: {synthetic: {moons: {count: 120, lift: 5}}}
  split: {test: 0.3}
  latent: {dimension: 2}
  autoencoder:
    data: {synthetic: {moons: {count: 80, lift: 5}}}
    network: {hidden: [8]}
    train: {epochs: 2, batch: 32, rule: {adam: {rate: 1.0e-2}}}
  bridge: {sigma: 1.0, steps: 5}
  score:
    network: {hidden: [8]}
    train: {iterations: 8, batch: 32, reports: 4}
  generate: {count: 30}
  metrics: [w2, nearest_neighbour_latent, copying_latent]
)";

inline const std::string between_deck = R"(weir: 1
run: {name: between, seed: 3, precision: single, tile: 8}
schroedinger_bridge:
  data: {synthetic: {eight_gaussians: {count: 120}}}
  split: {test: 0.3}
  autoencoder: identity
  bridge:
    start: {ensemble: {synthetic: {moons: {count: 100}}}}
    sigma: 1.0
    steps: 5
    drift: DRIFT
  generate: {count: 30}
  metrics: [w2, copying]
)";

inline std::string with_drift(const std::string& drift) {
  std::string deck = between_deck;
  return deck.replace(deck.find("DRIFT"), 5, drift);
}

}  // namespace weir::testing_tools
