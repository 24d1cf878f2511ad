// Langevin steps with a diagonal preconditioner P, given velocity v and temperature T.
//
//     X' = X + h P v + sqrt(2 T h P) xi_n
//     P = diag(given), or P_c = 1 / m_c with the running Fisher estimate m_c of the mean over particles of
//     v_c^2:  m += r (mean v^2 - m),  r = max(.05, 1 / n),  in step n = 1, 2, ..
//
// P is frozen within a step, so that its sub-steps sample one law; a component whose m is 0 has P = 1.
// Source: Girolami, Calderhead, J. R. Stat. Soc. B 73, 123 (2011), with a metric that all particles share.
#pragma once

#include "weir/flows/Rule.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

class PreconditionedLangevinRule : public Rule {
 public:
  /// Throws InputError (key `where`) where the diagonal has not one scale for each component.
  PreconditionedLangevinRule(const PreconditionedLangevinOptions& options, const RuleSite& site,
                             const std::string& where);

  void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;

  // Kernels, which nvcc takes in public functions only.
  /// Collective: takes the velocities of a step into the estimate.
  void update_estimate(const ActiveTiles& tiles, const MatrixRef<const Real>& v);
  template <class T>
  void move_particles(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<Real>& x);

 private:
  PreconditionedLangevinOptions options_;
  Communicator comm_;
  Index components_;
  Random random_;
  bool single_;
  TileSum squares_;
  Vector<Real> scales_;  // P
  HostMirrorOf<Vector<Real>> host_scales_;
  // scalars_: steps taken into the estimate, then m. Empty where P is given.
};

}  // namespace weir
