#include "methods/schroedinger_bridge/SchroedingerBridgeCost.hpp"

#include "methods/populations/CouplingCost.hpp"
#include "methods/schroedinger_bridge/snapshots/SnapshotBridge.hpp"

namespace weir {

namespace {

/// The couplings, and the paths' places at every snapshot.
std::vector<CostedPart> snapshot_costs(const SchroedingerBridgeOptions& options, const Communicator& comm,
                                       const RunOptions& run) {
  const Populations populations = make_populations(*options.populations, {}, false, comm, run);
  const Index d = populations.dimension();
  CouplingCost::Round sizes;
  for (const Index k : kept_snapshots(options, populations.count()))
    sizes.push_back(populations.train[std::size_t(k)].particles());
  std::vector<Index> all = sizes_of(populations.train);
  const auto held = [=](int ranks) {
    const auto most = [&](Index particles) {
      return Partition(0, ranks, particles, run.tile).most_local_particles();
    };
    Index numbers = 0, longest = 0;
    for (const Index particles : all) numbers += d * most(particles);
    for (const Index particles : sizes) {
      numbers += 3 * (d + 2) * most(particles);  // moments, and entries of plans at both their ends
      longest = std::max(longest, most(particles));
    }
    return Real((numbers + longest * Index(sizes.size()) * d) * real_size);
  };
  const auto small = [=](Index n, Index m) {
    const Communicator self(MPI_COMM_SELF);
    std::vector<Ensemble> two;
    for (const Index size : {n, m}) {
      const int number = int(two.size());
      two.emplace_back(self, size, d, run.tile);
      fill_normals(two.back().x, Random(run.seed, Stream::initial_ensemble, number), 0, 0);
    }
    return two;
  };
  std::vector<CostedPart> parts;
  parts.push_back({"coupling", std::make_unique<CouplingCost>(options.snapshots.coupling, d,
                                                              std::vector<CouplingCost::Round>{sizes}, small,
                                                              held, run, CouplingKeeps::partners)});
  return parts;
}

}  // namespace

std::vector<CostedPart> schroedinger_bridge_costs(const SchroedingerBridgeOptions& options,
                                                  const Communicator& comm, const RunOptions& run) {
  return snapshot_costs(options, comm, run);
}

}  // namespace weir
