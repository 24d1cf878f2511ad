// What drives a stage: PETSc's TS, set up for the flow, and what its callbacks do.
#pragma once

#include <petscts.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flows/SolverType.hpp"
#include "flows/SteppersPetsc.hpp"
#include "flows/TrialSteps.hpp"
#include "weir/base/Calls.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

FixedSteps fixed_steps(const SteppingOptions& options);

struct Stage::Solver {
  /// The state as a block sees it that moves.
  struct Seen {
    State& state;
    const std::vector<Index>& versions;
  };

  SteppingOptions options;
  std::string where;
  std::string type;  // of the TS
  FixedSteps steps;
  Flow& flow;
  std::shared_ptr<const Layout> layout;
  State state, velocity;
  std::vector<std::unique_ptr<Rule>> rules;  // null where a block is still; none under native types
  std::unique_ptr<State> memory;
  std::unique_ptr<State> old;                 // the state before a step, where sub-steps need it
  std::vector<Vector<Real>> energies;         // of particles, where a rule wants them
  std::vector<Index> versions, old_versions;  // of the blocks
  std::vector<Real> no_scalars;
  bool counted_bad[most_blocks] = {};  // by the step itself
  Index bad[most_blocks] = {};         // numbers of each block that are not finite
  TS ts = nullptr;
  Mat jacobian = nullptr;  // differences of the Newton function, where an implicit scheme needs them
  std::unique_ptr<TrialSteps> trials;  // where steps are adapted
  std::function<bool(const Tick&)> go_on;
  Tick tick;             // the last that finish_step saw
  bool resumed = false;  // before the first step

  Solver(const SteppingOptions& stepping, Flow& the_flow, const std::string& the_where)
      : options(stepping),
        where(the_where),
        type(solver_type(stepping, the_flow, the_where)),
        steps(fixed_steps(stepping)),
        flow(the_flow),
        layout(flow.layout()),
        state(layout),
        velocity(layout),
        tick{0, stepping.start} {}
  ~Solver() {
    MatDestroy(&jacobian);
    TSDestroy(&ts);
  }

  void create();
  bool is_own() const { return type == "weir"; }
  bool is_adaptive() const { return options.tolerance.has_value(); }
  bool is_over(const Tick& at) const { return is_own() ? at.step >= steps.count : at.time >= options.end; }
  bool moves(Index b) const { return rules.empty() || rules[std::size_t(b)]; }
  void create_rules();
  void create_memory();
  bool needs_old() const;
  void start_rules();
  void create_weir();
  void create_native();
  void forget_versions();
  void find_native_velocity(Real t, Vec x, Vec v);
  void advance(Index step, Real t, Real h);
  bool advances_by_tiles() const;
  void advance_by_tiles(Index step, Real t, Real h);
  void advance_together(Index step, Real t, Real h);
  void advance_in_turn(Index step, Real t, Real h);
  void finish_block_by_parts(Index b, const Move& move, const MatrixRef<Real>& v);
  void advance_block(Index b, Index step, Real t, Real h, const Seen& others, bool evaluated);
  std::string place(const Tick& at) const;
  Tick reached() const;
  void count_moved() const;
  Index count_not_finite(const ActiveTiles& tiles, const MatrixRef<const Real>& values) const;
  void check_finite(const Tick& tick);
  bool finish_step(const Tick& now);
  void drive();
  bool reached_end() const;
  bool solve();

  static PetscErrorCode right_hand_side(TS, PetscReal t, Vec x, Vec v, void* context) {
    return petsc_callback([&] {
      auto& solver = *static_cast<Solver*>(context);
      solver.find_native_velocity(t, x, v);
    });
  }
  /// Under native types; Weir's own type begins and ends its steps itself.
  static PetscErrorCode native_step_begins(TS ts) {
    return petsc_callback([&] {
      void* context = nullptr;
      PetscInt step = 0;
      WEIR_PETSC(TSGetApplicationContext(ts, &context));
      WEIR_PETSC(TSGetStepNumber(ts, &step));
      auto& solver = *static_cast<Solver*>(context);
      solver.flow.begin_step(step, solver.state);
    });
  }
  static PetscErrorCode newton_function(void* snes, Vec x, Vec y) {
    return SNESComputeFunction(static_cast<SNES>(snes), x, y);
  }
  /// The product with the Jacobian at x is a difference of functions about x: nothing to assemble.
  static PetscErrorCode newton_jacobian(SNES, Vec x, Mat, Mat differences, void*) {
    return petsc_callback([&] {
      WEIR_PETSC(MatMFFDSetBase(differences, x, nullptr));
      WEIR_PETSC(MatAssemblyBegin(differences, MAT_FINAL_ASSEMBLY));
      WEIR_PETSC(MatAssemblyEnd(differences, MAT_FINAL_ASSEMBLY));
    });
  }
  static PetscErrorCode step_done(TS ts) {
    return petsc_callback([&] {
      void* context = nullptr;
      WEIR_PETSC(TSGetApplicationContext(ts, &context));
      auto& solver = *static_cast<Solver*>(context);
      TSConvergedReason reason;
      WEIR_PETSC(TSGetConvergedReason(ts, &reason));
      if (reason < 0) return;  // there was no step
      const Tick now = solver.reached();
      if (!solver.is_own()) solver.flow.end_step(now.step - 1, solver.state);
      ++counters().steps;
      solver.count_moved();
      if (!solver.finish_step(now)) WEIR_PETSC(TSSetConvergedReason(ts, TS_CONVERGED_USER));
    });
  }
};

}  // namespace weir
