#include "weir/output/RunControl.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "weir/base/Error.hpp"
#include "weir/base/StopSignals.hpp"
#include "weir/output/CommittedFile.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

constexpr Real seconds_between_talks = 0.05, seconds_between_looks = 0.5;

std::string scalars_name(Stage& stage, Index b) {
  return "/scalars/" + stage.state().layout()[b].name;
}

void write_scalars(Hdf5File& file, Stage& stage) {
  for (Index b = 0; b < stage.state().layout().blocks(); ++b)
    if (const auto& scalars = stage.rule_scalars(b); !scalars.empty())
      file.write(scalars_name(stage, b), scalars, {Index(scalars.size())});
}

void read_scalars(const Hdf5File& file, Stage& stage) {
  for (Index b = 0; b < stage.state().layout().blocks(); ++b) {
    auto& scalars = stage.rule_scalars(b);
    if (scalars.empty()) continue;
    const auto read = file.read(scalars_name(stage, b));
    if (read.size() != scalars.size())
      throw RunError(fmt::format("the checkpoint has {} scalars of block {}, and its rule has {}",
                                 read.size(), stage.state().layout()[b].name, scalars.size()));
    scalars = read;
  }
}

}  // namespace

RunControl::RunControl(RunOutput& output, std::optional<Real> time_limit)
    : output_(output), limit_(time_limit) {
  if (output.restart()) pieces_ = output.restart()->standing();
}

bool RunControl::run(Stage& stage, int number, const std::function<void(const Tick&)>& after_step,
                     const std::function<bool(const Tick&)>& is_enough) {
  const Checkpoint* from = output_.restart();
  saved_at_ = asked_at_ = ask_next_ = 0;
  const bool from_here = from && from->standing().stage == number;
  if (from_here) {
    from->read("state", stage.state());
    from->read("memory", stage.memory());
    read_scalars(from->file(), stage);
    stage.resume(from->standing().tick, from->standing().next_step);
    saved_at_ = asked_at_ = ask_next_ = from->standing().tick.step;
    if (!stage.resumes_exactly())
      output_.log(
          "this multistep scheme begins again at order one: the last digits will differ from those of "
          "a run that was not interrupted");
  }
  return go_on(stage, number, {saved_at_, from_here ? from->standing().tick.time : stage.start()}, after_step,
               is_enough);
}

bool RunControl::go_on(Stage& stage, int number, const Tick& from,
                       const std::function<void(const Tick&)>& after_step,
                       const std::function<bool(const Tick&)>& is_enough) {
  output_.start_progress(from.step, from.time);
  const auto steps = stage.is_adaptive() ? std::nullopt : std::optional<Index>(stage.planned_steps());
  bool enough = false;
  const bool ended = stage.run_while([&](const Tick& tick) {
    after_step(tick);
    output_.progress({tick.step, tick.time, steps, stage.end()});
    if (stage.is_over(tick)) return true;
    enough = is_enough && is_enough(tick);
    if (enough) return false;
    const Order order = order_after(tick.step);
    if (order == Order::go_on) return true;
    save({number, tick, stage.next_step()}, [&](Hdf5File& file) {
      write_state(file, "state", stage.state());
      write_state(file, "memory", stage.memory());
      write_scalars(file, stage);
    });
    if (order == Order::stop) stop();
    return order != Order::stop;
  });
  return ended || enough;
}

RunControl::Order RunControl::order_after(Index step) {
  const Index every = output_.run().checkpoint.every;
  const Order by_steps = every > 0 && step % every == 0 && step > saved_at_ ? Order::save : Order::go_on;
  return step < ask_next_ ? by_steps : std::max(by_steps, ask(step));
}

bool RunControl::goes_on_after_piece(int number) {
  if (pieces_.stage != number) pieces_ = {number, {0, 0}, 0};
  ++pieces_.tick.step;
  const Order order = ask(pieces_.tick.step);
  if (order != Order::go_on) save(pieces_, [](Hdf5File&) {});
  if (order == Order::stop) stop();
  return order != Order::stop;
}

/// Rank 0 has the clock and looks for the file; a signal may come to any rank.
RunControl::Order RunControl::ask(Index step) {
  const Phase phase("control");
  Real said[2] = {Real(wants_to_stop() ? Order::stop : Order::go_on), 1};
  if (output_.comm().is_root()) {
    const Real minutes = output_.run().checkpoint.minutes;
    bool save = minutes > 0 && since_save_.seconds() > 60 * minutes;
    if (since_look_.seconds() > seconds_between_looks) {
      since_look_ = Stopwatch();
      std::error_code none;
      save = std::filesystem::remove(output_.path("checkpoint-now"), none) || save;
    }
    if (save) said[0] = std::max(said[0], Real(Order::save));
    const Real rate = Real(step - asked_at_) / std::max(1e-9, since_ask_.seconds());
    said[1] =
        std::max(1., std::floor(std::min(rate * seconds_between_talks, 2. * Real(step - asked_at_) + 1)));
    since_ask_ = Stopwatch();
  }
  output_.comm().max(said, 2);
  asked_at_ = step;
  ask_next_ = step + Index(said[1]);
  return Order(int(said[0]));
}

bool RunControl::wants_to_stop() const {
  return StopSignals::received() != 0 || (limit_ && since_start_.seconds() >= *limit_);
}

void RunControl::save(const Standing& standing, const std::function<void(Hdf5File&)>& fill) {
  const Phase phase("checkpoint");
  const std::string path = output_.path(checkpoint_name(standing));
  commit_hdf5(output_.comm(), path, [&](Hdf5File& file) {
    file.set_attribute("/", "checkpoint", checkpoint_layout);
    file.set_attribute("/", "stage", Real(standing.stage));
    file.set_attribute("/", "step", Real(standing.tick.step));
    file.set_attribute("/", "time", standing.tick.time);
    file.set_attribute("/", "next_step", standing.next_step);
    output_.save(file);
    for (const auto& keep : kept_) keep(file);
    fill(file);
  });
  output_.comm().agree([&] {
    if (!output_.comm().is_root()) return;
    const auto all = checkpoints_in(output_.folder());
    for (Index i = output_.run().checkpoint.keep; i < Index(all.size()); ++i)
      std::filesystem::remove(all[std::size_t(i)]);
  });
  for (const auto& work : after_save_) work();
  output_.log(fmt::format("{}: {} written", to_text(standing), path));
  saved_at_ = standing.tick.step;
  since_save_ = since_ask_ = Stopwatch();
}

std::string RunControl::reason() const {
  if (StopSignals::received() != 0) return signal_name(StopSignals::received());
  return limit_ && since_start_.seconds() >= *limit_ ? "the time limit" : "a signal to another rank";
}

void RunControl::stop() {
  stopped_ = true;
  output_.log("stopped by " + reason() + "; --restart goes on from here");
}

}  // namespace weir
