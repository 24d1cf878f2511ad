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
  /// Whether it is a point of the grid of twice the distances.
  bool is_coarse(Index number) const {
    for (Index c = 0; c < components; ++c, number /= points)
      if (number % points % 2 != 0) return false;
    return true;
  }
  Real coordinate(Index number, Index component) const {
    for (Index c = 0; c < component; ++c) number /= points;
    const Real step = (high[std::size_t(component)] - low[std::size_t(component)]) / Real(points - 1);
    return low[std::size_t(component)] + step * Real(number % points);
  }
  Real log_cell(bool coarse = false) const {
    Real sum = coarse ? Real(components) * std::log(Real(2)) : 0;
    for (Index c = 0; c < components; ++c)
      sum += std::log((high[std::size_t(c)] - low[std::size_t(c)]) / Real(points - 1));
    return sum;
  }
};

Grid latent_grid(const EbmModel& model, const GridPoints& wanted) {
  const Real reach =
      latent_reach / std::sqrt(model.options.is_network() ? model.options.confinement.latent : Real(1));
  const std::size_t d = std::size_t(model.shape.latent);
  const Index points = wanted.latent.is_word() ? points_of_latents(model.shape.latent) : wanted.latent.number;
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

/// log of a sum of exponentials, relative to the largest term so far.
class LogSum {
 public:
  void add(Real term) {
    if (term <= largest_) {
      sum_ += std::exp(term - largest_);
      return;
    }
    sum_ = sum_ * std::exp(largest_ - term) + 1;
    largest_ = term;
  }
  Real value() const { return largest_ + std::log(sum_); }

 private:
  Real largest_ = -HUGE_VAL, sum_ = 0;
};

/// log sum over the grid of z of exp(-E(x_i, z)) + log cell, for columns of x, tile by tile; and the same
/// over every other point.
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
  void operator()(const Tile& tile, const Coordinate& x, const HostMirrorOf<Matrix<Real>>& sums) {
    const Index count = tile.count;
    const auto v = Kokkos::create_mirror_view(v_);
    const auto energies = Kokkos::create_mirror_view(energies_);
    const Index dx = model_.shape.data, dz = model_.shape.latent;
    const std::size_t n = std::size_t(count);
    std::vector<LogSum> fine(n), coarse(n);
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
      const bool also_coarse = latents_.is_coarse(z);
      for (Index i = 0; i < count; ++i) {
        fine[std::size_t(i)].add(-Real(energies(i)));
        if (also_coarse) coarse[std::size_t(i)].add(-Real(energies(i)));
      }
    }
    for (Index i = 0; i < count; ++i) {
      sums(0, tile.first + i) = fine[std::size_t(i)].value() + latents_.log_cell();
      sums(1, tile.first + i) = coarse[std::size_t(i)].value() + latents_.log_cell(true);
    }
  }

 private:
  const EbmModel& model_;
  Grid latents_;
  FixedEnergy<T> energy_;
  Matrix<T> v_;
  Vector<T> energies_;
};

/// Two components: over all points of z, and over every other. `x(tile, i, c)`.
template <class T, class Coordinate>
void fill_marginals(const EbmModel& model, const Grid& latents, const Ensemble& values, const Coordinate& x) {
  Marginals<T> marginals(model, latents, values.partition.tile_size());
  const auto host = Kokkos::create_mirror_view(values.x);
  const LocalTiles tiles = values.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    marginals(
        tile, [&](Index i, Index c) { return x(tile, i, c); }, host);
  }
  Kokkos::deep_copy(values.x, host);
}

template <class Coordinate>
Ensemble marginals_at(const Communicator& comm, Index count, Index tile, const EbmModel& model,
                      const Grid& latents, const RunOptions& run, const Coordinate& x) {
  Ensemble values(comm, count, 2, tile);
  if (run.single_precision())
    fill_marginals<float>(model, latents, values, x);
  else
    fill_marginals<double>(model, latents, values, x);
  return values;
}

/// One component: `component` of `values`, and `constant`; nothing where `counts` says no.
template <class Counts>
Ensemble component_of(const Ensemble& values, Index component, Real constant, const Counts& counts) {
  Ensemble one(values.comm, values.particles(), 1, values.partition.tile_size());
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values.x);
  const auto to = Kokkos::create_mirror_view(one.x);
  const Index first = values.partition.first_particle();
  for (Index i = 0; i < values.partition.local_particles(); ++i)
    to(0, i) = counts(first + i) ? from(component, i) + constant : -HUGE_VAL;
  Kokkos::deep_copy(one.x, to);
  return one;
}

bool all_points(Index) {
  return true;
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

GridDensity density_on_grid(const EbmModel& model, const Ensemble& rows, const GridPoints& wanted,
                            const RunOptions& run) {
  const Grid latents = latent_grid(model, wanted);
  const Real affordable = Real(most_grid_points) / Real(latents.count());
  const Index points =
      std::min(wanted.data, Index(std::pow(affordable, 1 / Real(model.shape.data)) * (1 + 1e-12)));
  const Grid grid = data_grid(model, rows, points);
  const Ensemble marginals =
      marginals_at(rows.comm, grid.count(), run.tile, model, latents, run,
                   [&](const Tile& tile, Index i, Index c) { return grid.coordinate(tile.global + i, c); });
  const auto is_coarse = [&](Index number) { return grid.is_coarse(number); };
  const Real log_z = log_sum_exp(component_of(marginals, 0, 0, all_points)) + grid.log_cell();
  const Real coarse = log_sum_exp(component_of(marginals, 1, 0, is_coarse)) + grid.log_cell(true);
  return {log_z,
          log_z - coarse,
          points,
          latents.points,
          grid.low,
          grid.high,
          component_of(marginals, 0, -log_z, all_points)};
}

Ensemble log_marginals_on_grid(const EbmModel& model, const Ensemble& rows, const GridPoints& wanted,
                               const RunOptions& run) {
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.x);
  const Ensemble marginals =
      marginals_at(rows.comm, rows.particles(), rows.partition.tile_size(), model, latent_grid(model, wanted),
                   run, [&](const Tile& tile, Index i, Index c) { return x(c, tile.first + i); });
  return component_of(marginals, 0, 0, all_points);
}

}  // namespace weir
