// The stages of a run by name: `train`, `generate`, .. in the order in which a run goes through them.
//
// A stage is one of steps (flows/Stage) or of other work in pieces (output/Piecewise). Its number names it in
// checkpoints. A run that repeats all of its stages, with other seeds say, goes through them in rounds:
//
//     number = round * stages + place of the name in the list
#pragma once

#include <string>
#include <vector>

#include "weir/output/Checkpoint.hpp"
#include "weir/output/Piecewise.hpp"
#include "weir/output/RunControl.hpp"

namespace weir {

class StageList {
 public:
  explicit StageList(std::vector<std::string> names, int round = 0);

  int round() const { return round_; }
  int round_of(int number) const { return number / int(names_.size()); }
  /// Number of a stage of this round.
  int number(const std::string& name) const;

  /// The checkpoint that the run goes on from, where it is of this round; else null.
  const Checkpoint* checkpoint_of_round(const RunOutput& output) const;
  /// The same, where it is of this very stage.
  const Checkpoint* checkpoint_of_stage(const RunOutput& output, const std::string& name) const;

 private:
  std::vector<std::string> names_;
  int round_;
};

/// Whether a run may be stopped after the last piece of a work: not where the run ends there, or where it
/// asks soon after.
enum class AtEnd { ask, go_on };

/// Collective: restores what the checkpoint has of `work`, and does the rest, a piece at a time, until all is
/// done or the run is to stop; returns whether it goes on. The caller has `work` kept.
bool work_through(Piecewise& work, const StageList& stages, const std::string& name, const RunOutput& output,
                  RunControl& control, AtEnd at_end = AtEnd::ask);

}  // namespace weir
