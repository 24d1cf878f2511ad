// snapshots.h5: /snapshots/<step>/<block> of shape (particles, components), and snapshots.xdmf beside it.
//
// Written by all ranks together; the file is closed after every snapshot and synced to disk. Plain h5py reads
// it, ParaView opens the .xdmf.
//
// A process that is killed while it writes leaves an HDF5 file that may not open. Its numbers are in it all
// the same, every table in one piece: while the file is open to write, snapshots.h5.open stands beside it and
// says where, and a restart makes a new file of them.
#pragma once

#include <string>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/output/RunOutput.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

class Snapshots {
 public:
  /// Collective; makes an empty file in the run's folder, or puts back what the run's checkpoint knows of.
  /// Throws RunError where that is lost.
  explicit Snapshots(RunOutput& output);

  /// Collective. x: components x local particles, in host or device memory. Throws LibraryError where writing
  /// fails.
  void write(Index step, Real time, const std::string& block, const Partition& partition,
             const MatrixRef<const Real>& x);
  /// Collective: writes into a checkpoint what there is by now.
  void save(Hdf5File& file) const;

 private:
  struct Entry {
    Index step;
    Real time;
    std::string block;
    Index particles, components;
    Index offset;  // of its numbers, in bytes from the file's start
    std::string name() const;
  };
  void start(const std::string& path) const;
  void restore();
  void locate(const std::string& source);
  void remove_later();
  void rebuild(const std::string& source);
  Hdf5File open() const;
  void close(Hdf5File& file) const;
  void write_xdmf() const;
  static std::string grid(const Entry& entry, const std::string& time);

  RunOutput& output_;
  std::string path_;
  std::vector<Entry> entries_;
};

}  // namespace weir
