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

}  // namespace weir
