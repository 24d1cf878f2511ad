#include "energies/FunctionalPairs.hpp"

namespace weir {

template std::unique_ptr<Interaction> make_functional_interaction<double>(const std::string& name,
                                                                          const Communicator& comm,
                                                                          const Partition& partition,
                                                                          Index dimension,
                                                                          const std::string& where);

}  // namespace weir
