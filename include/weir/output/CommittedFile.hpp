// An HDF5 file that is there whole or not at all.
//
//     written as NAME.part, closed, [ HDF5 bytes | footer: magic, their number, their crc32 ], synced,
//     renamed to NAME
//
// HDF5 knows where its own bytes end and passes over the footer. Every rank reads its share of the file for
// the checksum; shares are joined by crc32_combine.
#pragma once

#include <functional>
#include <string>

#include "weir/base/Hdf5File.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

/// Collective: makes the file `path` of what `fill` writes. Throws RunError, and leaves what had the name
/// before.
void commit_hdf5(const Communicator& comm, const std::string& path,
                 const std::function<void(Hdf5File&)>& fill);

/// Collective: throws RunError, which says why, where the file is not byte for byte what was committed.
void check_committed(const Communicator& comm, const std::string& path);

/// A text file, whole or not at all. Not collective. Throws RunError.
void commit_text(const std::string& path, const std::string& text);

/// Writes through to the disk what this rank's node holds of a file or folder. Not collective. Throws
/// RunError.
void sync_to_disk(const std::string& path);

/// crc32 of the first `length` bytes of a file. Not collective. Throws RunError where it has fewer.
unsigned checksum_of_start(const std::string& path, Index length);

}  // namespace weir
