// One leg of a run: a flow, driven by PETSc's TS from one time to another.
//
// Blocks that move by their rules run as the TS type "weir" with a fixed step. Noise-free flows may use
// PETSc's own types: explicit (euler, rk, ssp) or implicit (beuler, cn, bdf) with a matrix-free Newton
// method; a step of beuler is a step of the JKO scheme where the energy is convex in X.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/flows/Flow.hpp"
#include "weir/flows/Rule.hpp"

namespace weir {

/// How blocks follow one another within a step.
enum class StepOrder {
  together,  ///< all from the old state: sub-steps of a block see the others as they were
  in_turn    ///< one after the other, each with its sub-steps, seeing what moved before it
};

struct SteppingOptions {
  Real start = 0, end = 1, step = 1e-2;
  std::string solver = "weir";    ///< weir: blocks by their rules; or a native type of PETSc's
  std::optional<Real> tolerance;  ///< adaptive steps (rk): local error per step, relative and absolute
  Index seed = 0;
  int stage = 0;        ///< number of the stage within the run: keys its noise
  bool single = false;  ///< noise in single precision, as the run computes
  StepOrder order = StepOrder::together;
  /// What may help where the state is no longer finite, from whoever knows the keys.
  std::string remedy = "a smaller step may help";
};

/// PETSc's own types that `solver` may name.
const std::vector<std::string>& native_solvers();

/// Steps from start to end at the fixed step size.
Index count_steps(const SteppingOptions& options);

/// Where a stage stands; `step` counts the steps done.
struct Tick {
  Index step;
  Real time;
};

class Stage {
 public:
  /// Collective. Throws InputError (key `where`) where the scheme, or the solver that PETSc's option -ts_type
  /// names, cannot drive the flow (noise under a native type), and where other options of PETSc's would step
  /// otherwise than `options` say.
  Stage(const SteppingOptions& options, Flow& flow, const std::string& where);
  ~Stage();

  State& state();
  /// What the rules remember beside each number, in blocks that are named and cut as the state's; those that
  /// remember nothing have no components. Empty under native types.
  State& memory();
  /// What the rule of block b remembers of the whole block, to save and restore; the same on all ranks.
  std::vector<Real>& rule_scalars(Index b);
  /// To be called by whoever writes to the state or the memory between two steps.
  void state_changed();
  /// From the next step on the rate of block b is this many times as large.
  void scale_rate(Index b, Real factor);
  /// What users should see of the rules: `<block>_<name>`.
  Metrics rule_report() const;
  /// Block b where training is over: its running average if its rule keeps one, else the block itself.
  Matrix<Real> learned(Index b);
  /// Number of steps from start to end at the fixed step size.
  Index planned_steps() const;

  /// Collective: solves to the end. `after_step` runs at the start (step 0) and after each step whose state
  /// is finite. Throws RunError naming block, step and time where a state is not finite, a solver failed or
  /// PETSc stopped before the end.
  void run(const std::function<void(const Tick&)>& after_step);
  /// The same, for as long as `go_on` says so (the same on all ranks); returns whether the end was reached.
  bool run_while(const std::function<bool(const Tick&)>& go_on);

  /// Continues where an equal stage stood after step `from`, with `next_step` as it gave it: `state` and
  /// `memory` have been filled, and `run` begins with the next step, not with what follows step `from`.
  void resume(const Tick& from, Real next_step);
  /// The size of the step that comes next, after a step.
  Real next_step() const;
  bool is_over(const Tick& tick) const;
  /// Whether steps have other sizes than planned, so that the time alone says how far the stage is.
  bool is_adaptive() const;
  Real start() const;
  Real end() const;
  /// Whether a stage that was resumed computes the bits that it would have: not for bdf, which begins again
  /// at order one.
  bool resumes_exactly() const;
  /// Vectors as long as the state that the stage and PETSc hold by now.
  Index vectors() const;

  struct Solver;  // public for nvcc, as it has kernels

 private:
  std::unique_ptr<Solver> solver_;
};

}  // namespace weir
