// Weir's own time stepper in PETSc: the TS type "weir", blocks by their rules.
#pragma once

#include <petscts.h>

#include <functional>

#include "weir/base/Types.hpp"

namespace weir {

/// What the TS type "weir" does in a step: advance x from time t by h. Set on the TS after TSSetType.
using StepFunction = std::function<void(Index step, Real t, Real h, Vec x)>;

/// Registers the type; once is enough, more does no harm.
void register_steppers();

/// For a TS of type "weir": steps of `size` from `start`, `count` of them, the last one ending at `end`.
/// Times are start + n size, never accumulated, so that a restarted run has the same.
struct FixedSteps {
  Real start, end, size;
  Index count;
  Real time(Index n) const { return n >= count ? end : start + Real(n) * size; }
};
void set_steps(TS ts, const FixedSteps& steps, StepFunction advance);

}  // namespace weir
