#include "methods/learn_energies/prediction/PotentialGrid.hpp"

#include <algorithm>
#include <cmath>

#include "weir/energies/Potential.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {

namespace {

constexpr Index points = 101;

struct Box {
  Real low[2] = {0, 0}, high[2] = {0, 0};
};

Box bounding_box(const Populations& populations, const Communicator& comm) {
  const Index axes = std::min(populations.dimension(), Index(2));
  Real extremes[4] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL};  // -low, -low, high, high
  for (const Ensemble& ensemble : populations.train) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ensemble.x);
    for (Index i = 0; i < Index(host.extent(1)); ++i)
      for (Index c = 0; c < axes; ++c) {
        extremes[c] = std::max(extremes[c], -host(c, i));
        extremes[2 + c] = std::max(extremes[2 + c], host(c, i));
      }
  }
  comm.max(extremes, 4);
  Box box;
  for (Index c = 0; c < axes; ++c) box.low[c] = -extremes[c], box.high[c] = extremes[2 + c];
  return box;
}

/// A small ensemble of grid points that every rank holds whole.
Ensemble grid_ensemble(const Box& box, const std::vector<Real>& mean) {
  const Index d = Index(mean.size()), rows = d > 1 ? points : 1;
  Ensemble grid(Communicator(MPI_COMM_SELF), points * rows, d, 64);
  const auto host = Kokkos::create_mirror_view(grid.x);
  for (Index i = 0; i < points * rows; ++i) {
    for (Index c = 0; c < d; ++c) host(c, i) = mean[c];
    host(0, i) = box.low[0] + (box.high[0] - box.low[0]) * Real(i % points) / Real(points - 1);
    if (d > 1) host(1, i) = box.low[1] + (box.high[1] - box.low[1]) * Real(i / points) / Real(points - 1);
  }
  Kokkos::deep_copy(grid.x, host);
  return grid;
}

void add_values(const Potential& potential, const Ensemble& grid, Real t, const Vector<Real>& values) {
  potential.add_value(grid.partition.local(), grid.x, t, values);
}

void write_values(Hdf5File& file, const std::string& name, const Vector<Real>& values, Index rows) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values);
  file.write(name, {host.data(), host.data() + host.size()}, {rows, points});
}

}  // namespace

void write_potential_grid(Hdf5File& file, const LearnedEnergy& energy, const EnergyOptions* truth,
                          const Populations& populations, const Communicator& comm) {
  if (energy.potentials() == 0) return;
  const Ensemble& middle = populations.train[populations.count() / 2];
  const Box box = bounding_box(populations, comm);
  const Index rows = populations.dimension() > 1 ? points : 1;
  const Ensemble grid =
      grid_ensemble(box, Moments(comm, middle.partition, middle.components()).mean(middle.x));

  for (Index axis = 0; axis < (rows > 1 ? 2 : 1); ++axis) {
    std::vector<Real> ticks(points);
    for (Index i = 0; i < points; ++i)
      ticks[i] = box.low[axis] + (box.high[axis] - box.low[axis]) * Real(i) / Real(points - 1);
    if (!populations.mean.empty())
      for (Real& tick : ticks) tick = populations.mean[axis] + populations.deviation[axis] * tick;
    file.write(axis == 0 ? "/grid/x0" : "/grid/x1", ticks, {points});
  }
  const auto shared = std::make_shared<const LearnedEnergy>(energy);
  const auto learned = make_learned_potential(shared, grid.partition.tile_size());
  for (Index row = 0; row < energy.potentials(); ++row) {
    const Vector<Real> values("Weir::PotentialGrid::values", grid.particles());
    add_values(*learned, grid, energy.times[row], values);
    write_values(file, "/grid/learned/" + std::to_string(row), values, rows);
  }
  if (truth && !truth->potential.empty()) {
    const Vector<Real> values("Weir::PotentialGrid::values", grid.particles());
    for (const auto& term : truth->potential)
      add_values(*make_potential(term, populations.dimension()), grid, populations.times.front(), values);
    write_values(file, "/grid/true", values, rows);
  }
}

}  // namespace weir
