#include "flows/TrialSteps.hpp"

// A TSAdapt type is a table of functions in PETSc's private headers, which its documentation asks
// implementers to use.
#include <petsc/private/tsimpl.h>

#include <cmath>

#include "flows/ExactVector.hpp"
#include "weir/base/Calls.hpp"

namespace weir {

namespace {

TrialSteps* trials_of(TSAdapt adapt) {
  return static_cast<TrialSteps*>(adapt->data);
}
TrialSteps* trials_of(TS ts) {
  TSAdapt adapt = nullptr;
  WEIR_PETSC(TSGetAdapt(ts, &adapt));
  return trials_of(adapt);
}

PetscErrorCode choose(TSAdapt adapt, TS, PetscReal h, PetscInt* next_scheme, PetscReal* next_h,
                      PetscBool* accept, PetscReal* error, PetscReal* absolute, PetscReal* relative) {
  return petsc_callback([&] {
    *next_scheme = 0;
    *absolute = *relative = -1;
    trials_of(adapt)->choose(h, next_h, accept, error);
  });
}
PetscErrorCode check_stage(TSAdapt adapt, TS ts, PetscReal, Vec stage, PetscBool* accept) {
  return petsc_callback(
      [&] { *accept = trials_of(adapt)->check_stage(stage, ts->time_step) ? PETSC_TRUE : PETSC_FALSE; });
}
PetscErrorCode begin_step(TS ts) {
  return petsc_callback([&] { trials_of(ts)->begin_step(); });
}
PetscErrorCode begin_stage(TS ts, PetscReal) {
  return petsc_callback([&] { trials_of(ts)->begin_stage(); });
}

PetscErrorCode create_adapt(TSAdapt adapt) {
  adapt->ops->choose = choose;
  return PETSC_SUCCESS;
}

Real square_of_weighted_error(double error, double weight) {
  return (error / weight) * (error / weight);
}

}  // namespace

void register_trial_steps() {
  static bool registered = false;
  if (registered) return;
  WEIR_PETSC(TSAdaptRegister("weir", create_adapt));
  registered = true;
}

TrialSteps::TrialSteps(TS ts) : ts_(ts) {
  TSAdapt adapt = nullptr;
  WEIR_PETSC(TSGetAdapt(ts, &adapt));
  WEIR_CHECK(ts->ops->evaluatestep != nullptr, "adaptive steps without an embedded scheme");
  adapt->data = this;
  WEIR_PETSC(TSAdaptSetCheckStage(adapt, weir::check_stage));
  WEIR_PETSC(TSSetPreStep(ts, weir::begin_step));
  WEIR_PETSC(TSSetPreStage(ts, weir::begin_stage));
}

TrialSteps::~TrialSteps() {
  for (Vec* vec : {&before_, &lower_, &weight_}) VecDestroy(vec);
}

void TrialSteps::begin_step() {
  for (Vec* vec : {&before_, &lower_, &weight_})
    if (!*vec) WEIR_PETSC(VecDuplicate(ts_->vec_sol, vec));
  WEIR_PETSC(VecCopy(ts_->vec_sol, before_));
  rejected_ = 0;
}

void TrialSteps::begin_stage() {
  if (!restore_) return;
  WEIR_PETSC(VecCopy(before_, ts_->vec_sol));
  restore_ = false;
}

/// PETSc shortens the step by a factor of its own where a stage is refused.
bool TrialSteps::check_stage(Vec stage, Real h) {
  if (!failed() && !all_finite(stage)) fail("a stage is not finite");
  if (failed()) reject(h * ts_->adapt->scale_solve_failed);
  return !restore_;
}

void TrialSteps::choose(PetscReal h, PetscReal* next_h, PetscBool* accept, PetscReal* error) {
  const TSAdapt adapt = ts_->adapt;
  const PetscInt order = adapt->candidates.order[0];
  if (!(ts_->ptime + h > ts_->ptime)) fail("the step is too small to move the time");
  if (!failed() && !all_finite(ts_->vec_sol)) fail("the state is not finite");
  *error = failed() ? HUGE_VAL : weighted_error(order - 1);
  if (!failed() && !std::isfinite(*error)) fail("the error is not finite");

  const bool good = *error <= 1, least = h < (1 + PETSC_SQRT_MACHINE_EPSILON) * adapt->dt_min;
  const bool tried_before = !*accept;
  const PetscReal safety = adapt->safety * (!good && tried_before ? adapt->reject_safety : 1);
  const PetscReal factor = *error > 0 ? safety * std::pow(*error, -1.0 / PetscReal(order)) : adapt->clip[1];
  const PetscReal clipped = std::fmin(std::fmax(factor, adapt->clip[0]), adapt->clip[1]);
  *next_h = std::fmin(std::fmax(h * clipped, adapt->dt_min), adapt->dt_max);
  *accept = good || (!failed() && (least || adapt->always_accept)) ? PETSC_TRUE : PETSC_FALSE;
  if (!*accept) reject(*next_h);
}

/// The weight is atol + rtol max(|x|, |lower|); then `lower` becomes the estimate of the error.
Real TrialSteps::weighted_error(int order) const {
  WEIR_PETSC(TSEvaluateStep(ts_, order, lower_, nullptr));
  const PetscScalar* x = nullptr;
  PetscScalar *y = nullptr, *w = nullptr;
  PetscInt size = 0;
  WEIR_PETSC(VecGetLocalSize(weight_, &size));
  WEIR_PETSC(VecGetArrayRead(ts_->vec_sol, &x));
  WEIR_PETSC(VecGetArray(lower_, &y));
  WEIR_PETSC(VecGetArray(weight_, &w));
  for (PetscInt i = 0; i < size; ++i) {
    w[i] = ts_->atol + ts_->rtol * std::fmax(std::fabs(x[i]), std::fabs(y[i]));
    y[i] = x[i] - y[i];
  }
  WEIR_PETSC(VecRestoreArray(weight_, &w));
  WEIR_PETSC(VecRestoreArray(lower_, &y));
  WEIR_PETSC(VecRestoreArrayRead(ts_->vec_sol, &x));
  PetscInt global = 1;
  WEIR_PETSC(VecGetSize(weight_, &global));
  return std::sqrt(exact_vector_sum(lower_, weight_, square_of_weighted_error) / Real(global));
}

/// A step that does not move the time cannot be made smaller.
void TrialSteps::reject(Real next_h) {
  restore_ = true;
  ++rejected_;
  smallest_ = next_h;
  last_failure_ = failed() ? failure_ : "the error is above the tolerance";
  failure_.clear();
  if (!(ts_->ptime + next_h > ts_->ptime)) ts_->reason = TS_DIVERGED_STEP_REJECTED;
}

std::string TrialSteps::history() const {
  return fmt::format("{} rejected, the last because {}; the next would have had size {:.3g}",
                     rejected_ == 1 ? "a trial step was" : fmt::format("{} trial steps were", rejected_),
                     last_failure_, smallest_);
}

}  // namespace weir
