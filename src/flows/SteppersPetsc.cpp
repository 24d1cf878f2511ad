#include "SteppersPetsc.hpp"

// A TS type is a table of functions in PETSc's private headers, which its documentation asks implementers to
// use.
#include <petsc/private/tsimpl.h>

#include <cmath>

#include "ExactVector.hpp"
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

Real square_of_weighted_error(double error, double weight) {
  return (error / weight) * (error / weight);
}

/// The elementary controller of PETSc's "basic" (accept where the weighted error is at most 1, next step h
/// times safety * error^(-1/order), clipped), on an error norm that is summed exactly.
PetscErrorCode choose(TSAdapt adapt, TS ts, PetscReal h, PetscInt* next_scheme, PetscReal* next_h,
                      PetscBool* accept, PetscReal* error, PetscReal* absolute, PetscReal* relative) {
  return petsc_callback([&] {
    *next_scheme = 0;
    *next_h = h;
    *accept = PETSC_TRUE;
    *error = *absolute = *relative = -1;
    if (!ts->ops->evaluatestep) return;
    const PetscInt order = adapt->candidates.order[0];
    Vec lower = nullptr, weight = nullptr;
    WEIR_PETSC(VecDuplicate(ts->vec_sol, &lower));
    WEIR_PETSC(VecDuplicate(ts->vec_sol, &weight));
    WEIR_PETSC(TSEvaluateStep(ts, order - 1, lower, nullptr));
    // weight = atol + rtol max(|x|, |lower|), then lower becomes the error estimate.
    const PetscScalar* x = nullptr;
    PetscScalar *y = nullptr, *w = nullptr;
    PetscInt size = 0;
    WEIR_PETSC(VecGetLocalSize(weight, &size));
    WEIR_PETSC(VecGetArrayRead(ts->vec_sol, &x));
    WEIR_PETSC(VecGetArray(lower, &y));
    WEIR_PETSC(VecGetArray(weight, &w));
    for (PetscInt i = 0; i < size; ++i) {
      w[i] = ts->atol + ts->rtol * std::fmax(std::fabs(x[i]), std::fabs(y[i]));
      y[i] = x[i] - y[i];
    }
    WEIR_PETSC(VecRestoreArray(weight, &w));
    WEIR_PETSC(VecRestoreArray(lower, &y));
    WEIR_PETSC(VecRestoreArrayRead(ts->vec_sol, &x));
    PetscInt global = 1;
    WEIR_PETSC(VecGetSize(weight, &global));
    *error = std::sqrt(exact_vector_sum(lower, weight, square_of_weighted_error) / Real(global));
    WEIR_PETSC(VecDestroy(&weight));
    WEIR_PETSC(VecDestroy(&lower));

    PetscReal safety = adapt->safety;
    if (*error > 1) {
      if (!*accept || h < (1 + PETSC_SQRT_MACHINE_EPSILON) * adapt->dt_min) safety *= adapt->reject_safety;
      *accept = h < (1 + PETSC_SQRT_MACHINE_EPSILON) * adapt->dt_min ? PETSC_TRUE : PETSC_FALSE;
    }
    const PetscReal factor = *error > 0 ? safety * std::pow(*error, -1.0 / PetscReal(order)) : adapt->clip[1];
    const PetscReal clipped = std::fmin(std::fmax(factor, adapt->clip[0]), adapt->clip[1]);
    *next_h = std::fmin(std::fmax(h * clipped, adapt->dt_min), adapt->dt_max);
  });
}

PetscErrorCode create_adapt(TSAdapt adapt) {
  adapt->ops->choose = choose;
  return PETSC_SUCCESS;
}

}  // namespace

void register_steppers() {
  static bool registered = false;
  if (registered) return;
  WEIR_PETSC(TSRegister("weir", create_stepper));
  WEIR_PETSC(TSAdaptRegister("weir", create_adapt));
  registered = true;
}

void set_steps(TS ts, const FixedSteps& steps, StepFunction advance) {
  auto& stepper = *static_cast<WeirStepper*>(ts->data);
  stepper.steps = steps;
  stepper.advance = std::move(advance);
}

}  // namespace weir
