// Steps that are tried, judged and repeated smaller: the step-size control "weir", a TSAdapt type for
// explicit schemes with an embedded one.
//
//     e^2 = (1/n) sum_i ((x_i - y_i) / (atol + rtol max(|x_i|, |y_i|)))^2,   h' = h clip(safety e^(-1/p))
//
// x: the step of order p, y: that of order p - 1; accepted where e <= 1. It is the elementary controller of
// PETSc's "basic" on an exact sum, so that decisions are the same on any number of ranks. A trial whose
// velocities or states are not finite is rejected like one with too large an error.
#pragma once

#include <petscts.h>

#include <string>

#include "weir/base/Types.hpp"

namespace weir {

/// Registers the type; once is enough, more does no harm.
void register_trial_steps();

/// What a TS of adaptive steps knows about the trial at hand. Its methods mean the same on all ranks.
class TrialSteps {
 public:
  /// Makes `ts`, whose type and adapt type have been set, ask this object about its trials, as long as it
  /// lives.
  explicit TrialSteps(TS ts);
  ~TrialSteps();
  TrialSteps(const TrialSteps&) = delete;
  TrialSteps& operator=(const TrialSteps&) = delete;

  /// The trial is to be rejected; nothing it computes from now on matters.
  void fail(const std::string& why) { failure_ = why; }
  bool failed() const { return !failure_.empty(); }
  /// The last trials of a solver that gave up.
  std::string history() const;

  // What PETSc calls.
  void begin_step();
  void begin_stage();
  bool check_stage(Vec stage, Real h);
  void choose(PetscReal h, PetscReal* next_h, PetscBool* accept, PetscReal* error);

 private:
  Real weighted_error(int order) const;
  void reject(Real next_h);

  TS ts_;
  Vec lower_ = nullptr, weight_ = nullptr;
  Vec before_ = nullptr;  // the state that trials start from: PETSc takes a rejected step back by subtraction
  bool restore_ = false;
  Index rejected_ = 0;  // since a step was accepted
  Real smallest_ = 0;   // step that comes next, where one was rejected
  std::string failure_, last_failure_;
};

}  // namespace weir
