#include "flows/StageSolver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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
  const std::size_t blocks = std::size_t(layout->blocks());
  rules.resize(blocks);
  energies.resize(blocks);
  for (std::size_t b = 0; b < blocks; ++b) {
    const Block& block = (*layout)[Index(b)];
    rules[b] = make_rule(
        {layout->comm(), block, options.seed, options.stage, int(b), steps.count, options.single}, where);
    if (rules[b] && rules[b]->wants_energies())
      energies[b] = Vector<Real>("Weir::Stage::energies", block.partition.local_particles());
  }
  if (needs_old()) old = std::make_unique<State>(layout);
}

void Stage::Solver::create_memory() {
  std::vector<Block> remembered;
  for (Index b = 0; b < layout->blocks(); ++b) {
    remembered.push_back((*layout)[b]);
    const bool remembers = !rules.empty() && moves(b);
    remembered.back().components =
        remembers ? rules[std::size_t(b)]->memory_rows((*layout)[b].components) : 0;
  }
  memory = std::make_unique<State>(std::make_shared<const Layout>(layout->comm(), remembered));
}

void Stage::Solver::create_weir() {
  WEIR_PETSC(TSSetType(ts, "weir"));
  set_steps(ts, steps, [this](Index step, Real t, Real h, Vec) { advance(step, t, h); });
}

void Stage::Solver::create_native() {
  WEIR_PETSC(TSSetType(ts, type.c_str()));
  WEIR_PETSC(TSSetPreStep(ts, native_step_begins));
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
    make_vectors_like(state.vec(), jacobian);
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
void Stage::Solver::find_native_velocity(Real t, Vec x, Vec v) {
  if (trials && trials->failed()) {
    WEIR_PETSC(VecSet(v, 0));
    return;
  }
  try {
    const Phase phase("velocity");
    flow.velocity({tick.step, 0, t}, BlockSet::all(layout->blocks()), ConstBlockViews(*layout, x),
                  BlockViews(*layout, v), {});
  } catch (const RunError& error) {
    if (!trials && !is_implicit(type)) throw;
    if (trials) trials->fail(error.what());
    WEIR_PETSC(VecSet(v, HUGE_VAL));
  }
  if (!trials) return;
  if (!trials->failed() && !all_finite(v)) trials->fail("a velocity is not finite");
  if (trials->failed()) WEIR_PETSC(VecSet(v, 0));
}

/// For messages.
std::string Stage::Solver::place(const Tick& at) const {
  std::string names;
  for (Index b = 0; b < layout->blocks(); ++b) names += (b > 0 ? ", " : "") + (*layout)[b].name;
  return fmt::format("block{} {} at step {} (time {:g})", layout->blocks() > 1 ? "s" : "", names, at.step,
                     at.time);
}

/// Steps that PETSc has done.
Tick Stage::Solver::reached() const {
  PetscInt step = 0;
  PetscReal time = 0;
  WEIR_PETSC(TSGetStepNumber(ts, &step));
  WEIR_PETSC(TSGetTime(ts, &time));
  return {step, time};
}

void Stage::Solver::count_moved() const {
  for (Index b = 0; b < layout->blocks(); ++b)
    if (moves(b) && (*layout)[b].kind == Block::Kind::particles)
      counters().particle_steps += flow.active(b).particles * (is_own() ? (*layout)[b].substeps : 1);
}

Index Stage::Solver::count_not_finite(const ActiveTiles& tiles, const MatrixRef<const Real>& values) const {
  const Index d = Index(values.extent(0));
  Index count = 0;
  Kokkos::parallel_reduce(
      "Weir::Stage::count_not_finite", Range(0, tiles.count),
      KOKKOS_LAMBDA(Index k, Index & found) {
        const Tile tile = tiles[k];
        const Real* numbers = &values(0, tile.first);
        Index here = 0;
        for (Index j = 0; j < tile.count * d; ++j) here += !(fabs(numbers[j]) <= 1.7976931348623157e308);
        found += here;
      },
      count);
  return count;
}

/// Checks what moved; before the first step, everything. One reduction for all blocks.
void Stage::Solver::check_finite(const Tick& now) {
  const ConstBlockViews blocks(*layout, state.vec());
  for (Index b = 0; b < layout->blocks(); ++b) {
    if (std::exchange(counted_bad[b], false)) continue;
    const bool whole = now.step == 0;
    bad[b] = 0;
    if (whole || moves(b))
      bad[b] =
          count_not_finite(whole ? ActiveTiles((*layout)[b].partition.local()) : flow.active(b), blocks[b]);
  }
  layout->comm().sum(bad, layout->blocks());
  for (Index b = 0; b < layout->blocks(); ++b)
    if (bad[b] > 0)
      throw LocatedError(fmt::format("block {} is not finite after step {} (time {:g}): {} of {} numbers; {}",
                                     (*layout)[b].name, now.step, now.time, bad[b],
                                     (*layout)[b].partition.particles() * (*layout)[b].components,
                                     options.remedy));
}

/// Whether to go on. A sum that is not finite says which; the step and the time are known here.
bool Stage::Solver::finish_step(const Tick& now) {
  tick = now;
  {
    const Phase phase("check");
    check_finite(tick);
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
    throw RunError(
        fmt::format("{}: {}; {}", error.what(), place({tick.step + 1, tick.time}), options.remedy));
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
        fmt::format("{}: PETSc stopped before time {:g} ({}); remove the PETSc option that ends it early",
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
  throw RunError(
      fmt::format("{}: {} cannot make the next step: {}; {}", place(tick), type, why, options.remedy));
}

bool Stage::Solver::solve() {
  forget_versions();
  if (!resumed) start_rules();
  if (!resumed && !finish_step(tick)) return false;
  drive();
  return reached_end();
}

}  // namespace weir
