// When a run saves a checkpoint and when it stops before its end: by the deck's schedule, on a signal, at the
// time limit, or because somebody made the file <output>/checkpoint-now.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/RunOutput.hpp"

namespace weir {

/// Methods are collective unless they say otherwise.
class RunControl {
 public:
  /// `time_limit`: seconds from now; none: no limit.
  RunControl(RunOutput& output, std::optional<Real> time_limit);

  /// Runs stage number `number` to its end, from where the run's checkpoint left it if that is of this stage,
  /// and saves checkpoints as they are due. `after_step` as for Stage::run; it is not called for the step
  /// that the checkpoint was made after. Returns whether the end was reached.
  bool run(Stage& stage, int number, const std::function<void(const Tick&)>& after_step);

  /// What is to be done at a place where the run could be saved.
  enum class Order { go_on, save, stop };
  /// The same on all ranks. Ranks talk about it some twenty times a second, at steps that they have agreed
  /// on, however short a step is.
  Order order_after(Index step);
  /// Between phases that are not steps: asks, saves `standing` with what is kept where that is due, and
  /// returns whether to go on. Ranks talk every time.
  bool goes_on_after(const Standing& standing);
  /// Whether this rank knows of a reason to stop. Not collective.
  bool wants_to_stop() const;

  /// Commits a checkpoint of what the folder holds, of what is kept, and of what `fill` adds; older ones
  /// beyond the deck's number go.
  void save(const Standing& standing, const std::function<void(Hdf5File&)>& fill);
  /// As long as the object returned lives, `fill` adds to every checkpoint: results of earlier phases that a
  /// restart need not find again. One at a time. Not collective.
  class Kept {
   public:
    Kept(RunControl& control, std::function<void(Hdf5File&)> fill) : control_(control) {
      control_.kept_ = std::move(fill);
    }
    ~Kept() { control_.kept_ = nullptr; }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

   private:
    RunControl& control_;
  };
  [[nodiscard]] Kept keep(std::function<void(Hdf5File&)> fill) { return {*this, std::move(fill)}; }

  /// The run ends before its end: says why, and that `--restart` goes on.
  void stop();
  bool stopped() const { return stopped_; }
  /// "stopped" or "done", for RunOutput::finish.
  const char* status() const { return stopped_ ? "stopped" : "done"; }

 private:
  using Clock = std::chrono::steady_clock;
  Order ask(Index step);
  std::string reason() const;

  RunOutput& output_;
  std::function<void(Hdf5File&)> kept_;
  std::optional<Real> limit_;
  Clock::time_point started_, last_save_, last_ask_, last_look_;
  Index saved_at_ = 0, asked_at_ = 0, ask_next_ = 0;
  bool stopped_ = false;
};

}  // namespace weir
