// Parameters between a block, which ranks own in parts, and ranks that have all of it.
#pragma once

#include <vector>

#include "weir/flows/State.hpp"

namespace weir {

/// Not collective: this rank's part of a block, from all of it.
void write_own_part(const Block& block, const Vector<Real>& all, const MatrixRef<Real>& local);

/// Collective: the whole block on every rank.
std::vector<Real> gather_whole(const Communicator& comm, const Block& block,
                               const MatrixRef<const Real>& local);

/// Not collective: numbers in precision T, where kernels see them.
template <class T>
Vector<T> in_precision(const std::vector<Real>& values) {
  const Vector<T> copy("Weir::in_precision", values.size());
  const auto host = Kokkos::create_mirror_view(copy);
  for (std::size_t i = 0; i < values.size(); ++i) host(i) = T(values[i]);
  Kokkos::deep_copy(copy, host);
  return copy;
}

}  // namespace weir
