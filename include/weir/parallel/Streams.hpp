// Every random stream of Weir has its number here, so that no two uses can meet.
#pragma once

#include <cstdint>

namespace weir {

enum class Stream : std::uint32_t {
  initial_ensemble = 1,
  langevin_noise = 2,
  shuffle = 3,
  split = 4,
  mixture_start = 5,
  feature_centres = 6,
  prediction_noise = 7,
  metric_points = 8,
  population_ensemble = 9,
  floor_points = 10,
  network_parameters = 11,
  batch_order = 12,
  batch_tiles = 13,
  interaction_sources = 14,
  snapshot_blur = 15,
  momentum_noise = 16,
  acceptance = 17,
  momentum_start = 18,
  synthetic_rows = 19,
  synthetic_chains = 20,
  latent_start = 21,
  pool_start = 22,
  data_noise = 23,
  restart_choice = 24,
  restart_proposal = 25,
  restart_centres = 26,
  annealing_start = 27,
  annealing_noise = 28,
  posterior_noise = 29,
  diffusion_noise = 30,
  diffusion_start = 31,
  gaussian_rows = 40,
  partners = 60,
  path_noise = 61,
  path_starts = 62,
  bridge_training = 63,
  bridge_starts = 64,
  bridge_ends = 65,
  bridge_watch = 66,
};

}  // namespace weir
