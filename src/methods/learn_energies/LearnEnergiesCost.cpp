#include "methods/learn_energies/LearnEnergiesCost.hpp"

#include "methods/learn_energies/linear/LinearFitCost.hpp"
#include "methods/learn_energies/network/NetworkTrainingCost.hpp"
#include "methods/learn_energies/trajectory/TrajectoryFit.hpp"
#include "methods/learn_energies/trajectory/TrajectoryTrainingCost.hpp"
#include "methods/populations/CouplingCost.hpp"

namespace weir {

std::vector<CostedPart> learn_energies_costs(const LearnEnergiesOptions& options, const Communicator& comm,
                                             const RunOptions& run) {
  using Round = CouplingCost::Round;
  const LearningShape shape = learning_shape(options, comm, run);
  std::vector<CostedPart> parts;
  const auto add_couplings = [&](const char* name, std::vector<Round> rounds, CouplingCost::Memory held,
                                 CoupledAt at) {
    const auto sample = [=](Index n, Index m) {
      return small_populations(options, shape.dimension, n, m, run).train;
    };
    parts.push_back(
        {name, std::make_unique<CouplingCost>(options.coupling, shape.dimension, std::move(rounds), sample,
                                              std::move(held), run, at)});
  };
  if (options.couples())
    add_couplings(
        "coupling", {shape.train}, [=](int ranks) { return shape.memory(run, ranks); },
        options.model.next() ? CoupledAt::next : CoupledAt::current);
  if (const auto* trajectory = std::get_if<TrajectoryModelOptions>(&options.model.kind)) {
    std::vector<Round> start;
    for (Index k = 0; k < shape.transitions(); ++k)
      start.push_back({start_size(*trajectory, shape.train), shape.train[k + 1]});
    const TrajectoryTrainingCost training(options, shape, run);
    add_couplings(
        "start", start, [=](int ranks) { return training.memory(ranks); }, CoupledAt::current);
    parts.push_back({"iteration", std::make_unique<TrajectoryTrainingCost>(training)});
  } else if (std::holds_alternative<LinearModelOptions>(options.model.kind)) {
    parts.push_back({"fit", std::make_unique<LinearFitCost>(options, shape, run)});
  } else {
    parts.push_back({"iteration", std::make_unique<NetworkTrainingCost>(options, shape, run)});
  }
  return parts;
}

}  // namespace weir
