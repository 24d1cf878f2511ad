// Named functionals as pair interactions: one kernel for each, in a source for each precision, as they take
// long to compile.
#pragma once

#include <memory>
#include <string>

#include "weir/energies/Interaction.hpp"

namespace weir {

/// Sums over pairs in precision T of the functional of that name, one that is no polynomial. Throws
/// InputError (key `where`) where it needs more dimensions than the ensemble has.
template <class T>
std::unique_ptr<Interaction> make_functional_interaction(const std::string& name, const Communicator& comm,
                                                         const Partition& partition, Index dimension,
                                                         const std::string& where);

}  // namespace weir
