#include "weir/ensemble/Sample.hpp"

#include <algorithm>

#include "weir/ensemble/RowExchange.hpp"
#include "weir/parallel/Shuffle.hpp"

namespace weir {

std::vector<Real> sample_on(int rank, const Ensemble& ensemble, Index points, Index seed, Index tick) {
  const Index n = ensemble.particles(), d = ensemble.components(), taken = std::min(points, n);
  const Shuffle shuffle(n, seed, Stream::metric_points, tick);
  RowExchange exchange(ensemble.comm, d);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
  for (Index i = 0; i < ensemble.partition.local_rows(); ++i) {
    const Index place = shuffle(ensemble.partition.first_row() + i);
    if (place < taken) exchange.send(rank, 0, place, &host(0, i));
  }
  std::vector<Real> values(ensemble.comm.rank() == rank ? taken * d : 0);
  exchange.deliver([&](const RowExchange::Row& row) { std::copy_n(row.values, d, &values[row.key * d]); });
  return values;
}

Ensemble first_particles(const Ensemble& ensemble, Index count, Index tile) {
  const Index d = ensemble.components(), taken = std::min(count, ensemble.particles());
  Ensemble first(ensemble.comm, taken, d, tile);
  RowExchange exchange(ensemble.comm, d);
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
  const Index begin = ensemble.partition.first_particle();
  for (Index i = 0; i < ensemble.partition.local_particles() && begin + i < taken; ++i)
    exchange.send(first.partition.owner_of_row(begin + i), 0, begin + i, &from(0, i));
  const auto to = Kokkos::create_mirror_view(first.x);
  exchange.deliver([&](const RowExchange::Row& row) {
    std::copy_n(row.values, d, &to(0, row.key - first.partition.first_row()));
  });
  Kokkos::deep_copy(first.x, to);
  return first;
}

}  // namespace weir
