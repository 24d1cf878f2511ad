// The learned (and, where known, the true) potential on a plane grid, for level curves.
#pragma once

#include "methods/populations/Populations.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/energies/EnergyOptions.hpp"
#include "weir/energies/LearnedEnergy.hpp"

namespace weir {

/// Collective. Writes /grid/x0 and, from two dimensions on, /grid/x1, and /grid/learned/<row> and /grid/true
/// of shape (x1, x0) over the box of the training data's first two components; the other components stand at
/// their mean.
void write_potential_grid(Hdf5File& file, const LearnedEnergy& energy, const EnergyOptions* truth,
                          const Populations& populations, const Communicator& comm);

}  // namespace weir
