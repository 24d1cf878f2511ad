#include "weir/performance/CostModel.hpp"

namespace weir {

// Communicator's `reduce` counts every rank's share.
Traffic reduction(Index ranks, Index bytes) {
  return {1, ranks * bytes, Real(bytes)};
}

// Communicator::all_gather_in_place counts what each rank has.
Traffic gathering(Index bytes) {
  return {1, bytes, Real(bytes)};
}

// ExactAccumulator::start agrees on a bound; its `finish` adds up the limbs and two flags.
Traffic exact_sum(Index ranks, Index length, Index limbs) {
  Traffic traffic = reduction(ranks, Index(sizeof(Real)));
  if (ranks > 1) traffic += reduction(ranks, (limbs * length + 2) * Index(sizeof(Real)));
  return traffic;
}

Traffic exact_sum_to_owners(Index ranks, Index length, Index limbs) {
  Traffic traffic = reduction(ranks, Index(sizeof(Real)));
  if (ranks == 1) return traffic;
  const Index bytes = (limbs * length + 2 * ranks) * Index(sizeof(Real));
  traffic += {1, ranks * bytes, Real(bytes) / 2};  // the totals do not come back
  return traffic;
}

}  // namespace weir
