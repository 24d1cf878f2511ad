#include "weir/flows/LangevinRule.hpp"

#include <algorithm>
#include <type_traits>

#include "weir/base/Error.hpp"

namespace weir {

const std::vector<std::string>& LangevinRule::names() {
  static const std::vector<std::string> all{"langevin", "leimkuhler_matthews", "tamed_langevin"};
  return all;
}

LangevinRule::Scheme LangevinRule::named(const std::string& name) {
  const auto found = std::find(names().begin(), names().end(), name);
  WEIR_CHECK(found != names().end(), "no rule {}", name);
  return Scheme(found - names().begin());
}

namespace {

/// Particles whose noise is drawn at a time: it stays in cache on hosts, and keeps devices busy.
constexpr Index most_at_a_time =
    std::is_same<MemorySpace, Kokkos::HostSpace>::value ? Index(1) << 12 : Index(1) << 20;

Index tiles_at_a_time(const LocalTiles& tiles) {
  return std::min(tiles.tiles, std::max(Index(1), most_at_a_time / tiles.tile_size));
}

}  // namespace

Index LangevinRule::noise_at_a_time(Index particles) {
  return std::min(particles, most_at_a_time);
}

LangevinRule::LangevinRule(Scheme scheme, const Partition& partition, Index components, const Random& random,
                           bool single)
    : scheme_(scheme), tiles_(partition.local()), first_(partition.first_particle()), random_(random) {
  const Index particles = std::min(partition.local_particles(), tiles_at_a_time(tiles_) * tiles_.tile_size);
  const Index next_particles = scheme == Scheme::leimkuhler_matthews ? particles : 0;
  if (single) {
    single_noise_ = Matrix<float>("Weir::LangevinRule::noise", components, particles);
    next_single_noise_ = Matrix<float>("Weir::LangevinRule::next_noise", components, next_particles);
  } else {
    noise_ = Matrix<Real>("Weir::LangevinRule::noise", components, particles);
    next_noise_ = Matrix<Real>("Weir::LangevinRule::next_noise", components, next_particles);
  }
}

void LangevinRule::advance(Index step, Real h, Real temperature, const MatrixRef<const Real>& v,
                           const MatrixRef<Real>& x, const MatrixRef<Real>&) {
  if (single_noise_.extent(0) > 0)
    advance_with<float>(single_noise_, next_single_noise_, step, h, temperature, v, x);
  else
    advance_with<Real>(noise_, next_noise_, step, h, temperature, v, x);
}

template <class T>
void LangevinRule::advance_with(const Matrix<T>& noise, const Matrix<T>& next_noise, Index step, Real h,
                                Real temperature, const MatrixRef<const Real>& v, const MatrixRef<Real>& x) {
  for (Index tile = 0; tile < tiles_.tiles; tile += tiles_at_a_time(tiles_)) {
    LocalTiles some = tiles_;
    some.first_tile += tile;
    some.tiles = std::min(tiles_at_a_time(tiles_), tiles_.tiles - tile);
    const Index begin = tile * tiles_.tile_size, count = some.local_particles();
    const auto part = [&](const auto& matrix) {
      return Kokkos::subview(matrix, Kokkos::ALL, Kokkos::pair<Index, Index>(begin, begin + count));
    };
    const auto drawn = [&](const Matrix<T>& buffer, Index at_step) {
      const MatrixRef<T> view(buffer.data(), buffer.extent(0), count);
      fill_normals(view, random_, first_ + begin, at_step);
      return view;
    };
    const bool noisy = temperature > 0, averaged = scheme_ == Scheme::leimkuhler_matthews;
    const MatrixRef<T> now = noisy ? drawn(noise, step) : MatrixRef<T>(),
                       next = noisy && averaged ? drawn(next_noise, step + 1) : MatrixRef<T>();
    move<T>(some, now, next, h, temperature, part(v), part(x));
  }
}

template <class T>
void LangevinRule::move(const LocalTiles& tiles, const MatrixRef<T>& noise, const MatrixRef<T>& next_noise,
                        Real h, Real temperature, const MatrixRef<const Real>& v, const MatrixRef<Real>& x) {
  const bool noisy = temperature > 0, averaged = scheme_ == Scheme::leimkuhler_matthews,
             tamed = scheme_ == Scheme::tamed_langevin;
  const Real amplitude = sqrt(2 * temperature * h);
  const Index d = Index(x.extent(0));
  for_each_tile(
      "Weir::LangevinRule::advance", tiles, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          Real step_size = h;
          if (tamed) {
            Real square = 0;
            for (Index c = 0; c < d; ++c) square += v(c, i) * v(c, i);
            step_size = h / (1 + h * sqrt(square));
          }
          for (Index c = 0; c < d; ++c) {
            x(c, i) += step_size * v(c, i);
            if (noisy)
              x(c, i) += amplitude *
                         (averaged ? 0.5 * (Real(noise(c, i)) + Real(next_noise(c, i))) : Real(noise(c, i)));
          }
        }
      });
}

}  // namespace weir
