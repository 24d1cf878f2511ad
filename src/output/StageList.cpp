#include "weir/output/StageList.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

StageList::StageList(std::vector<std::string> names, int round) : names_(std::move(names)), round_(round) {}

int StageList::number(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  WEIR_CHECK(found != names_.end(), "no stage {}", name);
  return round_ * int(names_.size()) + int(found - names_.begin());
}

const Checkpoint* StageList::checkpoint_of_round(const RunOutput& output) const {
  const Checkpoint* from = output.restart();
  return from && round_of(from->standing().stage) == round_ ? from : nullptr;
}

const Checkpoint* StageList::checkpoint_of_stage(const RunOutput& output, const std::string& name) const {
  const Checkpoint* from = output.restart();
  return from && from->standing().stage == number(name) ? from : nullptr;
}

bool work_through(Piecewise& work, const StageList& stages, const std::string& name, const RunOutput& output,
                  RunControl& control, AtEnd at_end) {
  if (const Checkpoint* from = stages.checkpoint_of_round(output)) work.restore(from->file());
  while (!work.all_done()) {
    work.advance();
    if (work.all_done() && at_end == AtEnd::go_on) return true;
    if (!control.goes_on_after_piece(stages.number(name))) return false;
  }
  return true;
}

}  // namespace weir
