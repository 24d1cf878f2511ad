#include "weir/performance/CostModel.hpp"

#include "weir/flows/State.hpp"
#include "weir/networks/TileGradient.hpp"
#include "weir/parallel/ExactSum.hpp"

namespace weir {

// Communicator's `reduce` counts every rank's share.
Traffic reduction(Index ranks, Index bytes) {
  return {1, Real(ranks * bytes), Real(bytes)};
}

// Communicator::all_gather_in_place counts what each rank has.
Traffic gathering(Index bytes) {
  return {1, Real(bytes), Real(bytes)};
}

// ExactAccumulator::start agrees on a bound; its `finish` adds up the limbs and two flags.
Traffic exact_sum(Index ranks, Index length, Index limbs) {
  Traffic traffic = reduction(ranks, Index(sizeof(Real)));
  if (ranks > 1) traffic += reduction(ranks, (limbs * length + 2) * Index(sizeof(Real)));
  return traffic;
}

// ExactAccumulator: on hosts in single precision ranks say their bound and their number of columns; where
// these are few, they are sent as they are.
Traffic gradient_sum(Index ranks, Index parameters, bool single, const std::vector<Index>& tiles) {
  const bool says_columns = single && kernels_on_host;
  if (says_columns && ranks == 1) return {};
  Traffic traffic = reduction(ranks, (says_columns ? 2 : 1) * real_size);
  if (ranks == 1) return traffic;
  const Index most_own = Partition(0, int(ranks), parameters, parameter_chunk).most_local_particles();
  const Real of_limbs = Real(ranks * (gradient_limbs(single) * parameters + 2 * ranks) * real_size);
  Real bytes = 0;
  for (const Index columns : tiles)
    bytes += says_columns && take_less_room_than_limbs(columns, most_own, parameters, int(ranks))
                 ? Real(columns * parameters) * Real(sizeof(float))
                 : of_limbs;
  bytes /= Real(tiles.size());
  traffic += {1, bytes, bytes / Real(ranks)};
  return traffic;
}

Traffic gathering_parameters(Index parameters, bool single, bool scalars) {
  return gathering(parameters * (single && !scalars ? Index(sizeof(float)) : real_size));
}

}  // namespace weir
