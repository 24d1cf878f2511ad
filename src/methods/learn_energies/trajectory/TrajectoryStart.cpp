#include "methods/learn_energies/trajectory/TrajectoryStart.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "methods/learn_energies/trajectory/TrajectoryKnot.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

TrajectoryStart::TrajectoryStart(const CouplingOptions& coupling, const TimeGrid& grid,
                                 const std::vector<Ensemble>& snapshots, const Ensemble& first,
                                 const MatrixRef<Real>& x, bool single, RunOutput& output)
    : coupling_(coupling),
      grid_(grid),
      snapshots_(snapshots),
      particles_(first.partition),
      components_(first.components()),
      single_(single),
      output_(output),
      x_(x) {
  Kokkos::deep_copy(knot_of(x_, 0, components_), first.x);
}

void TrajectoryStart::advance() {
  const Index d = components_, first = grid_.snapshot_knots[done_],
              steps = grid_.snapshot_knots[done_ + 1] - first;
  Ensemble from(snapshots_[done_].comm, particles_.particles(), d, particles_.tile_size());
  Kokkos::deep_copy(from.x, knot_of(x_, first, d));
  const auto coupled =
      couple_populations(coupling_, {from, snapshots_[done_ + 1]}, CoupledAt::current, single_);
  const auto displacement = coupled.front().displacement, points = from.x;
  const auto x = x_;
  for_each_tile(
      "Weir::TrajectoryStart::interpolate", particles_.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c)
            for (Index j = 1; j <= steps; ++j)
              x(d * (first + j) + c, i) = points(c, i) + Real(j) / Real(steps) * displacement(c, i);
      });
  Kokkos::fence();
  output_.log(fmt::format("start, interval {}: mean squared distance {:.6g}, duality gap {:.1e}", done_,
                          coupled.front().cost, coupled.front().gap));
  cost_ += coupled.front().cost / Real(snapshots_.size() - 1);
  gap_ = std::max(gap_, coupled.front().gap);
  ++done_;
}

void TrajectoryStart::save(Hdf5File& file) const {
  file.write("/start/intervals", {Real(done_), cost_, gap_}, {3});
  write_particles(file, "/start/knots", particles_, x_);
}

void TrajectoryStart::restore(const Hdf5File& file) {
  if (!file.has("/start/intervals")) return;
  const auto numbers = file.read("/start/intervals");
  done_ = std::size_t(numbers.at(0));
  cost_ = numbers.at(1);
  gap_ = numbers.at(2);
  read_particles(file, "/start/knots", particles_, x_);
}

void TrajectoryStart::summarise() const {
  output_.summarise({{"start_cost", cost_}, {"start_gap", gap_}});
}

}  // namespace weir
