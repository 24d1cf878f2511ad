// When a run saves a checkpoint and when it stops before its end: by the deck's schedule, on a signal, at the
// time limit, or because somebody made the file <output>/checkpoint-now.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/base/Stopwatch.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/Piecewise.hpp"
#include "weir/output/RunOutput.hpp"

namespace weir {

/// Methods are collective unless they say otherwise.
class RunControl {
 public:
  /// `time_limit`: seconds from now; none: no limit.
  RunControl(RunOutput& output, std::optional<Real> time_limit);

  /// Runs stage number `number` to its end, from where the run's checkpoint left it if that is of this stage,
  /// and saves checkpoints as they are due. `after_step` as for Stage::run; it is not called for the step
  /// that the checkpoint was made after. Where `is_enough` is given, a step after which it holds (on all
  /// ranks alike) is the end. Returns whether the end was reached.
  bool run(Stage& stage, int number, const std::function<void(const Tick&)>& after_step,
           const std::function<bool(const Tick&)>& is_enough = {});
  /// The same of a stage that stands after step `from`, where Stage::resume has set it.
  bool go_on(Stage& stage, int number, const Tick& from, const std::function<void(const Tick&)>& after_step,
             const std::function<bool(const Tick&)>& is_enough = {});

  /// What is to be done at a place where the run could be saved.
  enum class Order { go_on, save, stop };
  /// The same on all ranks. Ranks talk about it some twenty times a second, at steps that they have agreed
  /// on, however short a step is.
  Order order_after(Index step);
  /// The same for work that is no stage of steps: asks, saves what is kept where that is due, as of stage
  /// `number`, and returns whether to go on. To be called after a piece of work whose result is kept, and at
  /// no other place: so every run gets further by a piece at least, however often it is stopped. Ranks talk
  /// every time.
  bool goes_on_after_piece(int number);
  /// Whether this rank knows of a reason to stop. Not collective.
  bool wants_to_stop() const;

  /// Commits a checkpoint of what the folder holds, of what is kept, and of what `fill` adds; older ones
  /// beyond the deck's number go.
  void save(const Standing& standing, const std::function<void(Hdf5File&)>& fill);
  /// As long as the object returned lives, `fill` adds to every checkpoint: results that a restart need not
  /// find again. Not collective.
  class Kept {
   public:
    Kept(RunControl& control, std::function<void(Hdf5File&)> fill)
        : control_(control), place_(control.kept_.insert(control.kept_.end(), std::move(fill))) {}
    ~Kept() { control_.kept_.erase(place_); }
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

   private:
    RunControl& control_;
    std::list<std::function<void(Hdf5File&)>>::iterator place_;
  };
  [[nodiscard]] Kept keep(std::function<void(Hdf5File&)> fill) { return {*this, std::move(fill)}; }
  [[nodiscard]] Kept keep(const Piecewise& work) {
    return {*this, [&work](Hdf5File& file) { work.save(file); }};
  }

  /// As long as the object returned lives, `work` is done after every checkpoint: it may be collective.
  class AfterSave {
   public:
    AfterSave(RunControl& control, std::function<void()> work)
        : control_(control), place_(control.after_save_.insert(control.after_save_.end(), std::move(work))) {}
    ~AfterSave() { control_.after_save_.erase(place_); }
    AfterSave(const AfterSave&) = delete;
    AfterSave& operator=(const AfterSave&) = delete;

   private:
    RunControl& control_;
    std::list<std::function<void()>>::iterator place_;
  };
  [[nodiscard]] AfterSave after_save(std::function<void()> work) { return {*this, std::move(work)}; }

  /// The run ends before its end: says why, and that `--restart` goes on.
  void stop();
  bool stopped() const { return stopped_; }
  /// "stopped" or "done", for RunOutput::finish.
  const char* status() const { return stopped_ ? "stopped" : "done"; }

 private:
  Order ask(Index step);
  std::string reason() const;

  RunOutput& output_;
  std::list<std::function<void(Hdf5File&)>> kept_;
  std::list<std::function<void()>> after_save_;
  Standing pieces_;  // its step counts the pieces of its stage
  std::optional<Real> limit_;
  Stopwatch since_start_, since_save_, since_ask_, since_look_;
  Index saved_at_ = 0, asked_at_ = 0, ask_next_ = 0;
  bool stopped_ = false;
};

}  // namespace weir
