// Networks in HDF5 files, with their architecture.
//
// Group: attributes inputs, outputs, activation, residual, layer_norm, time, frequencies, horizon, layers;
// data sets hidden (widths) and parameters (one vector, in the order that Mlp.hpp gives).
#pragma once

#include <string>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/networks/NetworkOptions.hpp"

namespace weir {

struct StoredNetwork {
  MlpShape shape;
  std::vector<Real> parameters;
};

/// Collective; every rank has the whole network. `group`: "/networks/potential", say. Throws LibraryError.
void write_network(Hdf5File& file, const std::string& group, const StoredNetwork& network);

/// Collective: the network on every rank. Throws InputError (key `where`), which names file group and cause,
/// where there is none or it is damaged: something missing, of the wrong kind, or not finite.
StoredNetwork read_network(const Hdf5File& file, const std::string& group, const std::string& where);

/// The same for a network that has to have this shape: the first difference is an InputError.
StoredNetwork read_network(const Hdf5File& file, const std::string& group, const MlpShape& expected,
                           const std::string& where);

}  // namespace weir
