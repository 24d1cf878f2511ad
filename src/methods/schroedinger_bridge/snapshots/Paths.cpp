#include "methods/schroedinger_bridge/snapshots/Paths.hpp"

#include <algorithm>
#include <cmath>

#include "methods/schroedinger_bridge/snapshots/PathShape.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

namespace {

Walkers start_at(const Ensemble& population) {
  Walkers walkers{copy_of(population), {}};
  for (Index i = 0; i < population.partition.local_rows(); ++i)
    walkers.rows.push_back(population.partition.first_row() + i);
  return walkers;
}

}  // namespace

const std::vector<Real>& Paths::weights(Real t) const {
  const auto exact = std::find(times.begin(), times.end(), t);
  if (exact != times.end()) return at_snapshots[std::size_t(exact - times.begin())];
  return under_way[std::size_t(interval_of(times, t))];
}

Paths draw_paths(const std::vector<Ensemble>& populations, const std::vector<Real>& times,
                 Couplings& couplings, Index base, Index seed) {
  const Index kept = Index(populations.size());
  Paths paths;
  paths.times = times;
  paths.places.assign(std::size_t(kept), populations[std::size_t(base)]);
  paths.at_snapshots.resize(std::size_t(kept));
  paths.under_way.resize(std::size_t(kept - 1));
  const Random random(seed, Stream::partners);
  for (const Towards towards : {Towards::next, Towards::previous}) {
    Walkers walkers = start_at(populations[std::size_t(base)]);
    paths.places[std::size_t(base)] = copy_of(walkers.at);
    std::vector<Real> weight(walkers.rows.size(), 1);
    paths.at_snapshots[std::size_t(base)] = weight;
    const Index step = towards == Towards::next ? 1 : -1;
    for (Index k = base; k + step >= 0 && k + step < kept; k += step) {
      const std::size_t transition = std::size_t(std::min(k, k + step)), to = std::size_t(k + step);
      PartnerLaw& law = couplings.partners(transition);
      const auto leaves = law.growth(towards, walkers);
      law.draw(towards, walkers, random, (base * kept + k) * 2 + (step > 0 ? 0 : 1));
      const auto arrives = law.growth(towards == Towards::next ? Towards::previous : Towards::next, walkers);
      for (std::size_t i = 0; i < weight.size(); ++i) weight[i] *= leaves[i];
      paths.under_way[transition] = weight;
      for (std::size_t i = 0; i < weight.size(); ++i) weight[i] /= arrives[i];
      paths.at_snapshots[to] = weight;
      paths.places[to] = copy_of(walkers.at);
    }
  }
  return paths;
}

std::vector<Index> copies_by_weight(const Paths& paths, const std::vector<Real>& weights, Index seed,
                                    Index tick) {
  const Ensemble& any = paths.places.front();
  const Matrix<Real> table("Weir::Paths::weights", 1, weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) table(0, i) = weights[i];
  TileSum sum(any.comm, any.partition, 1);
  const Real mean = sum(
                        "Weir::Paths::mean_weight", "the weights of paths",
                        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
                          for (Index i = tile.first; i < tile.first + tile.count; ++i)
                            partial[0] += table(0, i);
                        })[0] /
                    Real(any.particles());
  const Random random(seed, Stream::path_starts);
  std::vector<Index> copies;
  for (std::size_t i = 0; i < weights.size(); ++i)
    copies.push_back(Index(
        std::floor(weights[i] / mean + random.uniform(any.partition.first_particle() + Index(i), tick, 0))));
  return copies;
}

Paths resampled(const Paths& paths, const std::vector<Index>& copies) {
  const Ensemble& any = paths.places.front();
  const Communicator& comm = any.comm;
  Index here = 0;
  for (const Index number : copies) here += number;
  const Index first = comm.exclusive_prefix(here), all = comm.sum(here), d = any.components(),
              kept = Index(paths.places.size());
  Paths sample;
  sample.times = paths.times;
  for (Index k = 0; k < kept; ++k) sample.places.emplace_back(comm, all, d, any.partition.tile_size());
  const Partition& partition = sample.places.front().partition;
  const std::vector<Real> ones(std::size_t(partition.local_particles()), 1);
  sample.at_snapshots.assign(std::size_t(kept), ones);
  sample.under_way.assign(std::size_t(kept - 1), ones);
  RowExchange exchange(comm, d);
  for (Index k = 0; k < kept; ++k) {
    Index row = first;
    for (std::size_t i = 0; i < copies.size(); ++i)
      for (Index c = 0; c < copies[i]; ++c, ++row)
        exchange.send(partition.owner_of_row(row), k, row, &paths.places[std::size_t(k)].x(0, i));
    exchange.deliver([&](const RowExchange::Row& at) {
      std::copy_n(at.values, d, &sample.places[std::size_t(at.tag)].x(0, at.key - partition.first_row()));
    });
  }
  return sample;
}

std::vector<Ensemble> places_at(const Paths& paths, const PathOptions& shape, const std::vector<Real>& times,
                                Index seed, Index draw) {
  const auto* spline = std::get_if<SplinePathOptions>(&shape.shape);
  const auto* bridge = std::get_if<BridgePathOptions>(&shape.shape);
  const Ensemble& any = paths.places.front();
  const Index d = any.components(), here = any.partition.local_particles();
  const Random random(seed, Stream::path_noise, int(draw));
  const Matrix<Real> noise("Weir::Paths::noise", d, here);
  std::vector<Ensemble> at;
  Index interval = -1;  // that the Brownian bridge is in, and how far
  Real done = 0;
  for (std::size_t n = 0; n < times.size(); ++n) {
    const Index k = interval_of(paths.times, times[n]);
    const Real begin = paths.times[std::size_t(k)], end = paths.times[std::size_t(k) + 1];
    const Real u = (times[n] - begin) / (end - begin);
    Ensemble now(any.comm, any.particles(), d, any.partition.tile_size());
    if (bridge) {
      // From X_s to X_u given X_1: mean X_s + r (X_1 - X_s) with r = (u - s) / (1 - s), variance
      // sigma^2 (u - s) (1 - u) / (1 - s).
      const bool begins = k != interval;
      const Real s = begins ? 0 : done, share = (u - s) / (1 - s);
      const Real deviation = bridge->sigma * std::sqrt((u - s) * (1 - u) / (1 - s));
      const Ensemble &from = begins ? paths.places[std::size_t(k)] : at.back(),
                     &to = paths.places[std::size_t(k) + 1];
      fill_normals(noise, random, any.partition.first_particle(), Index(n));
      Kokkos::fence();
      for (Index i = 0; i < here; ++i)
        for (Index c = 0; c < d; ++c)
          now.x(c, i) = from.x(c, i) + share * (to.x(c, i) - from.x(c, i)) + deviation * noise(c, i);
      interval = k;
      done = u;
    } else {
      const auto weights = path_weights(paths.times, times[n], spline ? spline->beta : 0);
      for (std::size_t j = 0; j < weights.size(); ++j)
        for (Index i = 0; weights[j] != 0 && i < here; ++i)
          for (Index c = 0; c < d; ++c) now.x(c, i) += weights[j] * paths.places[j].x(c, i);
    }
    at.push_back(now);
  }
  return at;
}

}  // namespace weir
