#include "methods/schroedinger_bridge/latent/BridgeFlow.hpp"

#include <algorithm>

namespace weir {

BridgeFlow::BridgeFlow(BridgeDrift& drift, const BridgeGrid& grid, Real sigma, const Communicator& comm,
                       const Partition& particles, Index components)
    : drift_(drift),
      grid_(grid),
      sigma_(sigma),
      layout_(std::make_shared<Layout>(comm, std::vector<Block>{Block{"latents", particles, components}})) {}

void BridgeFlow::velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                          const VectorRef<Real>&) {
  const Index k = std::min(moment.step, grid_.steps() - 1);
  const Real t = grid_.times[std::size_t(k)], rate = grid_.step(k) / (1 - t);
  const auto to_end = v[0];
  drift_.displacement(t, x[0], to_end);
  Kokkos::parallel_for(
      "Weir::BridgeFlow::velocity", Range(0, Index(to_end.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < Index(to_end.extent(0)); ++c) to_end(c, i) *= rate;
      });
}

/// A step of length 1 with noise (2 T)^1/2 xi.
Real BridgeFlow::temperature(const Moment& moment, Index) const {
  const Index k = std::min(moment.step, grid_.steps() - 1);
  return grid_.has_noise(k) ? 0.5 * sigma_ * sigma_ * grid_.step(k) : 0;
}

Real BridgeFlow::largest_temperature(Real, Real, Index block) const {
  Real largest = 0;
  for (Index k = 0; k < grid_.steps(); ++k) largest = std::max(largest, temperature({k, 0, Real(k)}, block));
  return largest;
}

}  // namespace weir
