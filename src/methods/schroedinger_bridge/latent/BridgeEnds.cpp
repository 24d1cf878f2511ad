#include "methods/schroedinger_bridge/latent/BridgeEnds.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "methods/populations/Partners.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

/// Row number places[i] of `rows` for particle i.
Ensemble rows_at(const Ensemble& rows, const Partition& partition, Index tile,
                 const std::vector<Index>& places) {
  Ensemble chosen(rows.comm, partition.particles(), rows.components(), tile);
  Kokkos::deep_copy(chosen.x, look_up(rows.comm, rows.partition, rows.x, places));
  return chosen;
}

/// m + U (L + sigma^2)^1/2 xi in place of xi.
void make_gaussian(const Ensemble& noise, const MeanAndCovariance& moments, Real sigma) {
  const Index d = noise.components();
  const auto eigen = symmetric_eigen(moments.covariance, d);
  for (Index i = 0; i < noise.partition.local_particles(); ++i) {
    std::vector<Real> z(moments.mean);
    for (Index k = 0; k < d; ++k) {
      const Real scale = std::sqrt(std::max(eigen.values[std::size_t(k)], Real(0)) + sigma * sigma);
      for (Index c = 0; c < d; ++c)
        z[std::size_t(c)] += scale * noise.x(k, i) * eigen.vectors[std::size_t(k * d + c)];
    }
    for (Index c = 0; c < d; ++c) noise.x(c, i) = z[std::size_t(c)];
  }
}

/// The first rows of those given, else of those held out, which are in random order.
const Ensemble& rows_to_start_at(const BridgeEnds& ends) {
  if (ends.given_starts) return *ends.given_starts;
  return ends.start_test->particles() > 0 ? *ends.start_test : *ends.start_train;
}

}  // namespace

Index starts_at_hand(const BridgeEnds& ends) {
  return rows_to_start_at(ends).particles();
}

Ensemble draw_starts(const StartOptions& start, const BridgeEnds& ends, Index count, const RunOptions& run) {
  const Index d = ends.train.components();
  const Communicator& comm = ends.train.comm;
  if (ends.given_starts) count = std::min(count, ends.given_starts->particles());
  const Partition partition(comm, count, run.tile);
  const Index first = partition.first_particle(), here = partition.local_particles();
  if (std::holds_alternative<PointStart>(start.law)) return Ensemble(comm, count, d, run.tile);
  std::vector<Index> places(std::size_t(here), 0);
  if (start.is_ensemble()) {
    std::iota(places.begin(), places.end(), first);
    return rows_at(rows_to_start_at(ends), partition, run.tile, places);
  }
  const Random random(run.seed, Stream::bridge_starts);
  Ensemble noise(comm, count, d, run.tile);
  fill_normals(noise.x, random, first, 1);
  if (std::holds_alternative<GaussianStart>(start.law)) {
    const auto moments = mean_and_covariance(ends.train);
    Kokkos::fence();
    make_gaussian(noise, moments, ends.sigma);
    return noise;
  }
  const Index rows = ends.train.particles();
  for (Index i = 0; i < here; ++i)
    places[std::size_t(i)] = std::min(rows - 1, Index(Real(rows) * random.uniform(first + i, 0, 0)));
  Ensemble at = rows_at(ends.train, partition, run.tile, places);
  for (Index i = 0; i < here; ++i)
    for (Index c = 0; c < d; ++c) at.x(c, i) += ends.sigma * noise.x(c, i);
  return at;
}

}  // namespace weir
