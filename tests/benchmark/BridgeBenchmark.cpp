// The empirical drift of a bridge: pairs a second and core, and how two ranks compare with two processes.
//
//     bridge_benchmark [particles=10000] [rows=50000] [dimension=8] [repetitions=5]
//
// Prints JSON: rates of one rank by itself, of all ranks by themselves at the same time, and of all together,
// in single and in double precision. `efficiency`: together over by themselves.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "methods/schroedinger_bridge/drifts/EmpiricalDrift.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/base/Version.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {
namespace {

struct Size {
  Index particles, rows, dimension, repetitions;
};

Ensemble normal(const Communicator& comm, Index count, Index d, int stage) {
  Ensemble ensemble(comm, count, d, 64);
  fill_normals(ensemble.x, Random(1, Stream::initial_ensemble, stage), ensemble.partition.first_particle(),
               0);
  return ensemble;
}

/// Pairs a second of the whole communicator, the best of several; all ranks of `world` take part.
Real rate(const Communicator& world, const Communicator& comm, const Size& size, bool single) {
  const Ensemble rows = normal(comm, size.rows, size.dimension, 0),
                 at = normal(comm, size.particles, size.dimension, 1);
  const Matrix<Real> heights("heights", 1, rows.x.extent(1)),
      to_end("to_end", size.dimension, at.x.extent(1));
  const auto drift = make_empirical_drift(rows, heights, 1, at.partition, single);
  Real shortest = std::numeric_limits<Real>::max();
  for (Index r = 0; r < size.repetitions; ++r) {
    world.barrier();
    const Stopwatch watch;
    drift->displacement(0.9, at.x, to_end);
    shortest = std::min(shortest, world.max(watch.seconds()));
  }
  return Real(size.particles) * Real(size.rows) / shortest;
}

void print_rates(const Size& size) {
  const Communicator world, self(MPI_COMM_SELF);
  std::string text;
  for (const bool single : {true, false}) {
    Real alone = 0;
    if (world.is_root()) alone = rate(self, self, size, single);
    world.barrier();
    const Real apart = rate(world, self, size, single), together = rate(world, world, size, single);
    text += fmt::format(
        "{}\"{}\": {{\"one_core\": {:.4g}, \"each_of_{}_processes\": {:.4g}, \"each_of_{}_ranks\": {:.4g}, "
        "\"efficiency\": {:.3f}}}",
        single ? "" : ", ", single ? "single" : "double", world.broadcast_value(alone), world.size(), apart,
        world.size(), together / world.size(), together / world.size() / apart);
  }
  if (world.is_root())
    std::printf(
        "{\"version\": \"%s\", \"ranks\": %d, \"particles\": %ld, \"rows\": %ld, \"dimension\": %ld, "
        "\"pairs_per_second\": {%s}}\n",
        version().c_str(), world.size(), long(size.particles), long(size.rows), long(size.dimension),
        text.c_str());
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::Libraries libraries(argc, argv);
  const auto argument = [&](int n, weir::Index value) { return argc > n ? std::atol(argv[n]) : value; };
  weir::print_rates({argument(1, 10000), argument(2, 50000), argument(3, 8), argument(4, 5)});
}
