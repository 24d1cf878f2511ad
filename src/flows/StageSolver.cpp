#include "flows/StageSolver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "flows/ExactVector.hpp"

namespace weir {

namespace {

/// An error that says already where it arose.
class LocatedError : public RunError {
 public:
  using RunError::RunError;
};

constexpr int most_rejections = 100;  // of one step, each to a quarter at most

}  // namespace

FixedSteps fixed_steps(const SteppingOptions& options) {
  const Real exact = (options.end - options.start) / options.step;
  return {options.start, options.end, options.step,
          std::max(Index(1), Index(std::ceil(exact * (1 - 1e-12))))};
}

void Stage::Solver::create() {
  for (Index b = 0; b < layout->blocks(); ++b)
    if (!is_parameter_block(b)) moved += (*layout)[b].partition.local_particles();
  register_steppers();
  register_trial_steps();
  WEIR_PETSC(TSCreate(layout->comm().mpi(), &ts));
  WEIR_PETSC(TSSetProblemType(ts, TS_NONLINEAR));
  WEIR_PETSC(TSSetApplicationContext(ts, this));
  WEIR_PETSC(TSSetRHSFunction(ts, velocity.vec(), right_hand_side, this));
  WEIR_PETSC(TSSetTime(ts, options.start));
  WEIR_PETSC(TSSetMaxTime(ts, options.end));
  WEIR_PETSC(TSSetTimeStep(ts, steps.time(1) - options.start));
  WEIR_PETSC(TSSetMaxSteps(ts, std::numeric_limits<PetscInt>::max()));
  WEIR_PETSC(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  WEIR_PETSC(TSSetMaxStepRejections(ts, most_rejections));
  if (is_own()) create_rules();
  create_memory();
  is_own() ? create_weir() : create_native();
  WEIR_PETSC(TSSetPostStep(ts, step_done));
  WEIR_PETSC(TSSetFromOptions(ts));
  WEIR_PETSC(TSSetErrorIfStepFails(ts, PETSC_FALSE));  // reached_end says it better
  if (is_adaptive()) trials = std::make_unique<TrialSteps>(ts);
}

void Stage::Solver::create_rules() {
  for (Index b = 0; b < layout->blocks(); ++b) {
    const Block& block = (*layout)[b];
    if (is_parameter_block(b))
      rules.push_back(std::make_unique<ParameterRule>(*options.rules[b], layout->comm(), block.partition,
                                                      block.components, steps.count));
    else
      rules.push_back(std::make_unique<LangevinRule>(
          LangevinRule::named(options.scheme), block.partition, block.components,
          Random(options.seed, Stream::langevin_noise, options.stage * 64 + int(b)), options.single));
  }
}

void Stage::Solver::create_memory() {
  std::vector<Block> remembered;
  for (Index b = 0; b < layout->blocks(); ++b) {
    remembered.push_back((*layout)[b]);
    remembered.back().components *= rules.empty() ? 0 : rules[b]->memory();
  }
  memory = std::make_unique<State>(std::make_shared<const Layout>(layout->comm(), remembered));
}

void Stage::Solver::create_weir() {
  WEIR_PETSC(TSSetType(ts, "weir"));
  set_steps(ts, steps, [this](Index step, Real t, Real h, Vec x) { advance(step, t, h, x); });
}

void Stage::Solver::create_native() {
  WEIR_PETSC(TSSetType(ts, type.c_str()));
  if (type == "rk") WEIR_PETSC(TSRKSetType(ts, options.tolerance ? TSRK5DP : TSRK4));
  TSAdapt adapt = nullptr;
  WEIR_PETSC(TSGetAdapt(ts, &adapt));
  WEIR_PETSC(TSAdaptSetType(adapt, options.tolerance ? "weir" : TSADAPTNONE));
  if (options.tolerance)
    WEIR_PETSC(TSSetTolerances(ts, *options.tolerance, nullptr, *options.tolerance, nullptr));
  if (is_implicit(type)) {
    // Newton with a matrix-free Jacobian: GMRES sees differences of the velocity.
    SNES snes = nullptr;
    KSP ksp = nullptr;
    PC pc = nullptr;
    WEIR_PETSC(TSGetSNES(ts, &snes));
    WEIR_PETSC(MatCreateMFFD(layout->comm().mpi(), PetscInt(layout->local_size()),
                             PetscInt(layout->local_size()), PETSC_DETERMINE, PETSC_DETERMINE, &jacobian));
    WEIR_PETSC(MatMFFDSetFunction(jacobian, newton_function, snes));
    WEIR_PETSC(SNESSetJacobian(snes, jacobian, jacobian, newton_jacobian, nullptr));
    WEIR_PETSC(SNESSetTolerances(snes, 1e-12, 1e-10, 1e-12, 50, PETSC_DEFAULT));
    WEIR_PETSC(SNESGetKSP(snes, &ksp));
    WEIR_PETSC(KSPSetTolerances(ksp, 1e-8, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
    WEIR_PETSC(KSPGetPC(ksp, &pc));
    WEIR_PETSC(PCSetType(pc, PCNONE));
  }
}

/// Where a step can be made again smaller, or Newton's method can go less far, a velocity that cannot be
/// computed is no error yet.
void Stage::Solver::find_velocity(Real t, Vec x, Vec v) {
  if (trials && trials->failed()) {
    WEIR_PETSC(VecSet(v, 0));
    return;
  }
  try {
    const Phase phase("velocity");
    flow.velocity(t, ConstBlockViews(*layout, x), BlockViews(*layout, v));
  } catch (const RunError& error) {
    if (!trials && !is_implicit(type)) throw;
    if (trials) trials->fail(error.what());
    WEIR_PETSC(VecSet(v, HUGE_VAL));
  }
  if (!trials) return;
  if (!trials->failed() && !all_finite(v)) trials->fail("a velocity is not finite");
  if (trials->failed()) WEIR_PETSC(VecSet(v, 0));
}

/// All blocks from the old state.
void Stage::Solver::advance(Index step, Real t, Real h, Vec x) {
  WEIR_PETSC(right_hand_side(ts, t, x, velocity.vec(), this));
  const Phase phase("rules");
  const ConstBlockViews v(*layout, velocity.vec());
  const BlockViews blocks(*layout, x), remembered(memory->layout(), memory->vec());
  for (Index b = 0; b < layout->blocks(); ++b)
    rules[b]->advance(step, h, flow.temperature(t, b), v[b], blocks[b], remembered[b]);
  Kokkos::fence();
}

/// For messages.
std::string Stage::Solver::place(const Tick& at) const {
  std::string names;
  for (Index b = 0; b < layout->blocks(); ++b) names += (b > 0 ? ", " : "") + (*layout)[b].name;
  return fmt::format("block{} {} at step {} (time {:g})", layout->blocks() > 1 ? "s" : "", names, at.step,
                     at.time);
}

std::string Stage::Solver::remedy() const {
  for (Index b = 0; b < layout->blocks(); ++b)
    if (is_parameter_block(b)) return "a smaller rate may help";
  if (is_adaptive()) return "the flow may have no solution beyond: an energy that grows at infinity may help";
  return is_own() ? "a smaller `time.step`, or the scheme tamed_langevin, may help"
                  : "a smaller `time.step` may help";
}

/// Steps that PETSc has done.
Tick Stage::Solver::reached() const {
  PetscInt step = 0;
  PetscReal time = 0;
  WEIR_PETSC(TSGetStepNumber(ts, &step));
  WEIR_PETSC(TSGetTime(ts, &time));
  return {step, time};
}

void Stage::Solver::check_finite(Vec x, const Tick& tick) const {
  const ConstBlockViews blocks(*layout, x);
  for (Index b = 0; b < layout->blocks(); ++b) {
    const auto values = blocks[b];
    const Index d = Index(values.extent(0));
    Index bad = 0;
    Kokkos::parallel_reduce(
        "Weir::Stage::check_finite", Range(0, Index(values.extent(1))),
        KOKKOS_LAMBDA(Index i, Index & found) {
          for (Index c = 0; c < d; ++c) found += !(fabs(values(c, i)) <= 1.7976931348623157e308);
        },
        bad);
    const Index total = layout->comm().sum(bad);
    if (total > 0)
      throw LocatedError(fmt::format("block {} is not finite after step {} (time {:g}): {} of {} numbers; {}",
                                     (*layout)[b].name, tick.step, tick.time, total,
                                     (*layout)[b].partition.particles() * d, remedy()));
  }
}

/// Whether to go on. A sum that is not finite says which; the step and the time are known here.
bool Stage::Solver::finish_step(const Tick& now) {
  tick = now;
  {
    const Phase phase("check");
    check_finite(state.vec(), tick);
  }
  try {
    return go_on(tick);
  } catch (const RunError& error) {
    throw LocatedError(fmt::format("{}: {}", error.what(), place(tick)));
  }
}

void Stage::Solver::drive() {
  const Phase phase("solver");
  try {
    WEIR_PETSC(TSSolve(ts, state.vec()));
  } catch (const LocatedError&) {
    throw;
  } catch (const RunError& error) {
    throw RunError(fmt::format("{}: {}; {}", error.what(), place({tick.step + 1, tick.time}), remedy()));
  }
}

/// Whether the end was reached. PETSc may have given up, or have stopped early for reasons of its own.
bool Stage::Solver::reached_end() const {
  TSConvergedReason reason;
  WEIR_PETSC(TSGetConvergedReason(ts, &reason));
  if (reason == TS_CONVERGED_USER) return false;
  if (reason >= 0) {
    if (is_over(tick)) return true;
    throw RunError(
        fmt::format("{}: PETSc stopped before time {:g} ({}); leave out the option of PETSc's that makes it",
                    place(tick), options.end, TSConvergedReasons[reason]));
  }
  std::string why = TSConvergedReasons[reason];
  if (reason == TS_DIVERGED_NONLINEAR_SOLVE) {
    SNES snes = nullptr;
    SNESConvergedReason newton;
    WEIR_PETSC(TSGetSNES(ts, &snes));
    WEIR_PETSC(SNESGetConvergedReason(snes, &newton));
    why = fmt::format("Newton's method found no solution ({})", SNESConvergedReasons[newton]);
  } else if (trials) {
    why = trials->history();
  }
  throw RunError(fmt::format("{}: {} cannot make the next step: {}; {}", place(tick), type, why, remedy()));
}

bool Stage::Solver::solve() {
  if (!resumed && !finish_step(tick)) return false;
  drive();
  return reached_end();
}

}  // namespace weir
