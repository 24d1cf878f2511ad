// The whole of a short array that is dealt to the ranks: parameters, before a kernel needs them all.
#pragma once

#include <vector>

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// Numbers of a partition's particles, in global order; fewer than 2^31, and nothing is allocated after
/// construction.
class Gather {
 public:
  Gather(const Communicator& comm, const Partition& partition, Index components);

  /// Collective. local: components x local particles; the result (components x particles, on every rank)
  /// holds until the next call.
  const Matrix<Real>& operator()(const MatrixRef<const Real>& local);

 private:
  Communicator comm_;
  Matrix<Real> all_;
  Index first_, count_;
  std::vector<int> counts_, offsets_;
};

}  // namespace weir
