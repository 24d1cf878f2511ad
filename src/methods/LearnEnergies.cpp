#include "weir/methods/LearnEnergies.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "FeatureCentres.hpp"
#include "PotentialGrid.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/output/Snapshots.hpp"

namespace weir {

void describe(Section& section, ModelOptions& options) {
  section.one_of(options.kind, "the model of the energies");
}

void describe(Section& section, LearnEnergiesOptions& options) {
  section.required_section("populations", options.populations, "the snapshots to learn from");
  section.section("split", options.split, "what is kept from training", "test");
  section
      .option("pairing", options.pairing,
              "unpaired: every snapshot is an independent population; paired: rows of all snapshots are the "
              "same particles")
      .one_of({"unpaired", "paired"});
  section.section("coupling", options.coupling, "optimal coupling of consecutive populations", "method");
  section.section("density", options.density, "density of a population, for its entropy");
  section.required_section("model", options.model, "what is learned");
  section
      .option("predict", options.predict,
              "one_step: from each test population; roll_out: from the first through all times")
      .one_of({"one_step", "roll_out"});
  section.section("metrics", options.metrics, "how predictions are measured", "report");
  if (section.reading() && std::holds_alternative<FilePopulations>(options.populations.source))
    for (const auto& name : options.metrics.report)
      if (section.given("metrics") && name == "l2_uvp")
        section.error(
            "metrics",
            "l2_uvp compares with the true energy, which only simulated populations have; leave it out");
}

bool ModelOptions::next() const {
  return std::visit([](const auto& model) { return model.features_at == "next"; }, kind);
}
bool ModelOptions::entropy() const {
  return std::visit([](const auto& model) { return model.entropy; }, kind);
}

void LearnEnergies::prepare(const Communicator& comm, const RunOptions& run) {
  const auto* linear = std::get_if<LinearModelOptions>(&options_.model.kind);
  const Index dimension = check_populations(options_.populations, comm);
  if (linear) count_features(linear->features, dimension);
  populations_ =
      make_populations(options_.populations, options_.split, options_.pairing == "paired", comm, run);
  check_couplings(options_.coupling, populations_->train);
  if (linear) check_data_centres(linear->features, populations_->train);
}

namespace {

/// Phases of the run, each with its time in the summary as seconds/<name>.
class Phases {
 public:
  explicit Phases(RunOutput& output) : output_(output) {}
  template <class Work>
  auto operator()(const char* name, Work work) {
    const auto start = std::chrono::steady_clock::now();
    Kokkos::Profiling::pushRegion(std::string("Weir::LearnEnergies::") + name);
    auto result = work();
    Kokkos::Profiling::popRegion();
    const Real seconds = std::chrono::duration<Real>(std::chrono::steady_clock::now() - start).count();
    output_.summarise(std::string("seconds/") + name, seconds);
    return result;
  }

 private:
  RunOutput& output_;
};

void describe_populations(const Populations& populations, RunOutput& output) {
  for (Index k = 0; k < populations.count(); ++k)
    output.log(fmt::format("population {} at time {:g}: {} to train, {} to test, {} components", k,
                           populations.times[k], populations.train[k].particles(),
                           populations.test[k].particles(), populations.dimension()));
}

void describe_couplings(const std::vector<CoupledEnsemble>& couplings, RunOutput& output) {
  Real cost = 0, gap = 0;
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    const CoupledEnsemble& coupling = couplings[k];
    output.log(fmt::format("coupling {} to {}: mean squared distance {:.6g}, duality gap {:.1e}{}", k, k + 1,
                           coupling.cost, coupling.gap,
                           coupling.iterations > 0
                               ? fmt::format(", marginal error {:.1e} after {} iterations",
                                             coupling.marginal_error, coupling.iterations)
                               : ""));
    cost += couplings[k].cost / Real(couplings.size());
    gap = std::max(gap, couplings[k].gap);
  }
  output.summarise({{"coupling_cost", cost}, {"coupling_gap", gap}});
}

void describe_entropy(const LearnedEnergy& energy, RunOutput& output) {
  for (std::size_t k = 0; k < energy.entropy.size(); ++k) {
    const std::string name = energy.entropy.size() == 1 ? "entropy" : fmt::format("entropy/{}", k);
    output.summarise(name, energy.entropy[k]);
    output.log(fmt::format("{}: {:.6g}{}", name, energy.entropy[k],
                           energy.entropy[k] < 0 ? " (taken as 0 in predictions)" : ""));
  }
}

void describe_fit(const LinearFit& fit, RunOutput& output) {
  output.log(fmt::format("{} unknowns, rank {}, condition {:.3g}, loss {:.6g}", fit.unknowns, fit.rank,
                         fit.condition, fit.loss));
  for (const auto& direction : fit.null_directions) output.log("not determined by the data: " + direction);
  output.summarise("unknowns", fit.unknowns);
  output.summarise("rank", fit.rank);
  output.summarise({{"condition", fit.condition}, {"loss", fit.loss}});
  describe_entropy(fit.energy, output);
}

/// Numbers of the stages that a checkpoint may be of.
enum StageNumber { coupling_stage = 0, training_stage = 1 };

/// Couples until everything is coupled or the run is to stop. Checkpoints from here on hold what is coupled.
void couple(Couplings& couplings, RunOutput& output, RunControl& control) {
  const Real seconds_between_talks = 5;
  if (output.restart()) couplings.restore(output.restart()->file());
  control.keep([&](Hdf5File& file) { couplings.save(file); });
  bool coupled = false;
  while (!coupled && !control.stopped()) {
    coupled = couplings.advance(seconds_between_talks);
    control.goes_on_after({coupling_stage, {couplings.done(), 0}, 0});
  }
}

/// Trains the stage and reports its loss now and then.
LearnedEnergy train_network(const NetworkModelOptions& options, const std::vector<Real>& times,
                            const std::vector<Transition>& transitions, RunOutput& output,
                            RunControl& control) {
  const auto training = make_energy_training(options, times, transitions, output.comm(), output.run());
  const Index iterations = options.train.epochs * training->iterations_per_epoch();
  const Index every =
      std::max(Index(1), options.train.epochs / options.train.reports) * training->iterations_per_epoch();
  SteppingOptions stepping;
  stepping.end = Real(iterations);
  stepping.step = 1;
  stepping.seed = output.run().seed;
  stepping.rules = {std::get<ParameterRuleOptions>(options.train.rule.rule)};
  Stage stage(stepping, *training, options.where);
  const Layout& layout = *training->layout();
  training->initialise(BlockViews(layout, stage.state().vec())[0]);
  output.log(fmt::format("{} parameters; {} epochs of {} batches of {} particles",
                         layout[0].partition.particles(), options.train.epochs,
                         training->iterations_per_epoch(), training->batch()));
  output.summarise("unknowns", layout[0].partition.particles());

  control.run(stage, training_stage, [&](const Tick& tick) {
    output.progress(tick.step, iterations, tick.time);
    if (tick.step % every != 0 && tick.step != iterations) return;
    const Real loss = training->loss(stage.learned(0));
    const Index epoch = tick.step / training->iterations_per_epoch();
    output.log(fmt::format("epoch {}: loss {:.6g}", epoch, loss));
    output.report(tick.step, Real(epoch), {{"loss", loss}});
  });
  const LearnedEnergy energy = training->energy(stage.learned(0));
  describe_entropy(energy, output);
  return energy;
}

}  // namespace

LearnedEnergy LearnEnergies::learn(const std::vector<Transition>& transitions, RunOutput& output,
                                   RunControl& control) {
  if (const auto* network = std::get_if<NetworkModelOptions>(&options_.model.kind))
    return train_network(*network, populations_->times, transitions, output, control);
  LinearFit fit = fit_linear_model(std::get<LinearModelOptions>(options_.model.kind), populations_->times,
                                   transitions, output.comm(), output.run());
  describe_fit(fit, output);
  return std::move(fit.energy);
}

void LearnEnergies::write(const LearnedEnergy& energy, const std::vector<Ensemble>& observed,
                          const Predictions& predictions, RunOutput& output) {
  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  {
    Hdf5File file(output.path("energies.h5"), output.comm().mpi(), Hdf5File::Access::create);
    energy.write(file);
    write_potential_grid(file, energy, simulated ? &simulated->energy : nullptr, *populations_,
                         output.comm());
  }
  Snapshots& snapshots = output.snapshots();
  for (Index k = 0; k < populations_->count(); ++k) {
    const Real time = populations_->times[k];
    snapshots.write(k, time, "observed", observed[k].partition, observed[k].x);
    if (k == 0) continue;
    const Ensemble& predicted = predictions.populations[k - 1];
    snapshots.write(k, time, "predicted", predicted.partition, predicted.x);
  }
}

void LearnEnergies::run(RunOutput& output, RunControl& control) {
  const RunOptions& run = output.run();
  const Populations& populations = *populations_;
  const bool next = options_.model.next(), entropy = options_.model.entropy();
  Phases phase(output);
  describe_populations(populations, output);

  Couplings pieces(options_.coupling, populations.train, next ? CoupledAt::next : CoupledAt::current,
                   run.single_precision());
  phase("coupling", [&] {
    couple(pieces, output, control);
    return 0;
  });
  const auto stopped = [&] { output.finish(control.status(), 0, populations.times.front()); };
  if (control.stopped()) return stopped();
  const auto& couplings = pieces.result();
  describe_couplings(couplings, output);

  const Index steps = populations.count() - 1, offset = next ? 1 : 0;
  const auto densities = phase("density", [&] {
    std::vector<std::unique_ptr<Density>> fitted(steps);
    for (Index k = 0; entropy && k < steps; ++k)
      fitted[k] = fit_density(options_.density, populations.train[k + offset], run.seed, int(k));
    return fitted;
  });
  if (!control.goes_on_after({coupling_stage, {pieces.done(), 0}, 0})) return stopped();
  for (Index k = 0; entropy && k < steps; ++k)
    for (const auto& remark : densities[k]->remarks())
      output.log(fmt::format("density of population {}: {}", k + offset, remark));

  std::vector<Transition> transitions;
  for (Index k = 0; k < steps; ++k)
    transitions.push_back({populations.train[k + offset], couplings[k],
                           populations.times[k + 1] - populations.times[k], densities[k].get()});
  const LearnedEnergy energy = phase("fit", [&] { return learn(transitions, output, control); });
  if (control.stopped()) return stopped();

  const bool has_test = populations.test.front().particles() > 0;
  if (!has_test) output.log("no test particles were kept: predictions start from the training populations");
  const auto& observed = has_test ? populations.test : populations.train;
  const PredictionOptions prediction{options_.predict == "roll_out", next};
  const Predictions predictions =
      phase("prediction", [&] { return predict(prediction, energy, populations.times, observed, run); });
  if (next) {
    output.summarise("unconverged", predictions.unconverged);
    if (predictions.unconverged > 0)
      output.log(fmt::format("{:.2g}% of the implicit steps did not converge and were taken explicitly",
                             100 * predictions.unconverged));
  }

  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  const Metrics metrics = phase("metrics", [&] {
    return prediction_metrics(options_.metrics, prediction, predictions, populations, observed,
                              simulated ? &simulated->energy : nullptr, run);
  });
  for (const auto& [name, value] : metrics)
    if (name.find('/') == std::string::npos) output.log(fmt::format("{}: {:.6g}", name, value));
  // metrics.csv has the rows of the training where there is one.
  if (std::holds_alternative<LinearModelOptions>(options_.model.kind))
    output.report(steps, populations.times.back(), metrics);
  else
    output.summarise(metrics);

  phase("output", [&] {
    write(energy, observed, predictions, output);
    return 0;
  });
  output.finish(control.status(), steps, populations.times.back());
}

}  // namespace weir
