#include "methods/learn_energies/network/NetworkFit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "training/TrainingLength.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

std::optional<LearnedEnergy> fit_networks(const NetworkModelOptions& options, const std::vector<Real>& times,
                                          const std::vector<Transition>& transitions, const RunOptions& run,
                                          const StageList& stages, RunOutput& output, RunControl& control,
                                          const PublishEnergy& publish) {
  const auto training = make_energy_training(options, times, transitions, output.comm(), run);
  const Index per_epoch = training->iterations_per_epoch();
  Stage stage(training_steps(options.train.epochs * per_epoch, run), *training, options.where);
  const Layout& layout = *training->layout();
  training->initialise(BlockViews(layout, stage.state().vec())[0]);
  const Index unknowns = layout[0].partition.particles();
  output.log(fmt::format("{} parameters; {} epochs of {} batches of {} particles", unknowns,
                         options.train.epochs, per_epoch, training->batch()));
  output.summarise("unknowns", unknowns);

  const auto report = [&](const Tick& tick) -> Metrics {
    const Real loss = training->loss(stage.learned(0));
    output.log(fmt::format("epoch {}: loss {:.6g}", tick.step / per_epoch, loss));
    return {{"loss", loss}};
  };
  const Index every = std::max(Index(1), options.train.epochs / options.train.reports) * per_epoch;
  const TrainingPlan plan = plan_of_training(stages, output, {per_epoch, every});
  const auto kept = control.keep([&](Hdf5File& file) { plan.save(file); });
  const auto published = control.after_save([&] { publish(training->energy(stage.learned(0))); });
  if (!run_training(stage, stages, {plan.every, per_epoch, report}, output, control)) return {};
  return training->energy(stage.learned(0));
}

}  // namespace weir
