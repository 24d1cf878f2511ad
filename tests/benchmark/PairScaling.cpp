// How much of what independent copies reach do ranks reach together? Pair forces of one ensemble, first by
// every rank on its own (its share of the targets against all sources, no messages), then by all ranks
// together.
//
//   mpirun -n 2 pair_scaling [particles, default 100000] [repeats, default 3]
//
// Prints JSON: seconds of both (best of the repeats, slowest rank) and their ratio.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "weir/base/Libraries.hpp"
#include "weir/base/Version.hpp"
#include "weir/energies/Radial.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

Ensemble drawn(const Communicator& comm, Index particles) {
  Ensemble ensemble(comm, particles, 2, 64);
  fill_normals(ensemble.x, Random(1, Stream::initial_ensemble), ensemble.partition.first_particle(), 0);
  return ensemble;
}

/// Seconds of the slowest rank, all starting at once.
template <class Work>
Real seconds(const Communicator& comm, Work work) {
  comm.barrier();
  const auto start = std::chrono::steady_clock::now();
  work();
  return comm.max(std::chrono::duration<Real>(std::chrono::steady_clock::now() - start).count());
}

void measure(Index particles, int repeats) {
  const Communicator comm, self(MPI_COMM_SELF);
  const Ensemble shared = drawn(comm, particles), all = drawn(self, particles),
                 share = drawn(self, shared.partition.local_particles());
  const Matrix<Real> together("together", 2, shared.partition.local_particles()),
      alone("alone", 2, share.particles());
  PairSum<float> shared_pairs(comm, shared.partition, shared.partition, 2),
      own_pairs(self, share.partition, all.partition, 2);
  const RadialGradient<GaussianProfile> kernel{{-1, 0.5}};
  Real best_together = 1e30, best_alone = 1e30;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    best_alone =
        std::min(best_alone, seconds(comm, [&] { own_pairs("alone", kernel, share.x, all.x, {}, alone); }));
    best_together =
        std::min(best_together,
                 seconds(comm, [&] { shared_pairs("together", kernel, shared.x, shared.x, {}, together); }));
  }
  if (!comm.is_root()) return;
  nlohmann::ordered_json json{
      {"version", version()}, {"ranks", comm.size()}, {"particles", particles}, {"precision", "single"}};
  json["seconds_independent"] = best_alone;
  json["seconds_together"] = best_together;
  json["ratio"] = best_alone / best_together;
  json["pairs_per_second_and_rank"] = Real(particles) * Real(particles) / best_together / Real(comm.size());
  std::printf("%s\n", json.dump(2).c_str());
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::Libraries libraries(argc, argv);
  weir::measure(argc > 1 ? std::atoll(argv[1]) : 100000, argc > 2 ? std::atoi(argv[2]) : 3);
}
