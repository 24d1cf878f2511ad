// networks.h5 of a finished run, as `model: PATH` names it in a deck.
#pragma once

#include <fstream>
#include <string>

#include "base/CrashMessage.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/input/Section.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

/// Collective: what `read(file)` makes of the file. Throws InputError (key `where`) where there is none, or
/// it is not one that a run leaves behind.
template <class Read>
auto read_model_file(const PathValue& model, const Communicator& comm, const std::string& where,
                     const Read& read) {
  comm.agree([&] {
    if (!std::ifstream(model.path))
      throw InputError(where,
                       fmt::format("cannot read {}: give the networks.h5 of a finished run", model.path));
  });
  const CrashMessage message(model.path);
  try {
    const Hdf5File file(model.path, comm.mpi(), Hdf5File::Access::read);
    return read(file);
  } catch (const LibraryError& error) {
    throw InputError(
        where, fmt::format("{} is not the networks.h5 of a finished run: {}", model.path, error.what()));
  }
}

/// Throws InputError (key `where`) where the model is of data with another number of components.
inline void check_model_fits(const PathValue& model, Index components, Index of_data,
                             const std::string& where) {
  if (components != of_data)
    throw InputError(where,
                     fmt::format("{} is of data with {} components, and these have {}; give the data that it "
                                 "was trained on",
                                 model.path, components, of_data));
}

}  // namespace weir
