// The steps of a bridge as a flow: step k of a stage of unit steps is one of Euler and Maruyama on a grid of
// times.
//
//     Z_{k+1} = Z_k + (t_{k+1} - t_k) / (1 - t_k) (E[Z_1 | Z_k] - Z_k) + sigma (t_{k+1} - t_k)^1/2 xi
#pragma once

#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"
#include "methods/schroedinger_bridge/latent/BridgeGrid.hpp"
#include "weir/flows/Flow.hpp"

namespace weir {

class BridgeFlow : public Flow {
 public:
  /// One block, "latents". `drift` and `grid` outlive the object.
  BridgeFlow(BridgeDrift& drift, const BridgeGrid& grid, Real sigma, const Communicator& comm,
             const Partition& particles, Index components);
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override;
  Real temperature(const Moment& moment, Index block) const override;
  Real largest_temperature(Real start, Real end, Index block) const override;

 private:
  BridgeDrift& drift_;
  const BridgeGrid& grid_;
  Real sigma_;
  std::shared_ptr<Layout> layout_;
};

}  // namespace weir
