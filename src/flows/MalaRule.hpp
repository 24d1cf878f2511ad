// Metropolis-adjusted Langevin steps: exact samples of exp(-E / T), whatever the step.
//
//     Y = X + h v(X) + sqrt(2 T h) xi,   accepted with probability min(1, exp a),
//     a = [E(X) - E(Y)] / T + sum_c [ |Y - X - h v(X)|_c^2 - |X - Y - h v(Y)|_c^2 ] / (4 T h_c)
//
// h_c is the step of the part that component c belongs to, times a factor that all parts share. With a target
// the factor is adapted once a step, over all of its sub-steps and all active particles of all ranks:
//
//     factor <- factor exp(.05 (acceptance - target)),  within [.02, 10]
//
// Every particle decides for itself, by a number drawn by counters. A proposal whose energy is not finite is
// rejected. Source: Roberts, Tweedie, Bernoulli 2, 341 (1996).
#pragma once

#include "weir/flows/Rule.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

class MalaRule : public Rule {
 public:
  /// Throws InputError (key `where`) where there is neither one step nor one for each part.
  MalaRule(const MalaOptions& options, const RuleSite& site, const std::string& where);

  /// Needs a temperature above 0: InternalError else.
  void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;
  bool wants_energies() const override { return true; }
  bool leaves_evaluation() const override { return true; }
  /// Share of the last step's proposals that were accepted; the factor of the step size.
  Metrics report() const override;

  // Kernels, which nvcc takes in public functions only.
  template <class T>
  void propose(const Move& move, const MatrixRef<const Real>& v, const MatrixRef<const Real>& x);
  /// Returns how many were accepted here.
  Index accept(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x);

 private:
  void adapt();

  Communicator comm_;
  std::optional<Real> target_;
  Random noise_, decision_;
  bool single_;
  Vector<Real> steps_;  // of the components, without the factor
  Matrix<Real> proposal_, proposal_v_;
  Vector<Real> proposal_energies_;
  Index accepted_ = 0, proposed_ = 0;  // in this step so far, here
  // scalars_: factor, acceptance of the last step
};

}  // namespace weir
