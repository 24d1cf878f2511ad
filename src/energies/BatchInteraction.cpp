#include "weir/energies/BatchInteraction.hpp"

#include <algorithm>
#include <limits>

#include "weir/base/Error.hpp"

namespace weir {

namespace {
using Columns = Kokkos::pair<Index, Index>;
}  // namespace

template <class T>
BatchInteraction<T>::BatchInteraction(const Communicator& comm, const MlpShape& shape, bool unbiased,
                                      Index slots, Index tile)
    : comm_(comm),
      network_(shape),
      tape_(network_, 2 * tile, Purpose::mixed),
      unbiased_(unbiased),
      tile_(tile),
      points_("Weir::BatchInteraction::points", shape.inputs, slots * tile),
      difference_("Weir::BatchInteraction::difference", shape.inputs, 2 * tile),
      slope_("Weir::BatchInteraction::slope", shape.inputs, 2 * tile),
      u_("Weir::BatchInteraction::u", shape.inputs, 2 * tile),
      hessian_u_("Weir::BatchInteraction::hessian_u", shape.inputs, 2 * tile),
      slot_particles_(slots),
      counts_(comm.size()),
      offsets_(comm.size()) {
  WEIR_CHECK(Index(points_.size()) <= Index(std::numeric_limits<int>::max()), "a batch of {} numbers",
             points_.size());
}

template <class T>
void BatchInteraction<T>::gather(const Partition& partition, const MatrixRef<const Real>& x,
                                 const std::vector<Index>& tiles) {
  const Index d = Index(points_.extent(0));
  std::fill(counts_.begin(), counts_.end(), 0);
  particles_ = 0;
  Index last_owner = 0;
  for (Index slot = 0; slot < Index(tiles.size()); ++slot) {
    slot_particles_[slot] = 0;
    if (tiles[slot] >= 0) {
      const Index first = tiles[slot] * tile_;
      slot_particles_[slot] = std::min(tile_, partition.particles() - first);
      last_owner = partition.owner_of_row(first);
      const auto points = points_;
      const Index local = first - partition.first_particle(), to = slot * tile_;
      if (last_owner == comm_.rank())
        Kokkos::parallel_for(
            "Weir::BatchInteraction::pack", Range(0, slot_particles_[slot]), KOKKOS_LAMBDA(Index i) {
              for (Index c = 0; c < d; ++c) points(c, to + i) = x(c, local + i);
            });
    }
    particles_ += slot_particles_[slot];
    counts_[last_owner] += int(tile_ * d);  // tiles ascend, so a rank's slots are neighbours
  }
  Kokkos::fence();
  for (int rank = 1; rank < comm_.size(); ++rank) offsets_[rank] = offsets_[rank - 1] + counts_[rank - 1];
  comm_.all_gather_in_place(points_.data(), counts_, offsets_);
}

template <class T>
typename BatchInteraction<T>::Targets BatchInteraction<T>::in_batch(Index slot) const {
  const Index d = Index(points_.extent(0));
  const MatrixRef<const Real> points(points_.data() + slot * tile_ * d, std::size_t(d),
                                     std::size_t(slot_particles_[slot]));
  // A particle alone in its batch has nobody to meet.
  const Index partners = unbiased_ ? std::max(Index(1), particles_ - 1) : particles_;
  return {points, unbiased_ ? slot : -1, 1 / Real(partners)};
}

template <class T>
void BatchInteraction<T>::compute_differences(const MatrixRef<const Real>& x, Index i, Index slot,
                                              Index count) {
  const auto points = points_;
  const auto difference = difference_;
  const Index d = Index(points_.extent(0)), first = slot * tile_;
  Kokkos::parallel_for(
      "Weir::BatchInteraction::differences", Range(0, count), KOKKOS_LAMBDA(Index j) {
        for (Index c = 0; c < d; ++c) {
          difference(c, j) = T(x(c, i) - points(c, first + j));
          difference(c, count + j) = -difference(c, j);
        }
      });
  Kokkos::fence();
}

template <class T>
template <class Use>
void BatchInteraction<T>::for_each_panel(const Targets& targets, const VectorRef<const T>& theta, Use&& use) {
  for (Index i = 0; i < Index(targets.points.extent(1)); ++i)
    for (Index source = 0; source < slots(); ++source) {
      const Index count = slot_particles_[source];
      if (count == 0) continue;
      compute_differences(targets.points, i, source, count);
      const Columns columns(0, 2 * count);
      network_.input_gradient(theta, Kokkos::subview(difference_, Kokkos::ALL, columns), tape_,
                              Kokkos::subview(slope_, Kokkos::ALL, columns));
      use(i, source, count);
    }
}

template <class T>
void BatchInteraction<T>::add_force(const Targets& targets, const VectorRef<const T>& theta,
                                    const MatrixRef<Real>& force) {
  const Index d = Index(points_.extent(0));
  const Real share = targets.share;
  const auto slope = slope_;
  for_each_panel(targets, theta, [&](Index i, Index source, Index count) {
    const Index self = source == targets.self ? i : -1;
    Kokkos::parallel_for(
        "Weir::BatchInteraction::force", Range(0, d), KOKKOS_LAMBDA(Index c) {
          Real sum = 0;
          for (Index j = 0; j < count; ++j)
            if (j != self) sum += Real(slope(c, j)) - Real(slope(c, count + j));
          force(c, i) += share / 2 * sum;
        });
    Kokkos::fence();
  });
}

template <class T>
void BatchInteraction<T>::gradient(const Targets& targets, const VectorRef<const T>& theta,
                                   const MatrixRef<const T>& u, const Gradient& gradient) {
  const Index d = Index(points_.extent(0)), tile = tile_;
  const Real share = targets.share;
  const auto panel = u_, hessian_u = hessian_u_;
  const auto of_targets = gradient.targets, of_sources = gradient.sources;
  const bool points_wanted = of_targets.data() != nullptr;
  bool add = gradient.add;
  for_each_panel(targets, theta, [&](Index i, Index source, Index count) {
    const Index self = source == targets.self ? i : -1;
    Kokkos::parallel_for(
        "Weir::BatchInteraction::u", Range(0, count), KOKKOS_LAMBDA(Index j) {
          for (Index c = 0; c < d; ++c) {
            panel(c, j) = j == self ? T(0) : T(share / 2 * Real(u(c, i)));
            panel(c, count + j) = -panel(c, j);
          }
        });
    Kokkos::fence();
    const Columns columns(0, 2 * count);
    const auto hessian_u_here =
        points_wanted ? MatrixRef<T>(Kokkos::subview(hessian_u_, Kokkos::ALL, columns)) : MatrixRef<T>();
    network_.mixed(theta, Kokkos::subview(u_, Kokkos::ALL, columns), tape_, gradient.theta, hessian_u_here,
                   add);
    add = true;
    if (!points_wanted) return;
    const Index first = source * tile;
    Kokkos::parallel_for(
        "Weir::BatchInteraction::points_gradient", Range(0, d), KOKKOS_LAMBDA(Index c) {
          Real sum = 0;
          for (Index j = 0; j < count; ++j) {
            const Real both = Real(hessian_u(c, j)) - Real(hessian_u(c, count + j));
            sum += both;
            of_sources(c, first + j) -= both;
          }
          of_targets(c, i) += sum;
        });
    Kokkos::fence();
  });
}

template class BatchInteraction<float>;
template class BatchInteraction<double>;

}  // namespace weir
