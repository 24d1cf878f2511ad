// Langevin steps with a preconditioner P that all particles share, given velocity v and temperature T.
//
//     X' = X + h P v + sqrt(2 T h) R xi_n,   R R' = P
//     P = diag(given), or by the running Fisher estimate of the velocities in steps n = 1, 2, ..
//
//     diagonal   P_c = 1 / m_c,  m += r (mean v_c^2 - m),   r = max(.05, 1 / n)
//     fisher     P = M^-1,       M += r (mean v v' - M),    R = L'^-1 with L L' = M + 1e-6 tr(M) / d I
//
// P is frozen within a step, so that its sub-steps sample one law. A component whose m is 0 has P = 1; where
// M is 0 (or, by numbers that are too large, no metric at all) P = I.
// Source: Girolami, Calderhead, J. R. Stat. Soc. B 73, 123 (2011), with a metric that all particles share.
#pragma once

#include "weir/flows/Rule.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

class PreconditionedLangevinRule : public Rule {
 public:
  /// Throws InputError (key `where`) where the diagonal has not one scale for each component, and where the
  /// whole matrix would have more than 64 rows.
  PreconditionedLangevinRule(const PreconditionedLangevinOptions& options, const RuleSite& site,
                             const std::string& where);

  void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;

  // Kernels, which nvcc takes in public functions only.
  /// Collective: takes the velocities of a step into the estimate.
  void update_estimate(const ActiveTiles& tiles, const MatrixRef<const Real>& v);
  const std::vector<Real>& sum_squares(const ActiveTiles& tiles, const MatrixRef<const Real>& v);
  const std::vector<Real>& sum_products(const ActiveTiles& tiles, const MatrixRef<const Real>& v);
  template <class T>
  void move_particles(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<Real>& x);
  template <class T>
  void move_by_matrix(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<Real>& x);

 private:
  bool by_matrix() const { return options_.metric == "fisher"; }
  void find_scales();
  void find_matrices();

  PreconditionedLangevinOptions options_;
  Communicator comm_;
  Index components_;
  Random random_;
  bool single_;
  TileSum products_;
  Vector<Real> scales_;  // P of a diagonal metric
  HostMirrorOf<Vector<Real>> host_scales_;
  Matrix<Real> inverse_, root_;  // P and R
  // scalars_: steps taken into the estimate, then m, or the lower triangle of M row by row. Empty where P is
  // given.
};

}  // namespace weir
