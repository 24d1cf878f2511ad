#include "methods/schroedinger_bridge/latent/SampleWatch.hpp"

#include <algorithm>
#include <cmath>

#include "methods/generative/GenerationMetrics.hpp"
#include "methods/schroedinger_bridge/latent/BridgeGrid.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

constexpr Index watched_paths = 256, watched_steps = 30;
constexpr Index least_told = 50;  // distances that a median is taken of

Index paths_to_watch(const BridgeOptions& options, const BridgeEnds& ends) {
  return options.start.is_ensemble() ? std::min(watched_paths, starts_at_hand(ends)) : watched_paths;
}

}  // namespace

bool SampleWatch::can_tell(const BridgeOptions& options, const BridgeEnds& ends) {
  return std::min(paths_to_watch(options, ends), ends.test.particles() / 2) >= least_told;
}

SampleWatch::SampleWatch(const BridgeOptions& options, const BridgeEnds& ends, const RunOptions& run)
    : options_(options),
      ends_(ends),
      run_(run),
      starts_(draw_starts(options.start, ends, paths_to_watch(options, ends), run)) {}

Real SampleWatch::copying(const EndpointNetwork& network) const {
  const BridgeGrid grid(std::min(options_.steps, watched_steps), options_.stop, options_.grid,
                        options_.last_step);
  const auto drift = make_network_drift(network, starts_.partition, run_.single_precision());
  const Ensemble samples = copy_of(starts_);
  const Random random(run_.seed, Stream::bridge_watch);
  const Matrix<Real> to_end("Weir::SampleWatch::to_end", samples.components(), samples.x.extent(1)),
      noise("Weir::SampleWatch::noise", samples.components(), samples.x.extent(1));
  for (Index k = 0; k < grid.steps(); ++k) {
    const Real t = grid.times[std::size_t(k)], step = grid.step(k);
    drift->displacement(t, samples.x, to_end);
    fill_normals(noise, random, samples.partition.first_particle(), k);
    add_step(samples.x, to_end, step / (1 - t), noise, grid.has_noise(k) ? ends_.sigma * std::sqrt(step) : 0);
  }
  GenerationMetricsOptions options;
  options.points = watched_paths;
  return GenerationMetrics(options, {samples, ends_.test, ends_.train, {}}, run_).copying();
}

void SampleWatch::add_step(const Matrix<Real>& z, const Matrix<Real>& to_end, Real rate,
                           const Matrix<Real>& noise, Real deviation) const {
  Kokkos::parallel_for(
      "Weir::SampleWatch::add_step", Range(0, Index(z.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < Index(z.extent(0)); ++c)
          z(c, i) += rate * to_end(c, i) + deviation * noise(c, i);
      });
  Kokkos::fence();
}

}  // namespace weir
