#include "flows/SteppersPetsc.hpp"

// A TS type is a table of functions in PETSc's private headers, which its documentation asks implementers to
// use.
#include <petsc/private/tsimpl.h>

#include "weir/base/Calls.hpp"

namespace weir {

namespace {

struct WeirStepper {
  FixedSteps steps;
  StepFunction advance;
};

PetscErrorCode step(TS ts) {
  return petsc_callback([&] {
    auto& stepper = *static_cast<WeirStepper*>(ts->data);
    const Index n = ts->steps;
    const Real t = stepper.steps.time(n), next = stepper.steps.time(n + 1);
    stepper.advance(n, t, next - t, ts->vec_sol);
    ts->ptime = next;
    ts->time_step = stepper.steps.time(n + 2) > next ? stepper.steps.time(n + 2) - next : next - t;
    if (n + 1 >= stepper.steps.count) ts->reason = TS_CONVERGED_TIME;
  });
}
PetscErrorCode setup(TS) {
  return PETSC_SUCCESS;
}
PetscErrorCode reset(TS) {
  return PETSC_SUCCESS;
}
PetscErrorCode destroy(TS ts) {
  delete static_cast<WeirStepper*>(ts->data);
  ts->data = nullptr;
  return PETSC_SUCCESS;
}
PetscErrorCode view(TS ts, PetscViewer viewer) {
  const auto& steps = static_cast<WeirStepper*>(ts->data)->steps;
  return PetscViewerASCIIPrintf(viewer, "  blocks by their rules, %d steps of %g\n", int(steps.count),
                                double(steps.size));
}
// States between steps are not defined for a stochastic flow; events at the end of a step are.
PetscErrorCode interpolate(TS ts, PetscReal t, Vec x) {
  return petsc_callback([&] {
    if (t != ts->ptime) throw RunError("the TS type weir knows its state at the end of a step only");
    WEIR_PETSC(VecCopy(ts->vec_sol, x));
  });
}

PetscErrorCode create_stepper(TS ts) {
  ts->data = new WeirStepper{};
  ts->ops->step = step;
  ts->ops->setup = setup;
  ts->ops->reset = reset;
  ts->ops->destroy = destroy;
  ts->ops->view = view;
  ts->ops->interpolate = interpolate;
  ts->ops->setfromoptions = nullptr;
  ts->default_adapt_type = TSADAPTNONE;
  return PETSC_SUCCESS;
}

}  // namespace

void register_steppers() {
  static bool registered = false;
  if (registered) return;
  WEIR_PETSC(TSRegister("weir", create_stepper));
  registered = true;
}

void set_steps(TS ts, const FixedSteps& steps, StepFunction advance) {
  auto& stepper = *static_cast<WeirStepper*>(ts->data);
  stepper.steps = steps;
  stepper.advance = std::move(advance);
}

}  // namespace weir
