#include "methods/learn_energies/trajectory/TrajectoryInteraction.hpp"

#include <algorithm>
#include <numeric>

#include "methods/learn_energies/trajectory/TrajectoryKnot.hpp"
#include "weir/parallel/Shuffle.hpp"

namespace weir {

namespace {

constexpr Index gathered_particles = 256;  // at once, about

}  // namespace

Index drawn_tiles(const IndexOrWord& sources, const Partition& particles) {
  if (sources.is_word()) return particles.tiles();
  const Index wanted = (sources.number + particles.tile_size() / 2) / particles.tile_size();
  return std::min(particles.tiles(), std::max(Index(1), wanted));
}

Index gathered_tiles(const Partition& particles) {
  return std::min(particles.tiles(), std::max(Index(1), gathered_particles / particles.tile_size()));
}

template <class T>
TrajectoryInteraction<T>::TrajectoryInteraction(const TrajectoryInteractionOptions& options,
                                                const Communicator& comm, const Partition& particles,
                                                Index components, Index knots, Index seed)
    : d_(components),
      knots_(knots),
      seed_(seed),
      unbiased_(options.statistic == "u"),
      particles_(particles),
      tiles_(particles.local()),
      panels_(comm, options.shape(components, 1), unbiased_, gathered_tiles(particles),
              particles.tile_size()),
      sum_(comm, components * gathered_tiles(particles) * particles.tile_size()),
      drawn_(drawn_tiles(options.sources, particles)),
      slots_(gathered_tiles(particles)),
      points_("Weir::TrajectoryInteraction::points", components, particles.local_particles()),
      of_tile_("Weir::TrajectoryInteraction::of_tile", components, particles.tile_size()),
      u_("Weir::TrajectoryInteraction::u", components, particles.tile_size()),
      of_sources_("Weir::TrajectoryInteraction::of_sources",
                  components * gathered_tiles(particles) * particles.tile_size(), particles.local_tiles()),
      host_total_("Weir::TrajectoryInteraction::host_total", of_sources_.extent(0)),
      total_("Weir::TrajectoryInteraction::total", of_sources_.extent(0)) {}

template <class T>
void TrajectoryInteraction<T>::add_force(Index iteration, const MatrixRef<const Real>& x,
                                         const VectorRef<const T>& theta, const MatrixRef<Real>& field) {
  for (Index j = 0; j < knots_; ++j)
    for_each_gathering(iteration, j, x, [&] {
      for (Index local = 0; local < tiles_.tiles; ++local) {
        Kokkos::deep_copy(of_tile_, 0);
        panels_.add_force(targets(tiles_[local]), theta, of_tile_);
        add_to_knot(tiles_[local], j, of_tile_, field);
      }
    });
}

template <class T>
void TrajectoryInteraction<T>::add_gradient(Index iteration, const MatrixRef<const Real>& x,
                                            const VectorRef<const T>& theta, const MatrixRef<const Real>& u,
                                            const MatrixRef<Real>& gradient, const TileGradient<T>& partials,
                                            Index first_parameter) {
  const Index parameters = network().parameters(), d = d_, columns = slots_.size() * tiles_.tile_size;
  const auto theta_bar = [&](Index local) {
    return VectorRef<T>(partials[local].data() + first_parameter, std::size_t(parameters));
  };
  for (Index local = 0; local < tiles_.tiles; ++local) Kokkos::deep_copy(theta_bar(local), T(0));
  for (Index j = 0; j < knots_; ++j)
    for_each_gathering(iteration, j, x, [&] {
      Kokkos::deep_copy(of_sources_, 0);
      for (Index local = 0; local < tiles_.tiles; ++local) {
        const Tile tile = tiles_[local];
        copy_adjoint(tile, j, u);
        Kokkos::deep_copy(of_tile_, 0);
        panels_.gradient(targets(tile), theta, u_,
                         {theta_bar(local), true, of_tile_,
                          MatrixRef<Real>(&of_sources_(0, local), std::size_t(d), std::size_t(columns))});
        add_to_knot(tile, j, of_tile_, gradient);
      }
      add_of_sources(j, gradient);
    });
}

template <class T>
template <class Use>
void TrajectoryInteraction<T>::for_each_gathering(Index iteration, Index knot, const MatrixRef<const Real>& x,
                                                  Use&& use) {
  copy_knot(x, knot, points_);
  draw(iteration * knots_ + knot);
  for (std::size_t first = 0; first < drawn_.size(); first += slots_.size()) {
    std::fill(slots_.begin(), slots_.end(), -1);
    const std::size_t count = std::min(slots_.size(), drawn_.size() - first);
    std::copy_n(drawn_.begin() + Index(first), count, slots_.begin());
    panels_.gather(particles_, points_, slots_);
    use();
  }
}

/// Draw number n: a run of a permutation of all tiles, which is another one when fewer are left than wanted.
template <class T>
void TrajectoryInteraction<T>::draw(Index number) {
  const Index tiles = particles_.tiles(), wanted = Index(drawn_.size()), runs = tiles / wanted;
  std::iota(drawn_.begin(), drawn_.end(), number % runs * wanted);
  if (wanted < tiles) {
    const Shuffle shuffle(tiles, seed_, Stream::interaction_sources, number / runs);
    for (Index& tile : drawn_) tile = shuffle(tile);
    std::sort(drawn_.begin(), drawn_.end());
  }
  drawn_particles_ = 0;
  for (Index tile : drawn_)
    drawn_particles_ +=
        std::min(particles_.tile_size(), particles_.particles() - tile * particles_.tile_size());
}

template <class T>
typename BatchInteraction<T>::Targets TrajectoryInteraction<T>::targets(const Tile& tile) const {
  const MatrixRef<const Real> points(points_.data() + tile.first * d_, std::size_t(d_),
                                     std::size_t(tile.count));
  Index self = -1, partners = drawn_particles_;
  if (unbiased_ && std::binary_search(drawn_.begin(), drawn_.end(), tile.index)) {
    const auto slot = std::find(slots_.begin(), slots_.end(), tile.index);
    if (slot != slots_.end()) self = Index(slot - slots_.begin());
    partners = std::max(Index(1), partners - 1);
  }
  return {points, self, 1 / Real(partners)};
}

template <class T>
void TrajectoryInteraction<T>::copy_adjoint(const Tile& tile, Index knot, const MatrixRef<const Real>& u) {
  const auto to = u_;
  const Index d = d_;
  Kokkos::parallel_for(
      "Weir::TrajectoryInteraction::copy_adjoint", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) to(c, i) = T(u(d * knot + c, tile.first + i));
      });
  Kokkos::fence();
}

template <class T>
void TrajectoryInteraction<T>::add_to_knot(const Tile& tile, Index knot, const Matrix<Real>& values,
                                           const MatrixRef<Real>& out) {
  const Index d = d_;
  Kokkos::parallel_for(
      "Weir::TrajectoryInteraction::add", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < d; ++c) out(d * knot + c, tile.first + i) += values(c, i);
      });
  Kokkos::fence();
}

template <class T>
void TrajectoryInteraction<T>::add_of_sources(Index knot, const MatrixRef<Real>& gradient) {
  sum_(of_sources_, host_total_.data(), "the gradient of the interaction");
  Kokkos::deep_copy(total_, host_total_);
  const auto total = total_;
  const Index d = d_;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    const Index local = slots_[slot] - tiles_.first_tile;
    if (slots_[slot] < 0 || local < 0 || local >= tiles_.tiles) continue;
    const Tile tile = tiles_[local];
    const Index from = Index(slot) * tiles_.tile_size;
    Kokkos::parallel_for(
        "Weir::TrajectoryInteraction::add_of_sources", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) gradient(d * knot + c, tile.first + i) += total(d * (from + i) + c);
        });
    Kokkos::fence();
  }
}

template class TrajectoryInteraction<float>;
template class TrajectoryInteraction<double>;

}  // namespace weir
