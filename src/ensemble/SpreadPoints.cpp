#include "weir/ensemble/SpreadPoints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir {

HostMatrix<Real> spread_points(const Communicator& comm, const HostMatrix<const Real>& x,
                               const std::vector<Index>& ids, Index number, const Random& random) {
  constexpr Index nobody = std::numeric_limits<Index>::max();
  const Index d = comm.max(Index(x.extent(0))), count = Index(ids.size());
  HostMatrix<Real> chosen("Weir::spread_points", d, number);
  std::vector<Real> square(count, 1);  // distance to the nearest chosen point; the first is drawn uniformly
  for (Index k = 0; k < number; ++k) {
    Real least = std::numeric_limits<Real>::infinity();
    Index best = -1;
    for (Index i = 0; i < count; ++i) {
      if (square[i] <= 0) continue;
      const Real time = -std::log(random.uniform(ids[i], k, 0)) / square[i];
      if (time < least) least = time, best = i;
    }
    const Real winner = -comm.max(-least);
    const Index id = comm.min(best >= 0 && least == winner ? ids[best] : nobody);
    if (id == nobody) {  // every point is chosen already
      const auto found = Kokkos::subview(chosen, Kokkos::ALL(), Kokkos::make_pair(Index(0), k));
      HostMatrix<Real> fewer("Weir::spread_points", d, k);
      Kokkos::deep_copy(fewer, found);
      return fewer;
    }
    const bool mine = best >= 0 && ids[best] == id;
    const int owner = int(comm.max(Index(mine ? comm.rank() : -1)));
    if (mine)
      for (Index c = 0; c < d; ++c) chosen(c, k) = x(c, best);
    comm.broadcast(&chosen(0, k), d * Index(sizeof(Real)), owner);
    for (Index i = 0; i < count; ++i) {
      Real distance = 0;
      for (Index c = 0; c < d; ++c) distance += (x(c, i) - chosen(c, k)) * (x(c, i) - chosen(c, k));
      square[i] = k == 0 ? distance : std::min(square[i], distance);
    }
  }
  return chosen;
}

}  // namespace weir
