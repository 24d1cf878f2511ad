// A flow of independent particles in quadratic wells: dX = -k X dt + sqrt(2 T) dW in every block, with the
// energy k |x|^2 / 2.
#pragma once

#include <optional>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir::testing_tools {

class QuadraticFlow : public Flow {
 public:
  explicit QuadraticFlow(const Communicator& comm, std::vector<Block> blocks)
      : layout_(std::make_shared<Layout>(comm, std::move(blocks))) {}
  Real temperature_of_all = 1;
  std::vector<Real> stiffness = {1};  ///< of the components, in turn
  std::vector<Index> active_tiles;    ///< of block 0; empty: all of them
  std::vector<Index> begun, ended;    ///< the steps that were
  Index velocities = 0;               ///< times that it was asked

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  void begin_step(Index step, State&) override {
    begun.push_back(step);
    if (active_tiles.empty()) return;
    if (!list_) list_.emplace((*layout_)[0].partition);
    list_->select(active_tiles);
  }
  void end_step(Index step, State&) override { ended.push_back(step); }
  ActiveTiles active(Index block) const override {
    if (block == 0 && list_) return list_->active();
    return Flow::active(block);
  }
  Real k(Index c) const { return stiffness[std::size_t(c) % stiffness.size()]; }
  void velocity(const Moment&, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>& energies) override {
    ++velocities;
    for (Index b = 0; b < layout_->blocks(); ++b) {
      if (!wanted.has(b)) continue;
      const auto from = x[b];
      const auto to = v[b];
      const ActiveTiles tiles = active(b);
      for (Index n = 0; n < tiles.count; ++n)
        for (Index i = tiles[n].first; i < tiles[n].first + tiles[n].count; ++i) {
          Real energy = 0;
          for (Index c = 0; c < Index(from.extent(0)); ++c) {
            to(c, i) = -k(c) * from(c, i);
            energy += 0.5 * k(c) * from(c, i) * from(c, i);
          }
          if (energies.extent(0) > 0) energies(i) = energy;
        }
    }
  }
  Real temperature(const Moment&, Index) const override { return temperature_of_all; }
  Real largest_temperature(Real, Real, Index) const override { return temperature_of_all; }

 private:
  std::shared_ptr<const Layout> layout_;
  std::optional<TileList> list_;
};

/// `steps` of size h.
inline SteppingOptions steps_of(Index steps, Real h = 1, StepOrder order = StepOrder::together) {
  SteppingOptions options;
  options.end = Real(steps) * h;
  options.step = h;
  options.seed = 11;
  options.order = order;
  return options;
}

/// The numbers of block b on all ranks, in global order. Collective.
inline std::vector<Real> all_of_block(State& state, Index b) {
  const ConstBlockViews views(state.layout(), state.vec());
  const auto x = views[b];
  const auto bytes = state.layout().comm().all_gather(x.data(), Index(x.size() * sizeof(Real)));
  std::vector<Real> all(bytes.size() / sizeof(Real));
  std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(all.data()));
  return all;
}

/// Every block of the stage, its memory and its scalars.
inline std::vector<Real> everything(Stage& stage) {
  std::vector<Real> all;
  for (Index b = 0; b < stage.state().layout().blocks(); ++b)
    for (const auto& part :
         {all_of_block(stage.state(), b), all_of_block(stage.memory(), b), stage.rule_scalars(b)})
      all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// What a checkpoint would carry over from one stage to an equal one, which goes on after step `from`.
inline void carry_over(Stage& before, Stage& after, const Tick& from) {
  WEIR_CHECK(VecCopy(before.state().vec(), after.state().vec()) == 0);
  WEIR_CHECK(VecCopy(before.memory().vec(), after.memory().vec()) == 0);
  for (Index b = 0; b < before.state().layout().blocks(); ++b) after.rule_scalars(b) = before.rule_scalars(b);
  after.resume(from, before.next_step());
}

}  // namespace weir::testing_tools
