// One simulated ensemble: its energy, flow and stage put together from a `simulate` section.
#pragma once

#include <functional>
#include <memory>

#include "methods/simulate/SimulateFlow.hpp"
#include "methods/simulate/SimulateOptions.hpp"
#include "weir/energies/FreeEnergy.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/input/RunOptions.hpp"

namespace weir {

/// How the stage of a `simulate` section steps.
SteppingOptions stepping(const TimeOptions& time, const RunOptions& run, Index draw = 0);

/// Collective: throws one InputError with all problems of the ensemble's law and of the energy, found by
/// building both with two particles.
void check_simulation(const SimulateOptions& options, const Communicator& comm, const RunOptions& run);

/// `draw` numbers independent simulations of one deck: each has its own initial ensemble and noise.
class Simulation {
 public:
  /// Collective. Throws InputError.
  Simulation(const SimulateOptions& options, const Communicator& comm, const RunOptions& run, Index draw = 0);

  /// How the particles are cut; they themselves are in the stage's state.
  const Partition& partition() const { return ensemble_.partition; }
  Index particles() const { return ensemble_.particles(); }
  Index components() const { return ensemble_.components(); }
  FreeEnergy& energy() { return energy_; }
  Index planned_steps() const { return stage_.planned_steps(); }
  Stage& stage() { return stage_; }

  /// What Stage::run takes, from a function that wants to see the particles.
  using AfterStep = std::function<void(const Tick&, const MatrixRef<const Real>& x)>;
  std::function<void(const Tick&)> with_particles(const AfterStep& after_step);
  /// Collective: runs to the end; `after_step` sees the state at the start and after every step.
  void run(const AfterStep& after_step) { stage_.run(with_particles(after_step)); }

 private:
  Ensemble ensemble_;  // without its particles, once the state has them
  FreeEnergy energy_;
  SimulateFlow flow_;
  Stage stage_;
};

}  // namespace weir
