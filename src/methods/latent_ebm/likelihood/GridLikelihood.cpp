#include "methods/latent_ebm/likelihood/GridLikelihood.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "weir/parallel/TileSum.hpp"

namespace weir {

namespace {

constexpr Real latent_reach = 5.5;

/// Along each component of z.
constexpr Index points_of_latents(Index components) {
  return components <= 1 ? 64 : components == 2 ? 32 : 16;
}

/// Points at equal distances, component by component; a row is their product.
struct Grid {
  Index points, components;
  std::vector<Real> low, high;

  Index count() const {
    Index count = 1;
    for (Index c = 0; c < components; ++c) count *= points;
    return count;
  }
  Real coordinate(Index number, Index component) const {
    for (Index c = 0; c < component; ++c) number /= points;
    const Real step = (high[std::size_t(component)] - low[std::size_t(component)]) / Real(points - 1);
    return low[std::size_t(component)] + step * Real(number % points);
  }
  Real log_cell() const {
    Real sum = 0;
    for (Index c = 0; c < components; ++c)
      sum += std::log((high[std::size_t(c)] - low[std::size_t(c)]) / Real(points - 1));
    return sum;
  }
};

Grid latent_grid(const EbmModel& model) {
  const Real reach =
      latent_reach / std::sqrt(model.options.is_network() ? model.options.confinement.latent : Real(1));
  const std::size_t d = std::size_t(model.shape.latent);
  const Index points = points_of_latents(model.shape.latent);
  return {points, model.shape.latent, std::vector<Real>(d, -reach), std::vector<Real>(d, reach)};
}

/// Beyond all rows and all particles, by a standard deviation of the pool.
Grid data_grid(const EbmModel& model, const Ensemble& rows, Index points) {
  const Index d = model.shape.data;
  std::vector<Real> most(std::size_t(2 * d), -HUGE_VAL);
  for (const Ensemble* ensemble : {&rows, &model.pool}) {
    const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble->x);
    for (Index i = 0; i < ensemble->partition.local_particles(); ++i)
      for (Index c = 0; c < d; ++c) {
        most[std::size_t(2 * c)] = std::max(most[std::size_t(2 * c)], -x(c, i));
        most[std::size_t(2 * c + 1)] = std::max(most[std::size_t(2 * c + 1)], x(c, i));
      }
  }
  rows.comm.max(most.data(), 2 * d);
  Grid grid{points, d, std::vector<Real>(std::size_t(d)), std::vector<Real>(std::size_t(d))};
  for (std::size_t c = 0; c < std::size_t(d); ++c) {
    const Real margin = 0.25 * (most[2 * c] + most[2 * c + 1]);
    grid.low[c] = -most[2 * c] - margin;
    grid.high[c] = most[2 * c + 1] + margin;
  }
  return grid;
}

/// log sum over the grid of z of exp(-E(x_i, z)) + log cell, for columns of x, tile by tile.
template <class T>
class Marginals {
 public:
  Marginals(const EbmModel& model, const Grid& latents, Index tile)
      : model_(model),
        latents_(latents),
        energy_(model.options, model.shape, tile, model.energy.parameters),
        v_("Weir::GridLikelihood::v", model.shape.components(), tile),
        energies_("Weir::GridLikelihood::energies", tile) {}

  template <class Coordinate>
  void operator()(Index count, const Coordinate& x, Real* log_marginals) {
    const auto v = Kokkos::create_mirror_view(v_);
    const auto energies = Kokkos::create_mirror_view(energies_);
    const Index dx = model_.shape.data, dz = model_.shape.latent;
    std::vector<Real> sums(std::size_t(count), 0);
    std::fill_n(log_marginals, count, -HUGE_VAL);
    for (Index z = 0; z < latents_.count(); ++z) {
      for (Index i = 0; i < count; ++i) {
        for (Index c = 0; c < dx; ++c) v(c, i) = T(x(i, c));
        for (Index c = 0; c < dz; ++c) v(dx + c, i) = T(latents_.coordinate(z, c));
      }
      Kokkos::deep_copy(v_, v);
      energy_.energy->evaluate(energy_.parameters(), first_columns(v_, count), {},
                               VectorRef<T>(energies_.data(), std::size_t(count)));
      Kokkos::fence();
      Kokkos::deep_copy(energies, energies_);
      for (Index i = 0; i < count; ++i) add(-Real(energies(i)), log_marginals[i], sums[std::size_t(i)]);
    }
    for (Index i = 0; i < count; ++i)
      log_marginals[i] += std::log(sums[std::size_t(i)]) + latents_.log_cell();
  }

 private:
  /// sum relative to the largest term so far
  static void add(Real term, Real& largest, Real& sum) {
    if (term <= largest) {
      sum += std::exp(term - largest);
      return;
    }
    sum = sum * std::exp(largest - term) + 1;
    largest = term;
  }

  const EbmModel& model_;
  Grid latents_;
  FixedEnergy<T> energy_;
  Matrix<T> v_;
  Vector<T> energies_;
};

/// Whole tiles of the first `count` rows: `x(tile, i, c)`.
template <class T, class Coordinate>
void fill_marginals(const EbmModel& model, const Grid& latents, const Ensemble& values, Index count,
                    const Coordinate& x) {
  Marginals<T> marginals(model, latents, values.partition.tile_size());
  const auto host = Kokkos::create_mirror_view(values.x);
  const LocalTiles tiles = values.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    if (tile.global >= count) break;
    marginals(
        tile.count, [&](Index i, Index c) { return x(tile, i, c); }, &host(0, tile.first));
  }
  Kokkos::deep_copy(values.x, host);
}

template <class Coordinate>
void fill_marginals(const EbmModel& model, const Grid& latents, const Ensemble& values, Index count,
                    const RunOptions& run, const Coordinate& x) {
  if (run.single_precision())
    fill_marginals<float>(model, latents, values, count, x);
  else
    fill_marginals<double>(model, latents, values, count, x);
}

}  // namespace

Real log_sum_exp(const Ensemble& values) {
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values.x);
  Real here = -HUGE_VAL;
  for (Index i = 0; i < values.partition.local_particles(); ++i) here = std::max(here, x(0, i));
  const Real largest = values.comm.max(here);
  TileSum sum(values.comm, values.partition, 1);
  const auto from = values.x;
  return largest +
         std::log(sum(
             "Weir::log_sum_exp", "a sum of densities", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
               for (Index i = tile.first; i < tile.first + tile.count; ++i)
                 partial[0] += exp(from(0, i) - largest);
             })[0]);
}

MeanAndError mean_and_error(const Ensemble& values, Index count) {
  TileSum sum(values.comm, values.partition, 2);
  const auto x = values.x;
  const auto first = sum(
      "Weir::mean_and_error", "a mean", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = 0; i < tile.count; ++i)
          if (tile.global + i < count) partial[0] += x(0, tile.first + i);
      });
  const Real mean = first[0] / Real(count);
  const auto second = sum(
      "Weir::mean_and_error", "a deviation", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = 0; i < tile.count; ++i)
          if (tile.global + i < count)
            partial[1] += (x(0, tile.first + i) - mean) * (x(0, tile.first + i) - mean);
      });
  return {mean, std::sqrt(second[1] / Real(count) / Real(std::max(count - 1, Index(1))))};
}

GridDensity density_on_grid(const EbmModel& model, const Ensemble& rows, Index wanted,
                            const RunOptions& run) {
  const Real affordable = Real(most_grid_points) / Real(latent_grid(model).count());
  const Index points =
      std::min(wanted, Index(std::pow(affordable, 1 / Real(model.shape.data)) * (1 + 1e-12)));
  const Grid grid = data_grid(model, rows, points);
  GridDensity density{0, points, grid.low, grid.high, Ensemble(rows.comm, grid.count(), 1, run.tile)};
  fill_marginals(model, latent_grid(model), density.log_density, grid.count(), run,
                 [&](const Tile& tile, Index i, Index c) { return grid.coordinate(tile.global + i, c); });
  density.log_z = log_sum_exp(density.log_density) + grid.log_cell();
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), density.log_density.x);
  for (Index i = 0; i < density.log_density.partition.local_particles(); ++i) x(0, i) -= density.log_z;
  Kokkos::deep_copy(density.log_density.x, x);
  return density;
}

Ensemble log_marginals_on_grid(const EbmModel& model, const Ensemble& rows, Index count,
                               const RunOptions& run) {
  Ensemble values(rows.comm, rows.particles(), 1, rows.partition.tile_size());
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  fill_marginals(model, latent_grid(model), values, count, run,
                 [&](const Tile& tile, Index i, Index c) { return x(c, tile.first + i); });
  return values;
}

}  // namespace weir
