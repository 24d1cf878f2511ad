#include "NetworkPotential.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

namespace {
using Range = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>;
}

NetworkPotential::NetworkPotential(const MlpShape& shape, const std::vector<Real>& theta)
    : network_(shape),
      theta_("Weir::NetworkPotential::theta", theta.size()),
      tape_(network_, columns, Purpose::gradient),
      inputs_("Weir::NetworkPotential::inputs", shape.inputs, columns),
      gradients_("Weir::NetworkPotential::gradients", shape.inputs, columns) {
  WEIR_CHECK(Index(theta.size()) == network_.parameters() && shape.outputs == 1, "{} parameters of {}",
             theta.size(), network_.parameters());
  Kokkos::deep_copy(theta_,
                    Kokkos::View<const Real*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>(
                        theta.data(), theta.size()));
}

template <class Use>
void NetworkPotential::for_each_panel(const MatrixRef<const Real>& x, Real t, Use&& use) const {
  const Index d = Index(x.extent(0)), rows = network_.shape().inputs, particles = Index(x.extent(1));
  const bool timed = network_.shape().time;
  WEIR_CHECK(rows == d + (timed ? 1 : 0), "a network of {} inputs in {} dimensions", rows, d);
  const auto inputs = inputs_;
  for (Index first = 0; first < particles; first += columns) {
    const Index count = std::min(columns, particles - first);
    Kokkos::parallel_for(
        "Weir::NetworkPotential::inputs", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) inputs(c, i) = x(c, first + i);
          if (timed) inputs(d, i) = t;
        });
    Kokkos::fence();
    use(first, count, MatrixRef<const Real>(inputs.data(), rows, count));
  }
}

void NetworkPotential::add_value(const LocalTiles&, const MatrixRef<const Real>& x, Real t,
                                 const VectorRef<Real>& values) const {
  const auto y = gradients_;
  for_each_panel(x, t, [&](Index first, Index count, const MatrixRef<const Real>& inputs) {
    network_.value(theta_, inputs, tape_, MatrixRef<Real>(y.data(), 1, count));
    Kokkos::parallel_for(
        "Weir::NetworkPotential::value", Range(0, count),
        KOKKOS_LAMBDA(Index i) { values(first + i) += y.data()[i]; });
  });
  Kokkos::fence();
}

void NetworkPotential::add_gradient(const LocalTiles&, const MatrixRef<const Real>& x, Real t, Real factor,
                                    const MatrixRef<Real>& out) const {
  const auto gradients = gradients_;
  const Index d = Index(x.extent(0)), rows = network_.shape().inputs;
  for_each_panel(x, t, [&](Index first, Index count, const MatrixRef<const Real>& inputs) {
    network_.input_gradient(theta_, inputs, tape_, MatrixRef<Real>(gradients.data(), rows, count));
    Kokkos::parallel_for(
        "Weir::NetworkPotential::gradient", Range(0, count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) out(c, first + i) += factor * gradients(c, i);
        });
  });
  Kokkos::fence();
}

}  // namespace weir
