// The flow of one ensemble down its free energy: the block "particles".
#pragma once

#include "weir/energies/FreeEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/flows/Flow.hpp"

namespace weir {

class SimulateFlow : public Flow {
 public:
  SimulateFlow(const Ensemble& ensemble, FreeEnergy& energy)
      : energy_(energy),
        layout_(std::make_shared<Layout>(
            ensemble.comm, std::vector<Block>{{"particles", ensemble.partition, ensemble.components()}})) {}

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(Real t, const ConstBlockViews& x, const BlockViews& v) override {
    energy_.velocity(t, x[0], v[0]);
  }
  Real temperature(Real t, Index) const override { return energy_.temperature(t); }
  Real largest_temperature(Real start, Real end, Index) const override {
    return energy_.largest_temperature(start, end);
  }

 private:
  FreeEnergy& energy_;
  std::shared_ptr<const Layout> layout_;
};

}  // namespace weir
