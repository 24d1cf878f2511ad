// checkpoint-<step>.h5: everything that a run needs to go on as if it had never stopped.
//
//     /state/<block>, /memory/<block>   (particles, components), in global order: any number of ranks reads
//                                       them
//     /scalars/<block>                  what the block's rule remembers of it as a whole
//     /deck, /summary, /snapshots/..    what the run's folder held; metrics.csv by its length and checksum
//     what a method keeps               of learn_energies: /coupling, /scores, /fit, /start, /learned,
//                                       /prediction, /metrics
//     attributes of /                   stage, step, time, next_step, seconds, seed, version, ranks
//
// A stage is one of steps, with a state, or one of pieces of other work, with none: `step` counts these then.
// The file is committed whole, with a checksum; a damaged one is found out before it is used.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// Version of the file; raised where older files can no longer be read.
constexpr Real checkpoint_layout = 2;

/// Where a run stands: the number of its stage, and where this stands. `next_step`: the step size that the
/// solver would take next; 0 where the stage has no solver, and `tick.step` counts pieces of its work.
struct Standing {
  int stage = 0;
  Tick tick{0, 0};
  Real next_step = 0;
  bool counts_pieces() const { return next_step == 0; }
};
/// "step 12, time 0.6" or "piece 3 of stage 2".
std::string to_text(const Standing& standing);

/// A committed checkpoint, open to read. All methods are collective.
class Checkpoint {
 public:
  /// Throws RunError, which says why, where the file cannot be used: damaged, of another kind, or the run's
  /// folder no longer holds what it refers to.
  Checkpoint(const Communicator& comm, const std::string& path);

  const std::string& path() const { return path_; }
  /// The folder of the run that wrote it.
  std::string folder() const;
  const Standing& standing() const { return standing_; }
  Real seconds() const { return seconds_; }
  const std::string& deck() const { return deck_; }
  const std::string& version() const { return version_; }
  /// Bytes of metrics.csv that were written before it.
  Index metrics_length() const { return metrics_length_; }
  const Hdf5File& file() const { return *file_; }

  /// Fills `state` from the group /`group`. Throws RunError where the blocks are not those of the file.
  void read(const std::string& group, State& state) const;

 private:
  void check_metrics(const Communicator& comm) const;

  std::string path_;
  std::unique_ptr<Hdf5File> file_;
  Standing standing_;
  Real seconds_ = 0;
  std::string deck_, version_;
  Index metrics_length_ = 0;
};

/// Collective: writes the blocks of `state` into the group /`group`.
void write_state(Hdf5File& file, const std::string& group, State& state);

/// Collective: a table of what particles have, components x local particles, in global order; and back, where
/// the file has it of this shape: RunError where not.
void write_particles(Hdf5File& file, const std::string& name, const Partition& partition,
                     const MatrixRef<const Real>& values);
void read_particles(const Hdf5File& file, const std::string& name, const Partition& partition,
                    const MatrixRef<Real>& values);

std::string checkpoint_name(const Standing& standing);

/// The checkpoints in a folder, newest first. Not collective.
std::vector<std::string> checkpoints_in(const std::string& folder);

/// Collective: the newest checkpoint in `folder` that can be used, or `file` where it is not empty; none
/// where the folder has none at all. What was passed over goes to `remarks`, one line each. Throws InputError
/// where there are some and none can be used.
std::unique_ptr<Checkpoint> find_checkpoint(const Communicator& comm, const std::string& folder,
                                            const std::string& file, std::vector<std::string>& remarks);

}  // namespace weir
