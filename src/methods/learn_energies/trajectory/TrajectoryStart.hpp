// Where a trajectory's training starts: displacement interpolation between snapshots.
#pragma once

#include <vector>

#include "methods/learn_energies/trajectory/TrajectoryModel.hpp"
#include "methods/populations/Coupling.hpp"
#include "weir/output/Piecewise.hpp"
#include "weir/output/RunOutput.hpp"

namespace weir {

/// From the first snapshot's particles to where optimal couplings take them in the next, and on from there;
/// straight in between. A piece is an interval between snapshots. All methods are collective.
class TrajectoryStart : public Piecewise {
 public:
  /// `first`: particles at the first snapshot; `x`: what is filled, x_i0, x_i1, .. of particle i one below
  /// the other. All that is given by reference but `first` outlives the object.
  TrajectoryStart(const CouplingOptions& coupling, const TimeGrid& grid,
                  const std::vector<Ensemble>& snapshots, const Ensemble& first, const MatrixRef<Real>& x,
                  bool single, RunOutput& output);

  bool all_done() const override { return done_ + 1 == snapshots_.size(); }
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Means of the intervals' costs and the worst duality gap go to the summary.
  void summarise() const;

 private:
  const CouplingOptions& coupling_;
  const TimeGrid& grid_;
  const std::vector<Ensemble>& snapshots_;
  Partition particles_;
  Index components_;
  bool single_;
  RunOutput& output_;
  MatrixRef<Real> x_;
  std::size_t done_ = 0;
  Real cost_ = 0, gap_ = 0;
};

}  // namespace weir
