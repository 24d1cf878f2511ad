// How one block of a flow moves in one sub-step, given its velocity.
#pragma once

#include <memory>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/base/Types.hpp"
#include "weir/flows/Flow.hpp"
#include "weir/flows/RuleOptions.hpp"

namespace weir {

/// One sub-step of one block.
struct Move {
  Moment moment;     ///< at its start
  Index substeps;    ///< of the block in every step
  Real h;            ///< the stage's step size over the number of sub-steps
  Real temperature;  ///< T of the block
  ActiveTiles tiles;

  /// Counts sub-steps from the start of the stage: what noise is counted by.
  Index tick() const { return moment.step * substeps + moment.substep; }
  bool is_last() const { return moment.substep + 1 == substeps; }
};

/// The block's velocity and, where its rule asks for them, its particles' energies.
class Evaluation {
 public:
  Evaluation(const MatrixRef<Real>& velocity, const VectorRef<Real>& particle_energies)
      : v(velocity), energies(particle_energies) {}
  virtual ~Evaluation() = default;

  MatrixRef<Real> v;         ///< at the block's values when the sub-step begins
  VectorRef<Real> energies;  ///< the same; empty unless the rule wants_energies()

  /// Collective: both at `proposal`, in active tiles, while all other blocks stay as they are.
  virtual void at(const MatrixRef<const Real>& /*proposal*/, const MatrixRef<Real>& /*proposal_v*/,
                  const VectorRef<Real>& /*proposal_energies*/) {
    WEIR_CHECK(false, "a rule that moves tiles apart asks for more");
  }
};

/// A rule works on active tiles only, and leaves everything else of x and of its memory as it was. Two kinds
/// of memory are kept in checkpoints: numbers beside each number of the block, and scalars of the whole
/// block, which are the same on all ranks.
class Rule {
 public:
  virtual ~Rule() = default;

  /// Rows of memory for a block of so many components.
  virtual Index memory_rows(Index /*components*/) const { return 0; }
  /// Not collective. Where a stage begins (not where it is resumed): x is the block as it stands, memory is
  /// all zero and may be filled.
  virtual void start(Real /*temperature*/, const MatrixRef<const Real>& /*x*/,
                     const MatrixRef<Real>& /*memory*/) {}

  /// Collective. On entry x (components x local particles) holds the values at move.moment, and
  /// evaluation.v (and .energies) belong to them. On return x and memory are those after the sub-step;
  /// evaluation holds what belongs to the new x where leaves_evaluation(), and anything else otherwise.
  virtual void advance(const Move& move, Evaluation& evaluation, const MatrixRef<Real>& x,
                       const MatrixRef<Real>& memory) = 0;
  virtual bool leaves_evaluation() const { return false; }
  virtual bool wants_energies() const { return false; }
  /// Whether tiles move independently of one another, so that a step may go through them a few at a time.
  virtual bool moves_tiles_apart() const { return false; }

  /// First row of memory that holds the running average of the block; negative: none is kept.
  virtual Index average_row(Index /*components*/) const { return -1; }
  /// From now on steps (or rates) are this many times as long; rules that cannot do so stay as they are.
  virtual void scale_rate(Real /*factor*/) {}
  /// Scalars of the block, to read and to restore.
  virtual std::vector<Real>& scalars() { return scalars_; }
  /// What users should see of it: acceptance, step, ..
  virtual Metrics report() const { return {}; }

 protected:
  std::vector<Real> scalars_;
};

/// What a rule is made for.
struct RuleSite {
  Communicator comm;
  const Block& block;
  Index seed;
  int stage, number;  ///< of the stage within the run, of the block within the flow: these key its noise
  Index steps;        ///< of the whole stage, for schedules
  bool single;        ///< noise in single precision
};

/// The rule of a block. Null for a block that is still. Throws InputError, for the key `where`, where options
/// do not fit the block.
std::unique_ptr<Rule> make_rule(const RuleSite& site, const std::string& where);

}  // namespace weir
