#include "weir/flows/Stage.hpp"

#include "flows/ExactVector.hpp"
#include "flows/StageSolver.hpp"

namespace weir {

Index count_steps(const SteppingOptions& options) {
  return fixed_steps(options).count;
}

Stage::Stage(const SteppingOptions& options, Flow& flow, const std::string& where)
    : solver_(std::make_unique<Solver>(options, flow, where)) {
  solver_->create();
}

Stage::~Stage() = default;

State& Stage::state() {
  return solver_->state;
}

State& Stage::memory() {
  return *solver_->memory;
}

std::vector<Real>& Stage::rule_scalars(Index b) {
  const bool has_rule = !solver_->rules.empty() && solver_->moves(b);
  return has_rule ? solver_->rules[std::size_t(b)]->scalars() : solver_->no_scalars;
}

void Stage::state_changed() {
  solver_->forget_versions();
}

void Stage::scale_rate(Index b, Real factor) {
  WEIR_CHECK(!solver_->rules.empty() && solver_->moves(b), "block {} has no rule", b);
  solver_->rules[std::size_t(b)]->scale_rate(factor);
}

Metrics Stage::rule_report() const {
  Metrics all;
  for (std::size_t b = 0; b < solver_->rules.size(); ++b)
    if (solver_->rules[b])
      for (const auto& [name, value] : solver_->rules[b]->report())
        all.emplace_back((*solver_->layout)[Index(b)].name + "_" + name, value);
  return all;
}

Matrix<Real> Stage::learned(Index b) {
  const Layout& layout = *solver_->layout;
  const Index d = layout[b].components, n = layout[b].partition.local_particles();
  const bool has_rule = !solver_->rules.empty() && solver_->moves(b);
  const Index average = has_rule ? solver_->rules[std::size_t(b)]->average_row(d) : -1;
  Matrix<Real> values("Weir::Stage::learned", d, n);
  const ConstBlockViews state(layout, solver_->state.vec());
  const ConstBlockViews memory(solver_->memory->layout(), solver_->memory->vec());
  if (average < 0)
    Kokkos::deep_copy(values, state[b]);
  else
    Kokkos::deep_copy(
        values, Kokkos::subview(memory[b], Kokkos::pair<Index, Index>(average, average + d), Kokkos::ALL));
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
  return solver_->is_over(tick);
}

bool Stage::is_adaptive() const {
  return solver_->is_adaptive();
}

Real Stage::start() const {
  return solver_->options.start;
}

Real Stage::end() const {
  return solver_->options.end;
}

Index Stage::vectors() const {
  return count_vectors_like(solver_->state.vec()) + count_vectors_like(solver_->velocity.vec());
}

bool Stage::resumes_exactly() const {
  return solver_->type != "bdf";
}

}  // namespace weir
