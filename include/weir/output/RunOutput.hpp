// The folder a run leaves behind: deck.yaml, log.txt, metrics.csv, summary.json, snapshots.h5 and what the
// method learned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

class Checkpoint;
class Snapshots;

/// Methods are collective unless they say otherwise.
class RunOutput {
 public:
  /// Makes the folder and archives the resolved deck. What an earlier run left there under the same names is
  /// replaced; with a checkpoint to `restart` from, it is kept as far as the checkpoint knows it, and the
  /// rest removed. Throws InputError (key run.output) where the folder cannot be made or written.
  RunOutput(const Communicator& comm, const RunOptions& run, const std::string& method,
            const std::string& resolved_deck, const Checkpoint* restart = nullptr);
  ~RunOutput();

  const std::string& folder() const { return folder_; }
  std::string path(const std::string& file) const { return folder_ + "/" + file; }
  const Communicator& comm() const { return comm_; }
  const RunOptions& run() const { return run_; }
  /// The checkpoint that the run goes on from; null where it starts from the beginning.
  const Checkpoint* restart() const { return restart_; }

  /// The resolved deck, line by line, as /deck of a file that outlives the run; but for run.output,
  /// run.checkpoint and run.machine, which change nothing about what is computed.
  void write_deck(Hdf5File& file) const;

  /// A line for the user, on the terminal and in log.txt. Not collective: only rank 0 writes, other calls are
  /// void.
  void log(const std::string& line);
  /// A row of metrics.csv; also kept as the value the summary will show.
  void report(Index step, Real time, const Metrics& metrics);

  using Value = std::variant<Real, Index, std::string, std::vector<Real>>;
  void summarise(const std::string& name, Value value);
  void summarise(const Metrics& metrics);
  /// What the summary has by now, before a restart included; in the order it came.
  const std::vector<std::pair<std::string, Value>>& summary() const { return summary_; }
  /// Writes summary.json with `status`; once, at the end.
  void finish(const std::string& status, Index steps, Real time);

  /// snapshots.h5, made when it is first asked for.
  Snapshots& snapshots();
  /// Writes into a checkpoint what the folder holds by now.
  void save(Hdf5File& file) const;
  /// Since the run began, the time before restarts included.
  Real seconds() const;

  /// How far a stage of steps is; where its steps are adapted, their number says nothing, and `steps` is
  /// none.
  struct Progress {
    Index step;
    Real time;
    std::optional<Index> steps;  ///< planned
    Real end;                    ///< the time where it ends
  };
  /// A stage of steps goes on from `step` at `time`: rates are counted from here.
  void start_progress(Index step, Real time);
  /// On a terminal a line with rate and time left, rewritten in place; elsewhere a log line every quarter of
  /// a minute (verbose: every other second).
  void progress(const Progress& at);
  /// That line, `seconds` after `step` and `time`.
  static std::string progress_line(const Progress& at, Index step, Real time, Real seconds);

  /// The last line of log.txt where a run fails: what the user is told. Not collective: rank 0 writes.
  void log_failure(const std::string& text);

 private:
  void clear_folder();
  void go_on_in_folder();

  Communicator comm_;
  RunOptions run_;
  std::vector<std::string> deck_lines() const;

  std::string method_, folder_, deck_;
  const Checkpoint* restart_;
  std::ofstream log_;
  std::unique_ptr<MetricsTable> metrics_;
  std::unique_ptr<Snapshots> snapshots_;
  std::vector<std::pair<std::string, Value>> summary_;
  Stopwatch since_start_, since_progress_, progress_clock_;
  Index progress_from_ = 0;
  Real progress_from_time_ = 0;
  bool terminal_ = false, progress_shown_ = false;
};

}  // namespace weir
