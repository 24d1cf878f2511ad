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
  SteppingOptions options;
  std::string type;  // of the TS
  FixedSteps steps;
  Flow& flow;
  std::shared_ptr<const Layout> layout;
  State state, velocity;
  std::vector<std::unique_ptr<Rule>> rules;
  std::unique_ptr<State> memory;
  Index moved = 0;  // particles of this rank that a step moves
  TS ts = nullptr;
  Mat jacobian = nullptr;  // differences of the Newton function, where an implicit scheme needs them
  std::unique_ptr<TrialSteps> trials;  // where steps are adapted
  std::function<bool(const Tick&)> go_on;
  Tick tick;             // the last that finish_step saw
  bool resumed = false;  // before the first step

  Solver(const SteppingOptions& stepping, Flow& the_flow, const std::string& where)
      : options(stepping),
        type(solver_type(stepping, the_flow, where)),
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
  bool is_parameter_block(Index b) const { return b < Index(options.rules.size()) && options.rules[b]; }
  void create_rules();
  void create_memory();
  void create_weir();
  void create_native();
  void find_velocity(Real t, Vec x, Vec v);
  void advance(Index step, Real t, Real h, Vec x);
  std::string place(const Tick& at) const;
  std::string remedy() const;
  Tick reached() const;
  void check_finite(Vec x, const Tick& tick) const;
  bool finish_step(const Tick& now);
  void drive();
  bool reached_end() const;
  bool solve();

  static PetscErrorCode right_hand_side(TS, PetscReal t, Vec x, Vec v, void* context) {
    return petsc_callback([&] {
      auto& solver = *static_cast<Solver*>(context);
      solver.find_velocity(t, x, v);
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
      ++counters().steps;
      counters().particle_steps += solver.moved;
      if (!solver.finish_step(solver.reached())) WEIR_PETSC(TSSetConvergedReason(ts, TS_CONVERGED_USER));
    });
  }
};

}  // namespace weir
