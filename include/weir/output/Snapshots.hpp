// snapshots.h5: /snapshots/<step>/<block> of shape (particles, components), and snapshots.xdmf beside it.
//
// Written by all ranks together; the file is closed after every snapshot, so that what is in it survives
// whatever comes later. Plain h5py reads it, ParaView opens the .xdmf.
#pragma once

#include <string>
#include <vector>

#include "weir/output/RunOutput.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

class Snapshots {
 public:
  /// Collective; makes an empty file in the run's folder.
  explicit Snapshots(const RunOutput& output);

  /// Collective. x: components x local particles, in host or device memory. Throws LibraryError where writing
  /// fails.
  void write(Index step, Real time, const std::string& block, const Partition& partition,
             const MatrixRef<const Real>& x);

 private:
  struct Entry {
    Index step;
    Real time;
    std::string block;
    Index particles, components;
  };
  void write_xdmf() const;

  const RunOutput& output_;
  std::string path_;
  std::vector<Entry> entries_;
};

}  // namespace weir
