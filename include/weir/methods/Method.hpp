// A method: what a deck may ask Weir to do.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/input/DeckDocuments.hpp"
#include "weir/input/Section.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/RunControl.hpp"
#include "weir/output/RunOutput.hpp"
#include "weir/performance/CostModel.hpp"

namespace weir {

class Method {
 public:
  virtual ~Method() = default;
  virtual std::string key() const = 0;
  virtual std::string doc() const = 0;
  virtual void describe(Section& section) = 0;
  /// Collective. What can be known to be wrong before anything is written: files that do not read, dimensions
  /// that do not fit. Throws InputError. Called once, after the options have been read.
  virtual void prepare(const Communicator& comm, const RunOptions& run) = 0;
  /// Collective: for `--check`, instead of `prepare`: throws the same errors, and makes no ensemble of the
  /// deck's size unless it is read from a file.
  virtual void check(const Communicator& comm, const RunOptions& run) = 0;
  /// Collective: what the parts of a run take on any number of ranks; nothing of the deck's size is
  /// allocated, though files are read. Throws InputError naming what is not covered. Comes without `prepare`.
  virtual std::vector<CostedPart> costs(const Communicator&, const RunOptions&) const {
    throw InputError(key(), "--estimate does not cover this method");
  }
  /// Collective: whether a run may go on from the checkpoint with another value of a key of this method than
  /// the checkpoint's deck has. Called after the options have been read. Throws InputError, with the key,
  /// where the key may change but not so: it says what is allowed.
  virtual bool may_change(const DeckDifference& /*change*/, const Checkpoint& /*from*/) const {
    return false;
  }
  /// Collective: runs under `control` and finishes the output. Throws InputError, RunError, LibraryError.
  virtual void run(RunOutput& output, RunControl& control) = 0;
};

/// All methods, each with its default options.
std::vector<std::unique_ptr<Method>> all_methods();

}  // namespace weir
