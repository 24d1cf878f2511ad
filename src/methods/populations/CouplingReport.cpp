#include "methods/populations/CouplingReport.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

void describe_couplings(const std::vector<CoupledEnsemble>& couplings, const std::vector<Index>& kept,
                        RunOutput& output) {
  Real cost = 0, gap = 0;
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    const CoupledEnsemble& coupling = couplings[k];
    output.log(fmt::format("coupling {} to {}: mean squared distance {:.6g}, duality gap {:.1e}{}", kept[k],
                           kept[k + 1], coupling.cost, coupling.gap,
                           coupling.iterations > 0
                               ? fmt::format(", marginal error {:.1e} after {} iterations",
                                             coupling.marginal_error, coupling.iterations)
                               : ""));
    cost += coupling.cost / Real(couplings.size());
    gap = std::max(gap, coupling.gap);
  }
  output.summarise({{"coupling_cost", cost}, {"coupling_gap", gap}});
}

}  // namespace weir
