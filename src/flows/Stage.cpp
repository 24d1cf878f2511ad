#include "weir/flows/Stage.hpp"

#include <petscts.h>

#include <algorithm>
#include <cmath>

#include "ExactVector.hpp"
#include "SteppersPetsc.hpp"
#include "weir/base/Calls.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

const std::vector<std::string>& native_schemes() {
  static const std::vector<std::string> all{"euler", "rk", "ssp", "beuler", "cn", "bdf"};
  return all;
}
bool is_implicit(const std::string& scheme) {
  return scheme == "beuler" || scheme == "cn" || scheme == "bdf";
}

FixedSteps fixed_steps(const SteppingOptions& options) {
  const Real exact = (options.end - options.start) / options.step;
  return {options.start, options.end, options.step,
          std::max(Index(1), Index(std::ceil(exact * (1 - 1e-12))))};
}

}  // namespace

Index count_steps(const SteppingOptions& options) {
  return fixed_steps(options).count;
}

std::vector<std::string> scheme_names() {
  auto all = LangevinRule::names();
  all.insert(all.end(), native_schemes().begin(), native_schemes().end());
  return all;
}

bool is_langevin(const std::string& scheme) {
  const auto& names = LangevinRule::names();
  return std::find(names.begin(), names.end(), scheme) != names.end();
}

struct Stage::Solver {
  SteppingOptions options;
  FixedSteps steps;
  Flow& flow;
  std::shared_ptr<const Layout> layout;
  State state, velocity;
  std::vector<std::unique_ptr<Rule>> rules;
  std::unique_ptr<State> memory;
  Index moved = 0;  // particles of this rank that a step moves
  TS ts = nullptr;
  Mat jacobian = nullptr;  // differences of the Newton function, where an implicit scheme needs them
  std::function<bool(const Tick&)> go_on;
  Tick tick;             // the last that finish_step saw
  bool resumed = false;  // before the first step

  Solver(const SteppingOptions& stepping, Flow& the_flow)
      : options(stepping),
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
  bool is_parameter_block(Index b) const { return b < Index(options.rules.size()) && options.rules[b]; }
  void create_rules();
  void create_memory();
  void create_weir();
  void create_native();
  void advance(Index step, Real t, Real h, Vec x);
  void check_finite(Vec x, const Tick& tick) const;
  bool finish_step(const Tick& now);
  bool solve();

  static PetscErrorCode right_hand_side(TS, PetscReal t, Vec x, Vec v, void* context) {
    return petsc_callback([&] {
      auto& solver = *static_cast<Solver*>(context);
      const Phase phase("velocity");
      solver.flow.velocity(t, ConstBlockViews(*solver.layout, x), BlockViews(*solver.layout, v));
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
      PetscInt step = 0;
      PetscReal time = 0;
      WEIR_PETSC(TSGetStepNumber(ts, &step));
      WEIR_PETSC(TSGetTime(ts, &time));
      ++counters().steps;
      counters().particle_steps += solver.moved;
      if (!solver.finish_step({step, time})) WEIR_PETSC(TSSetConvergedReason(ts, TS_CONVERGED_USER));
    });
  }
};

void Stage::Solver::create() {
  for (Index b = 0; b < layout->blocks(); ++b)
    if (!is_parameter_block(b)) moved += (*layout)[b].partition.local_particles();
  register_steppers();
  WEIR_PETSC(TSCreate(layout->comm().mpi(), &ts));
  WEIR_PETSC(TSSetProblemType(ts, TS_NONLINEAR));
  WEIR_PETSC(TSSetApplicationContext(ts, this));
  WEIR_PETSC(TSSetRHSFunction(ts, velocity.vec(), right_hand_side, this));
  WEIR_PETSC(TSSetTime(ts, options.start));
  WEIR_PETSC(TSSetMaxTime(ts, options.end));
  WEIR_PETSC(TSSetTimeStep(ts, steps.time(1) - options.start));
  WEIR_PETSC(TSSetMaxSteps(ts, std::numeric_limits<PetscInt>::max()));
  WEIR_PETSC(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  if (is_langevin(options.scheme)) create_rules();
  create_memory();
  is_langevin(options.scheme) ? create_weir() : create_native();
  WEIR_PETSC(TSSetPostStep(ts, step_done));
  WEIR_PETSC(TSSetFromOptions(ts));
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
  WEIR_PETSC(TSSetType(ts, options.scheme.c_str()));
  if (options.scheme == "rk") WEIR_PETSC(TSRKSetType(ts, options.tolerance ? TSRK5DP : TSRK4));
  TSAdapt adapt = nullptr;
  WEIR_PETSC(TSGetAdapt(ts, &adapt));
  WEIR_PETSC(TSAdaptSetType(adapt, options.tolerance ? "weir" : TSADAPTNONE));
  if (options.tolerance)
    WEIR_PETSC(TSSetTolerances(ts, *options.tolerance, nullptr, *options.tolerance, nullptr));
  if (is_implicit(options.scheme)) {
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

void Stage::Solver::check_finite(Vec x, const Tick& tick) const {
  const ConstBlockViews blocks(*layout, x);
  for (Index b = 0; b < layout->blocks(); ++b) {
    const auto values = blocks[b];
    const Index d = Index(values.extent(0));
    Index bad = 0;
    Kokkos::parallel_reduce(
        "Weir::Stage::check_finite",
        Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>(0, Index(values.extent(1))),
        KOKKOS_LAMBDA(Index i, Index & found) {
          for (Index c = 0; c < d; ++c) found += !(fabs(values(c, i)) <= 1.7976931348623157e308);
        },
        bad);
    const Index total = layout->comm().sum(bad);
    if (total > 0)
      throw RunError(fmt::format(
          "block {} is not finite after step {} (time {:g}): {} of {} numbers; a smaller step, or the scheme "
          "tamed_langevin, may help",
          (*layout)[b].name, tick.step, tick.time, total, (*layout)[b].partition.particles() * d));
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
    throw RunError(fmt::format("{} at step {} (time {:g})", error.what(), tick.step, tick.time));
  }
}

bool Stage::Solver::solve() {
  if (!resumed && !finish_step(tick)) return false;
  {
    const Phase phase("solver");
    WEIR_PETSC(TSSolve(ts, state.vec()));
  }
  TSConvergedReason reason;
  WEIR_PETSC(TSGetConvergedReason(ts, &reason));
  if (reason < 0) {
    PetscInt step = 0;
    PetscReal time = 0;
    WEIR_PETSC(TSGetStepNumber(ts, &step));
    WEIR_PETSC(TSGetTime(ts, &time));
    throw RunError(fmt::format("the {} solver stopped at step {} (time {:g}): {}; a smaller step may help",
                               options.scheme, step, time, TSConvergedReasons[reason]));
  }
  return reason != TS_CONVERGED_USER;
}

Stage::Stage(const SteppingOptions& options, Flow& flow, const std::string& where) {
  for (Index b = 0; b < flow.layout()->blocks(); ++b)
    if (!is_langevin(options.scheme) && flow.temperature(options.start, b) > 0)
      throw InputError(
          where,
          fmt::format(
              "{} integrates noise-free flows, and block {} has noise of temperature {:g}; use langevin or "
              "leimkuhler_matthews, or `by: blob` for the entropy",
              options.scheme, (*flow.layout())[b].name, flow.temperature(options.start, b)));
  solver_ = std::make_unique<Solver>(options, flow);
  solver_->create();
}

Stage::~Stage() = default;

State& Stage::state() {
  return solver_->state;
}

State& Stage::memory() {
  return *solver_->memory;
}

Matrix<Real> Stage::learned(Index b) {
  const Layout& layout = *solver_->layout;
  const Index d = layout[b].components, n = layout[b].partition.local_particles();
  const Index average = solver_->rules.empty() ? -1 : solver_->rules[b]->average();
  Matrix<Real> values("Weir::Stage::learned", d, n);
  const ConstBlockViews state(layout, solver_->state.vec());
  const ConstBlockViews memory(solver_->memory->layout(), solver_->memory->vec());
  if (average < 0)
    Kokkos::deep_copy(values, state[b]);
  else
    Kokkos::deep_copy(
        values,
        Kokkos::subview(memory[b], Kokkos::pair<Index, Index>(d * average, d * (average + 1)), Kokkos::ALL));
  return values;
}

Index Stage::planned_steps() const {
  return solver_->steps.count;
}

void Stage::run(const std::function<void(const Tick&)>& after_step) {
  run_while([&](const Tick& tick) {
    after_step(tick);
    return true;
  });
}

bool Stage::run_while(const std::function<bool(const Tick&)>& go_on) {
  solver_->go_on = go_on;
  return solver_->solve();
}

void Stage::resume(const Tick& from, Real next_step) {
  solver_->tick = from;
  solver_->resumed = true;
  WEIR_PETSC(TSSetStepNumber(solver_->ts, PetscInt(from.step)));
  WEIR_PETSC(TSSetTime(solver_->ts, from.time));
  WEIR_PETSC(TSSetTimeStep(solver_->ts, next_step));
}

Real Stage::next_step() const {
  PetscReal size = 0;
  WEIR_PETSC(TSGetTimeStep(solver_->ts, &size));
  return size;
}

bool Stage::is_over(const Tick& tick) const {
  return is_langevin(solver_->options.scheme) ? tick.step >= solver_->steps.count
                                              : tick.time >= solver_->options.end;
}

Index Stage::vectors() const {
  return count_vectors_like(solver_->state.vec()) + count_vectors_like(solver_->velocity.vec());
}

bool Stage::resumes_exactly() const {
  return solver_->options.scheme != "bdf";
}

}  // namespace weir
