// Long work that is no stage of steps, done in pieces that checkpoints keep: a run may stop between any two
// and go on later, on any number of ranks.
#pragma once

#include "weir/base/Hdf5File.hpp"

namespace weir {

/// All methods are collective.
class Piecewise {
 public:
  virtual ~Piecewise() = default;
  virtual bool all_done() const = 0;
  /// Does the next piece; what it leaves is kept. Call only while !all_done().
  virtual void advance() = 0;
  /// Writes what is done by now.
  virtual void save(Hdf5File& file) const = 0;
  /// Takes what a file has of that; nothing where it has nothing.
  virtual void restore(const Hdf5File& file) = 0;
};

}  // namespace weir
