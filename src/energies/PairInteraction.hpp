// An interaction by pair sums: one kernel adds gradients, one adds values.
#pragma once

#include "weir/energies/Interaction.hpp"
#include "weir/ensemble/PairSum.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

/// Pair kernels of a functional.
template <class Functor>
struct FunctorValue {
  static constexpr bool in_packs = true;
  Functor functor;
  template <class N, class Dimension>
  KOKKOS_FORCEINLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    sums[0] = sums[0] + functor.value(int(d), r);
  }
};
template <class Functor>
struct FunctorGradient {
  static constexpr bool in_packs = true;
  Functor functor;
  template <class N, class Dimension>
  KOKKOS_FORCEINLINE_FUNCTION void operator()(Dimension d, const N* r, const N*, N* sums) const {
    functor.add_gradient(int(d), r, 1, sums);
  }
};

/// Adds scale * from to `to`, column by column.
inline void add_scaled(const char* label, const LocalTiles& tiles, Real scale,
                       const MatrixRef<const Real>& from, const MatrixRef<Real>& to) {
  const Index d = Index(to.extent(0));
  for_each_tile(
      label, tiles, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) to(c, i) += scale * from(c, i);
      });
}

template <class T, class Gradient, class Value>
class PairInteraction : public Interaction {
 public:
  PairInteraction(const Communicator& comm, const Partition& partition, Index dimension, Gradient gradient,
                  Value value)
      : gradient_(gradient),
        value_(value),
        particles_(partition.particles()),
        tiles_(partition.local()),
        pairs_(comm, partition, partition, dimension),
        total_(comm, partition, 1),
        gradients_("Weir::PairInteraction::gradients", dimension, partition.local_particles()),
        values_("Weir::PairInteraction::values", 1, partition.local_particles()) {}

  void add_gradient(const MatrixRef<const Real>& x, Real, Real factor, const MatrixRef<Real>& out) override {
    pairs_("Weir::PairInteraction::gradient", gradient_, x, x, {}, gradients_);
    add_scaled("Weir::PairInteraction::add", tiles_, factor / Real(particles_), gradients_, out);
  }

  Real energy(const MatrixRef<const Real>& x, Real) override {
    pairs_("Weir::PairInteraction::value", value_, x, x, {}, values_);
    const auto values = values_;
    const Real sum = total_(
        "Weir::PairInteraction::energy", "the interaction energy",
        KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i) partial[0] += values(0, i);
        })[0];
    return 0.5 * sum / (Real(particles_) * Real(particles_));
  }

 private:
  Gradient gradient_;
  Value value_;
  Index particles_;
  LocalTiles tiles_;
  PairSum<T> pairs_;
  TileSum total_;
  Matrix<Real> gradients_, values_;
};

}  // namespace weir
