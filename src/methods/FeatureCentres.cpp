#include "FeatureCentres.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "weir/base/Error.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

/// The candidates of this rank with the ids that all ranks know them by.
struct Candidates {
  std::vector<Real> x;
  std::vector<Index> ids;
  Index dimension = 0;
  Index total = 0;
};

Candidates gather_candidates(const std::vector<const Ensemble*>& ensembles, CentresOf of) {
  Candidates candidates;
  for (const Ensemble* ensemble : ensembles) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble->x);
    const Index d = ensemble->components();
    candidates.dimension = d;
    const auto tiles = ensemble->partition.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      const Tile tile = tiles[t];
      for (Index i = 0; i < tile.count; ++i) {
        // Rows are shuffled when populations are made, so a neighbour within the tile is a random partner.
        const Index partner = tile.first + (i + 1) % tile.count;
        candidates.ids.push_back(candidates.total + tile.global + i);
        for (Index c = 0; c < d; ++c)
          candidates.x.push_back(host(c, tile.first + i) - (of == CentresOf::differences ? host(c, partner) : 0));
      }
    }
    candidates.total += ensemble->particles();
  }
  return candidates;
}

}  // namespace

HostMatrix<Real> data_centres(const FeatureOptions& options, const std::vector<const Ensemble*>& ensembles, CentresOf of, Index seed) {
  const auto* wanted = options.radial ? std::get_if<DataCentres>(&options.radial->centres.at) : nullptr;
  if (!wanted) return {};
  const Communicator& comm = ensembles.front()->comm;
  const Candidates candidates = gather_candidates(ensembles, of);
  const Index d = candidates.dimension, count = Index(candidates.ids.size());
  if (wanted->number > candidates.total)
    throw InputError(options.where + ".radial.centres.data.number",
                     fmt::format("found {}; the training populations have {} points to choose from", wanted->number, candidates.total));
  HostMatrix<Real> centres("Weir::FeatureCentres", d, wanted->number);
  const Random random(seed, Stream::feature_centres, int(of));
  std::vector<Real> square(count, 1);  // distance to the nearest centre so far
  std::vector<Real> chosen(d);
  for (Index k = 0; k < wanted->number; ++k) {
    // Exponentials with rates D^2: the least of them falls on i with probability D_i^2 / sum D^2.
    Real least = std::numeric_limits<Real>::infinity();
    Index best = -1;
    for (Index i = 0; i < count; ++i) {
      if (square[i] <= 0) continue;
      const Real time = -std::log(random.uniform(candidates.ids[i], k, 0)) / square[i];
      if (time < least) least = time, best = i;
    }
    const Real winner = -comm.max(-least);
    const Index id = comm.min(best >= 0 && least == winner ? candidates.ids[best] : std::numeric_limits<Index>::max());
    if (id == std::numeric_limits<Index>::max())
      throw InputError(options.where + ".radial.centres.data.number",
                       fmt::format("found {}; the training populations have only {} different points", wanted->number, k));
    const bool mine = best >= 0 && least == winner && candidates.ids[best] == id;
    const int owner = int(comm.max(Index(mine ? comm.rank() : -1)));
    if (mine) std::copy_n(&candidates.x[best * d], d, chosen.begin());
    comm.broadcast(chosen.data(), d * Index(sizeof(Real)), owner);
    for (Index c = 0; c < d; ++c) centres(c, k) = chosen[c];
    for (Index i = 0; i < count; ++i) {
      Real distance = 0;
      for (Index c = 0; c < d; ++c) distance += (candidates.x[i * d + c] - chosen[c]) * (candidates.x[i * d + c] - chosen[c]);
      square[i] = k == 0 ? distance : std::min(square[i], distance);
    }
  }
  return centres;
}

}  // namespace weir
