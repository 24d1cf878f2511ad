// A potential given by a network: V(x) or V(x, t).
#pragma once

#include <vector>

#include "weir/energies/Potential.hpp"
#include "weir/networks/Mlp.hpp"

namespace weir {

class NetworkPotential : public Potential {
 public:
  NetworkPotential(const MlpShape& shape, const std::vector<Real>& theta);

  void add_value(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                 const VectorRef<Real>& values) const override;
  void add_gradient(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) const override;

 private:
  static constexpr Index columns = 64;  // at a time
  /// Calls use(first, count) when inputs_ holds particles [first, first + count) and t.
  template <class Use>
  void for_each_panel(const MatrixRef<const Real>& x, Real t, Use&& use) const;

  Mlp<Real> network_;
  Vector<Real> theta_;
  mutable MlpTape<Real> tape_;
  Matrix<Real> inputs_, gradients_;
};

}  // namespace weir
