#define LEMON_ONLY_TEMPLATES
#include "transport/NetworkSimplexLemon.hpp"

#include <lemon/network_simplex.h>
#include <lemon/static_graph.h>

#include <utility>

namespace weir::detail {

ArcFlow solve_on_arcs(const std::vector<std::int64_t>& supplies, const std::vector<std::int64_t>& demands,
                      const std::vector<Arc>& arcs) {
  const int sources = int(supplies.size()), nodes = int(supplies.size() + demands.size());
  std::vector<std::pair<int, int>> ends;
  ends.reserve(arcs.size());
  for (const Arc& arc : arcs) ends.emplace_back(arc.from, sources + arc.to);
  lemon::StaticDigraph graph;
  graph.build(nodes, ends.begin(), ends.end());

  lemon::StaticDigraph::ArcMap<std::int64_t> costs(graph);
  for (int a = 0; a < int(arcs.size()); ++a) costs[graph.arc(a)] = arcs[a].cost;
  lemon::StaticDigraph::NodeMap<std::int64_t> amounts(graph);
  for (int s = 0; s < nodes; ++s) amounts[graph.node(s)] = s < sources ? supplies[s] : -demands[s - sources];

  using Simplex = lemon::NetworkSimplex<lemon::StaticDigraph, std::int64_t, std::int64_t>;
  Simplex simplex(graph);
  ArcFlow result;
  result.feasible = simplex.costMap(costs).supplyMap(amounts).run() == Simplex::OPTIMAL;
  if (!result.feasible) return result;
  for (int a = 0; a < int(arcs.size()); ++a) result.flow.push_back(simplex.flow(graph.arc(a)));
  for (int s = sources; s < nodes; ++s) result.potential.push_back(simplex.potential(graph.node(s)));
  return result;
}

}  // namespace weir::detail
