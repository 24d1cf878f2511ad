// Defines what FunctionalInteraction.hpp declares, for the sources that instantiate it.
#pragma once

#include "energies/FunctionalInteraction.hpp"
#include "energies/PairInteraction.hpp"
#include "energies/PointwisePotential.hpp"
#include "weir/base/Error.hpp"
#include "weir/energies/Functionals.hpp"

namespace weir {

template <class T>
std::unique_ptr<Interaction> make_functional_interaction(const std::string& name, const Communicator& comm,
                                                         const Partition& partition, Index dimension,
                                                         const std::string& where) {
  std::unique_ptr<Interaction> made;
  functionals::with_name(name, [&](auto functional) {
    using Functional = decltype(functional);
    check_dimension(functional.least_dimension, dimension, name, where);
    if constexpr (!functionals::has_powers<Functional>) {
      using Gradient = FunctorGradient<Functional>;
      using Value = FunctorValue<Functional>;
      made = std::make_unique<PairInteraction<T, Gradient, Value>>(comm, partition, dimension,
                                                                   Gradient{functional}, Value{functional});
    }
  });
  WEIR_CHECK(made != nullptr, "{} is no functional that goes through pairs", name);
  return made;
}

}  // namespace weir
