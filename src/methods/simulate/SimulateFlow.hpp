// The flow of one ensemble down its free energy: the block "particles".
#pragma once

#include "weir/energies/FreeEnergy.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/flows/Flow.hpp"

namespace weir {

class SimulateFlow : public Flow {
 public:
  SimulateFlow(const Ensemble& ensemble, FreeEnergy& energy, const RuleOptions& rule)
      : energy_(energy),
        layout_(std::make_shared<Layout>(ensemble.comm, std::vector<Block>{{"particles", ensemble.partition,
                                                                            ensemble.components(), rule}})) {}

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    energy_.velocity(moment.time, x[0], v[0]);
  }
  bool is_pointwise() const override { return energy_.is_pointwise(); }
  void find_sums(const Moment& moment, const MatrixRef<const Real>& x) override {
    energy_.find_moments(moment.time, x);
  }
  void velocity_of(const LocalTiles& tiles, const Moment& moment, const MatrixRef<const Real>& x,
                   const MatrixRef<Real>& v) override {
    energy_.velocity_of(tiles, moment.time, x, v);
  }
  Real temperature(const Moment& moment, Index) const override { return energy_.temperature(moment.time); }
  Real largest_temperature(Real start, Real end, Index) const override {
    return energy_.largest_temperature(start, end);
  }

 private:
  FreeEnergy& energy_;
  std::shared_ptr<const Layout> layout_;
};

}  // namespace weir
