// Particles spread over ranks: x_i in R^d for i in [0, N), each rank holding whole tiles of consecutive ones.
#pragma once

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

struct Ensemble {
  Communicator comm;
  Partition partition;
  Matrix<Real> x;  ///< components x local particles

  /// `rows` of `replicas` particles each.
  Ensemble(const Communicator& communicator, Index rows, Index components, Index tile, Index replicas = 1)
      : comm(communicator),
        partition(communicator, rows, tile, replicas),
        x("Weir::Ensemble::x", components, partition.local_particles()) {}

  Index particles() const { return partition.particles(); }
  Index components() const { return Index(x.extent(0)); }
};

}  // namespace weir
