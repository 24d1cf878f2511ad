// A transportation problem on given arcs, in integers, as LEMON solves it. Free of Weir's and Kokkos'
// headers: LEMON does not compile as C++20.
#pragma once

#include <cstdint>
#include <vector>

namespace weir::detail {

struct Arc {
  std::int32_t from, to;  ///< from supply `from` to demand `to`
  std::int64_t cost;
};

struct ArcFlow {
  bool feasible = false;
  std::vector<std::int64_t> flow;       ///< of each arc
  std::vector<std::int64_t> potential;  ///< v of each demand: cost + (that of a supply) - v >= 0 on every arc
};

/// min sum of cost * flow; `arcs` ordered by `from`; the sums of supplies and demands agree. Costs must be
/// small enough that (number of supplies and demands) * cost < 2^60.
ArcFlow solve_on_arcs(const std::vector<std::int64_t>& supplies, const std::vector<std::int64_t>& demands,
                      const std::vector<Arc>& arcs);

}  // namespace weir::detail
