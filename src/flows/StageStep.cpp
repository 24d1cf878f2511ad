// A step of a stage under Weir's own type.
#include <algorithm>

#include "flows/StageSolver.hpp"

namespace weir {

namespace {

/// Particles that a step treats at a time: they stay in cache on hosts, and keep devices busy. A rule alone
/// takes more: what it begins with is done for each part.
constexpr Index particles_of_step = kernels_on_host ? Index(1) << 10 : Index(1) << 20,
                particles_of_rule = kernels_on_host ? Index(1) << 13 : Index(1) << 20;

/// Some of a block's tiles.
struct Part {
  LocalTiles tiles;
  Index begin, count;  // particles, local

  MatrixRef<Real> of(const MatrixRef<Real>& whole) const {
    return MatrixRef<Real>(whole.data() + begin * Index(whole.extent(0)), whole.extent(0),
                           std::size_t(count));
  }
};

template <class Body>
void for_each_part(const LocalTiles& all, Index particles, Body body) {
  const Index at_a_time = std::max(Index(1), particles / all.tile_size);
  for (Index first = 0; first < all.tiles; first += at_a_time) {
    LocalTiles some = all;
    some.first_tile += first;
    some.tiles = std::min(at_a_time, all.tiles - first);
    body(Part{some, first * all.tile_size, some.local_particles()});
  }
}

/// What a rule may ask the flow about block b while `others` stay as they are.
class BlockEvaluation : public Evaluation {
 public:
  BlockEvaluation(Flow& flow, const Layout& layout, Index b, const MatrixRef<Real>& v,
                  const VectorRef<Real>& energies, const Stage::Solver::Seen& others, State& velocity)
      : Evaluation(v, energies),
        flow_(flow),
        layout_(layout),
        block_(b),
        others_(others),
        velocity_(velocity) {}

  /// At the block's values as they are now.
  void here(const Moment& now, const MatrixRef<const Real>& x) {
    moment = now;
    ask(x, v, energies);
  }
  void at(const MatrixRef<const Real>& proposal, const MatrixRef<Real>& proposal_v,
          const VectorRef<Real>& proposal_energies) override {
    ask(proposal, proposal_v, proposal_energies);
  }

  Moment moment;

 private:
  void ask(const MatrixRef<const Real>& x, const MatrixRef<Real>& into,
           const VectorRef<Real>& energies_into) {
    const Phase phase("velocity");
    ConstBlockViews state(layout_, others_.state.vec(), &others_.versions);
    BlockViews velocities(layout_, velocity_.vec());
    if (state[block_].data() != x.data()) state.replace(block_, x);
    velocities.replace(block_, into);
    flow_.velocity(moment, BlockSet::only(block_), state, velocities, energies_into);
  }

  Flow& flow_;
  const Layout& layout_;
  Index block_;
  const Stage::Solver::Seen& others_;
  State& velocity_;
};

}  // namespace

void Stage::Solver::forget_versions() {
  versions.resize(std::size_t(layout->blocks()));
  for (Index& version : versions) version = next_version();
}

/// Whether sub-steps or proposals of one block are to see the others as they were when the step began.
bool Stage::Solver::needs_old() const {
  Index moving = 0;
  bool asks_again = false;
  for (Index b = 0; b < layout->blocks(); ++b) {
    if (!moves(b)) continue;
    ++moving;
    asks_again = asks_again || (*layout)[b].substeps > 1 || rules[std::size_t(b)]->wants_energies();
  }
  return options.order == StepOrder::together && moving > 1 && asks_again;
}

void Stage::Solver::start_rules() {
  if (rules.empty()) return;
  const ConstBlockViews x(*layout, state.vec());
  const BlockViews remembered(memory->layout(), memory->vec());
  for (Index b = 0; b < layout->blocks(); ++b)
    if (moves(b))
      rules[std::size_t(b)]->start(flow.temperature({0, 0, options.start}, b), x[b], remembered[b]);
  Kokkos::fence();
}

void Stage::Solver::advance(Index step, Real t, Real h) {
  flow.begin_step(step, state);
  if (flow.changes_state()) forget_versions();
  if (advances_by_tiles())
    advance_by_tiles(step, t, h);
  else if (options.order == StepOrder::together)
    advance_together(step, t, h);
  else
    advance_in_turn(step, t, h);
  flow.end_step(step, state);
  if (flow.changes_state()) forget_versions();
}

/// Whether a step can do everything for a few tiles while they are in cache.
bool Stage::Solver::advances_by_tiles() const {
  return flow.is_pointwise() && layout->blocks() == 1 && moves(0) && rules[0]->moves_tiles_apart() &&
         (*layout)[0].substeps == 1 && flow.active(0).is_whole();
}

/// Velocity, rule and the check for finite values, tiles by tiles.
void Stage::Solver::advance_by_tiles(Index step, Real t, Real h) {
  const Moment moment{step, 0, t};
  const BlockViews blocks(*layout, state.vec()), velocities(*layout, velocity.vec()),
      remembered(memory->layout(), memory->vec());
  const auto x = blocks[0], m = remembered[0];
  {
    const Phase phase("velocity");
    flow.find_sums(moment, x);
  }
  const Phase phase("tiles");
  const Real temperature = flow.temperature(moment, 0);
  bad[0] = 0;
  for_each_part((*layout)[0].partition.local(), particles_of_step, [&](const Part& part) {
    // All parts use the same velocities, which so stay in cache.
    const MatrixRef<Real> v(velocities[0].data(), x.extent(0), std::size_t(part.count));
    flow.velocity_of(part.tiles, moment, part.of(x), v);
    Evaluation evaluation(v, {});
    rules[0]->advance({moment, 1, h, temperature, part.tiles}, evaluation, part.of(x), part.of(m));
    bad[0] += count_not_finite(part.tiles, part.of(x));
  });
  counted_bad[0] = true;
  versions[0] = next_version();
}

/// All velocities at once from the old state, then every block by its rule.
void Stage::Solver::advance_together(Index step, Real t, Real h) {
  BlockSet first;
  for (Index b = 0; b < layout->blocks(); ++b)
    if (moves(b) && !rules[std::size_t(b)]->wants_energies()) first.add(b);
  if (!first.empty()) {
    const Phase phase("velocity");
    flow.velocity({step, 0, t}, first, ConstBlockViews(*layout, state.vec(), &versions),
                  BlockViews(*layout, velocity.vec()), {});
  }
  if (old) WEIR_PETSC(VecCopy(state.vec(), old->vec()));
  old_versions = versions;
  for (Index b = 0; b < layout->blocks(); ++b)
    if (moves(b))
      advance_block(b, step, t, h, {old ? *old : state, old ? old_versions : versions}, first.has(b));
}

/// Each block sees what moved before it.
void Stage::Solver::advance_in_turn(Index step, Real t, Real h) {
  for (Index b = 0; b < layout->blocks(); ++b)
    if (moves(b)) advance_block(b, step, t, h, {state, versions}, false);
}

/// A last sub-step by a rule that needs nothing but the velocity, with the check for finite values.
void Stage::Solver::finish_block_by_parts(Index b, const Move& move, const MatrixRef<Real>& v) {
  const BlockViews x(*layout, state.vec()), remembered(memory->layout(), memory->vec());
  bad[b] = 0;
  for_each_part((*layout)[b].partition.local(), particles_of_rule, [&](const Part& part) {
    Evaluation evaluation(part.of(v), {});
    Move of_part = move;
    of_part.tiles = part.tiles;
    rules[std::size_t(b)]->advance(of_part, evaluation, part.of(x[b]), part.of(remembered[b]));
    bad[b] += count_not_finite(part.tiles, part.of(x[b]));
  });
  counted_bad[b] = true;
}

/// The sub-steps of block b; its velocity (and energies) may be known for the first of them.
void Stage::Solver::advance_block(Index b, Index step, Real t, Real h, const Seen& others, bool evaluated) {
  const Phase phase("rules");
  const Block& block = (*layout)[b];
  Rule& rule = *rules[std::size_t(b)];
  const BlockViews x(*layout, state.vec()), v(*layout, velocity.vec()),
      remembered(memory->layout(), memory->vec());
  BlockEvaluation evaluation(flow, *layout, b, v[b], energies[std::size_t(b)], others, velocity);
  const ActiveTiles tiles = flow.active(b);
  const Real sub_h = h / Real(block.substeps);
  for (Index substep = 0; substep < block.substeps; ++substep) {
    const Moment moment{step, substep, t + Real(substep) * sub_h};
    if (evaluated)
      evaluation.moment = moment;
    else
      evaluation.here(moment, x[b]);
    const Move move{moment, block.substeps, sub_h, flow.temperature(moment, b), tiles};
    if (move.is_last() && rule.moves_tiles_apart() && tiles.is_whole())
      finish_block_by_parts(b, move, v[b]);
    else
      rule.advance(move, evaluation, x[b], remembered[b]);
    evaluated = rule.leaves_evaluation();
    versions[std::size_t(b)] = next_version();
  }
  Kokkos::fence();
}

}  // namespace weir
