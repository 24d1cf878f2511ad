#include "methods/learn_energies/linear/FeatureCentres.hpp"

#include "weir/base/Error.hpp"
#include "weir/ensemble/SpreadPoints.hpp"

namespace weir {

HostMatrix<Real> data_centres(const FeatureOptions& options, const std::vector<const Ensemble*>& ensembles,
                              CentresOf of, Index seed) {
  const auto* wanted = options.radial ? std::get_if<DataCentres>(&options.radial->centres.at) : nullptr;
  if (!wanted) return {};
  const Communicator& comm = ensembles.front()->comm;
  const Index d = ensembles.front()->components();
  Index local = 0, total = 0;
  for (const Ensemble* ensemble : ensembles) local += ensemble->partition.local_particles();

  HostMatrix<Real> candidates("Weir::FeatureCentres::candidates", d, local);
  std::vector<Index> ids;
  for (const Ensemble* ensemble : ensembles) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble->x);
    const auto tiles = ensemble->partition.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      const Tile tile = tiles[t];
      for (Index i = 0; i < tile.count; ++i) {
        // Rows are shuffled when populations are made, so a neighbour within the tile is a random partner.
        const Index partner = tile.first + (i + 1) % tile.count;
        for (Index c = 0; c < d; ++c)
          candidates(c, ids.size()) =
              host(c, tile.first + i) - (of == CentresOf::differences ? host(c, partner) : 0);
        ids.push_back(total + tile.global + i);
      }
    }
    total += ensemble->particles();
  }
  const auto centres =
      spread_points(comm, candidates, ids, wanted->number, Random(seed, Stream::feature_centres, int(of)));
  if (Index(centres.extent(1)) < wanted->number)
    throw InputError(options.where + ".radial.centres.data.number",
                     fmt::format("found {}; the training populations have only {} different points",
                                 wanted->number, centres.extent(1)));
  return centres;
}

void check_data_centres(const FeatureOptions& options, const std::vector<Ensemble>& ensembles) {
  const auto* wanted = options.radial ? std::get_if<DataCentres>(&options.radial->centres.at) : nullptr;
  Index points = 0;
  for (std::size_t k = 0; k + 1 < ensembles.size(); ++k) points += ensembles[k].particles();
  if (wanted && wanted->number > points)
    throw InputError(options.where + ".radial.centres.data.number",
                     fmt::format("found {}; the training populations have {} points to choose from",
                                 wanted->number, points));
}

}  // namespace weir
