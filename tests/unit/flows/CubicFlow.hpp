// A flow about which everything is known: dX = k X^3 dt, X(t) = X0 / sqrt(1 - 2 k X0^2 t).
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "flows/AllParticles.hpp"
#include "flows/PetscOption.hpp"
#include "weir/base/Error.hpp"
#include "weir/flows/Stage.hpp"

namespace weir::testing_tools {

class CubicFlow : public Flow {
 public:
  CubicFlow(const Communicator& comm, Index particles, Real k, const RuleOptions& rule = LangevinOptions())
      : k_(k),
        layout_(std::make_shared<Layout>(
            comm, std::vector<Block>{{"particles", Partition(comm, particles, 8), 2, rule}})) {}
  /// Beyond it the velocity cannot be computed, and says so as sums over an ensemble do.
  Real largest = HUGE_VAL;
  /// dX = k X^2 dt instead, whose implicit steps may have no solution.
  bool square = false;
  /// Noise from this time on.
  Real noise = 0, noisy_from = 0;

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const auto from = x[0];
    const auto to = v[0];
    bool outside = false;
    for (Index i = 0; i < Index(from.extent(1)); ++i)
      for (Index a = 0; a < 2; ++a) {
        to(a, i) = k_ * from(a, i) * from(a, i) * (square ? 1 : from(a, i));
        outside = outside || std::fabs(from(a, i)) > largest;
      }
    if (layout_->comm().any(outside)) throw RunError("the mean is not finite");
  }
  Real temperature(const Moment& moment, Index) const override {
    return moment.time >= noisy_from ? noise : 0;
  }
  Real largest_temperature(Real, Real end, Index) const override { return temperature({0, 0, end}, 0); }
  static Real solution(Real k, Real start, Real t) {
    return start / std::sqrt(1 - 2 * k * start * start * t);
  }

 private:
  Real k_;
  std::shared_ptr<const Layout> layout_;
};

/// Component a of particle i: -1, -0.9 .. in turn, times `largest`.
inline Real start_of(Index i, Index a, Real largest) {
  return largest * (Real((7 * i + 3 * a) % 21) / 10 - 1);
}
inline void fill_starts(Stage& stage, Real largest) {
  const Layout& layout = stage.state().layout();
  const BlockViews views(layout, stage.state().vec());
  const auto x = views[0];
  for (Index i = 0; i < Index(x.extent(1)); ++i)
    for (Index a = 0; a < 2; ++a) x(a, i) = start_of(layout[0].partition.first_particle() + i, a, largest);
}

/// What the error says that `work` throws; "nothing" where it throws none.
template <class Error, class Work>
std::string message_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace weir::testing_tools
