// The stages of learn_energies that checkpoints are of, and how work that is no training goes on from them.
#pragma once

#include "weir/output/Checkpoint.hpp"
#include "weir/output/Piecewise.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

/// Numbers of the stages, three for every repetition: pieces of couplings, of scores, and of a linear fit or
/// of a trajectory's start; the training, where there is one; pieces of predictions and metrics, once the
/// energy is learned.
inline int preparation_stage(int repetition) {
  return 3 * repetition;
}
inline int training_stage(int repetition) {
  return 3 * repetition + 1;
}
inline int learned_stage(int repetition) {
  return 3 * repetition + 2;
}
inline int repetition_of(int stage) {
  return stage / 3;
}

/// The checkpoint that the run goes on from, where it is of this repetition; else null.
inline const Checkpoint* checkpoint_of_repetition(const RunOutput& output, int repetition) {
  const Checkpoint* from = output.restart();
  return from && repetition_of(from->standing().stage) == repetition ? from : nullptr;
}
/// The same, where it is of this very stage.
inline const Checkpoint* checkpoint_of_stage(const RunOutput& output, int stage) {
  const Checkpoint* from = output.restart();
  return from && from->standing().stage == stage ? from : nullptr;
}

/// Whether a run may be stopped when the last piece of a work is done: not where it ends then, or where it
/// asks soon after.
enum class AtEnd { ask, go_on };

/// Collective: restores what the checkpoint has of `work`, and does the rest, a piece at a time, until all is
/// done or the run is to stop; returns whether it goes on. The caller has `work` kept.
inline bool work_through(Piecewise& work, int stage, const RunOutput& output, RunControl& control,
                         AtEnd at_end = AtEnd::ask) {
  if (const Checkpoint* from = checkpoint_of_repetition(output, repetition_of(stage)))
    work.restore(from->file());
  while (!work.all_done()) {
    work.advance();
    if (work.all_done() && at_end == AtEnd::go_on) return true;
    if (!control.goes_on_after_piece(stage)) return false;
  }
  return true;
}

}  // namespace weir
