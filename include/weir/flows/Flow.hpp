// The contract between a method and the steppers: a coupled gradient flow of blocks.
//
//     d X_b = v_b(t, X) dt + sqrt(2 T_b) dW_b
//
// v_b = -grad_b F where block b descends a free energy F, +grad_b F where it ascends (a saddle problem): the
// sign is the flow's business. Each block has a rule that moves it (Block, in State.hpp). A step of a stage
// is
//
//     begin_step;  every block by its rule, together or in turn;  end_step
#pragma once

#include <memory>

#include "weir/flows/State.hpp"
#include "weir/parallel/ActiveTiles.hpp"

namespace weir {

/// When a velocity is asked for: in which step of the stage, in which of a block's sub-steps, at what time.
/// Native types of PETSc ask several times a step; `time` says which stage value it is.
struct Moment {
  Index step = 0;
  Index substep = 0;
  Real time = 0;
};

class Flow {
 public:
  virtual ~Flow() = default;
  virtual std::shared_ptr<const Layout> layout() const = 0;

  /// Collective; before anything moves in a step: draw the batch, restart particles. Must not write to the
  /// state unless changes_state().
  virtual void begin_step(Index /*step*/, State& /*state*/) {}
  /// Whether begin_step or end_step write to the state: then only Weir's own type can drive the flow.
  virtual bool changes_state() const { return false; }
  /// The tiles of a block that move in this step, from begin_step to end_step. Not collective. Only these are
  /// moved, checked for finite values and counted.
  virtual ActiveTiles active(Index block) const { return (*layout())[block].partition.local(); }

  /// Collective; pure in (moment.step, time, x): steppers may ask several times a step, and reject steps.
  /// Overwrites v of the blocks in `wanted`, in active tiles only; v of others is not to be touched. Where
  /// `energies` is not empty a single block is wanted, and each of its active particles gets the energy whose
  /// negative gradient its velocity is, up to a constant.
  virtual void velocity(const Moment& moment, BlockSet wanted, const ConstBlockViews& x, const BlockViews& v,
                        const VectorRef<Real>& energies) = 0;

  // Where a flow has a single block, whose particles are by themselves once sums over all of them are known,
  // a step may go through the tiles a few at a time, while they are in cache. Then these two do what
  // velocity() does.
  virtual bool is_pointwise() const { return false; }
  /// Collective: the sums, of all of x.
  virtual void find_sums(const Moment& /*moment*/, const MatrixRef<const Real>& /*x*/) {}
  /// Not collective: v of the particles of some tiles, whose columns alone are in x and v.
  virtual void velocity_of(const LocalTiles& /*tiles*/, const Moment& /*moment*/,
                           const MatrixRef<const Real>& /*x*/, const MatrixRef<Real>& /*v*/) {}

  /// T_b at a moment; 0: the block is noise-free.
  virtual Real temperature(const Moment& /*moment*/, Index /*block*/) const { return 0; }
  /// The largest T_b of all times from `start` on and before `end`; to be given where temperature() is.
  virtual Real largest_temperature(Real /*start*/, Real /*end*/, Index /*block*/) const { return 0; }

  /// Collective; after everything moved: running averages, counts of missed iterations (in `still` blocks).
  virtual void end_step(Index /*step*/, State& /*state*/) {}
};

}  // namespace weir
