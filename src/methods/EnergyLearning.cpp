#include "EnergyLearning.hpp"

#include <algorithm>
#include <chrono>

#include "NetworkFit.hpp"
#include "PotentialGrid.hpp"
#include "TrainingRun.hpp"
#include "TrajectoryFit.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/methods/LearnEnergies.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/Snapshots.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

/// Phases of the run, each with its time in the summary as seconds/<name>.
class Phases {
 public:
  explicit Phases(RunOutput& output) : output_(output) {}
  template <class Work>
  auto operator()(const char* name, Work work) {
    const auto start = std::chrono::steady_clock::now();
    const Phase phase(name);
    auto result = work();
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

void describe_couplings(const std::vector<CoupledEnsemble>& couplings, const std::vector<Index>& kept,
                        RunOutput& output) {
  Real cost = 0, gap = 0;
  for (std::size_t k = 0; k < couplings.size(); ++k) {
    const CoupledEnsemble& coupling = couplings[k];
    output.log(fmt::format("coupling {} to {}: mean squared distance {:.6g}, duality gap {:.1e}{}", kept[k],
                           kept[k + 1], coupling.cost, coupling.gap,
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
}

}  // namespace

EnergyLearning::EnergyLearning(const LearnEnergiesOptions& options, const Populations& populations,
                               const RunOptions& run, int repetition, RunOutput& output, RunControl& control)
    : options_(options),
      populations_(populations),
      run_(run),
      repetition_(repetition),
      output_(output),
      control_(control) {
  for (Index k = 0; k < populations.count(); ++k) {
    const auto& left_out = options.leave_out;
    if (std::find(left_out.begin(), left_out.end(), k) != left_out.end()) continue;
    kept_.push_back(k);
    kept_times_.push_back(populations.times[k]);
    kept_train_.push_back(populations.train[k]);
  }
}

const std::vector<Ensemble>& EnergyLearning::observed() const {
  const bool has_test = populations_.test.front().particles() > 0;
  return has_test ? populations_.test : populations_.train;
}

Metrics EnergyLearning::run() {
  Phases phase(output_);
  const bool next = options_.model.next();
  describe_populations(populations_, output_);
  const Index steps = Index(kept_.size()) - 1, offset = next ? 1 : 0;

  std::optional<Couplings> pieces;
  if (options_.couples())
    pieces.emplace(options_.coupling, kept_train_, next ? CoupledAt::next : CoupledAt::current,
                   run_.single_precision());
  const auto forget = control_.keep([&](Hdf5File& file) {
    if (pieces) pieces->save(file);
  });
  if (pieces)
    phase("coupling", [&] {
      couple(*pieces);
      return 0;
    });
  if (control_.stopped()) return {};
  const auto couplings = pieces ? pieces->result() : std::vector<CoupledEnsemble>();
  if (pieces) describe_couplings(couplings, kept_, output_);
  const auto densities = phase("density", [&] { return fit_densities(offset); });
  if (!control_.goes_on_after({coupling_stage(repetition_), {pieces ? pieces->done() : 0, 0}, 0})) return {};

  std::vector<Transition> transitions;
  for (Index k = 0; pieces && k < steps; ++k)
    transitions.push_back(
        {kept_train_[k + offset], couplings[k], kept_times_[k + 1] - kept_times_[k], densities[k].get()});
  energy_ = phase("fit", [&] { return learn(transitions); });
  if (control_.stopped()) return {};
  describe_entropy(energy_, output_);

  if (populations_.test.front().particles() == 0)
    output_.log("no test particles were kept: predictions start from the training populations");
  const PredictionOptions prediction{options_.predict == "roll_out", next, options_.leave_out};
  predictions_ =
      phase("prediction", [&] { return predict(prediction, energy_, populations_.times, observed(), run_); });
  predictions_.interpolated = interpolate(couplings, next);
  if (next) {
    output_.summarise("unconverged", predictions_.unconverged);
    if (predictions_.unconverged > 0)
      output_.log(fmt::format("{:.2g}% of the implicit steps did not converge and were taken explicitly",
                              100 * predictions_.unconverged));
  }
  // Before the metrics: whatever becomes of these, what was learned is there.
  if (repetition_ == 0)
    phase("output", [&] {
      write();
      return 0;
    });
  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  return phase("metrics", [&] {
    return prediction_metrics(options_.metrics, prediction, predictions_, populations_, observed(),
                              simulated ? &simulated->energy : nullptr, run_);
  });
}

/// Couples until everything is coupled or the run is to stop. Checkpoints from here on hold what is coupled.
void EnergyLearning::couple(Couplings& couplings) {
  const Real seconds_between_talks = 5;
  const Checkpoint* from = output_.restart();
  if (from && repetition_of(from->standing()) == repetition_) couplings.restore(from->file());
  bool coupled = false;
  while (!coupled && !control_.stopped()) {
    coupled = couplings.advance(seconds_between_talks);
    control_.goes_on_after({coupling_stage(repetition_), {couplings.done(), 0}, 0});
  }
}

std::vector<std::unique_ptr<Density>> EnergyLearning::fit_densities(Index offset) {
  std::vector<std::unique_ptr<Density>> fitted(kept_.size() - 1);
  if (!options_.model.entropy()) return fitted;
  for (std::size_t k = 0; k < fitted.size(); ++k) {
    fitted[k] = fit_density(options_.density, kept_train_[k + offset], run_.seed, int(k));
    for (const auto& remark : fitted[k]->remarks())
      output_.log(fmt::format("density of population {}: {}", kept_[k + offset], remark));
  }
  return fitted;
}

LearnedEnergy EnergyLearning::learn(const std::vector<Transition>& transitions) {
  if (const auto* network = std::get_if<NetworkModelOptions>(&options_.model.kind))
    return fit_networks(*network, kept_times_, transitions, run_, repetition_, output_, control_);
  if (const auto* model = std::get_if<TrajectoryModelOptions>(&options_.model.kind)) {
    auto fitted = fit_trajectory(*model, options_.coupling, kept_times_, kept_train_, run_, repetition_,
                                 output_, control_);
    trajectory_ = std::move(fitted.at_snapshots);
    return std::move(fitted.energy);
  }
  LinearFit fit = fit_linear_model(std::get<LinearModelOptions>(options_.model.kind), kept_times_,
                                   transitions, output_.comm(), run_);
  describe_fit(fit, output_);
  return std::move(fit.energy);
}

/// Where the particles of a coupling would be at the times of the populations that it skips.
std::vector<std::optional<Ensemble>> EnergyLearning::interpolate(
    const std::vector<CoupledEnsemble>& couplings, bool next) const {
  std::vector<std::optional<Ensemble>> interpolated(populations_.count());
  for (Index left_out : options_.leave_out) {
    const auto after = std::upper_bound(kept_.begin(), kept_.end(), left_out);
    if (after == kept_.begin() || after == kept_.end()) continue;  // before the first or behind the last
    const Index k = Index(after - kept_.begin()) - 1;
    const Real start = kept_times_[k], tau = kept_times_[k + 1] - start;
    const Real share = (populations_.times[left_out] - start) / tau - (next ? 1 : 0);
    const Ensemble& from = kept_train_[k + (next ? 1 : 0)];
    Ensemble to(from.comm, from.particles(), from.components(), run_.tile);
    const auto x = from.x, y = to.x, displacement = couplings[k].displacement;
    const Index d = from.components();
    for_each_tile(
        "Weir::EnergyLearning::interpolate", from.partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            for (Index c = 0; c < d; ++c) y(c, i) = x(c, i) + share * displacement(c, i);
        });
    interpolated[left_out] = std::move(to);
  }
  return interpolated;
}

/// energies.h5 and the snapshots.
void EnergyLearning::write() {
  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  {
    Hdf5File file(output_.path("energies.h5"), output_.comm().mpi(), Hdf5File::Access::create);
    energy_.write(file);
    write_potential_grid(file, energy_, simulated ? &simulated->energy : nullptr, populations_,
                         output_.comm());
  }
  Snapshots& snapshots = output_.snapshots();
  for (Index k = 0; k < populations_.count(); ++k) {
    const Real time = populations_.times[k];
    snapshots.write(k, time, "observed", observed()[k].partition, observed()[k].x);
    if (k == 0) continue;
    const Ensemble& predicted = predictions_.populations[k - 1];
    snapshots.write(k, time, "predicted", predicted.partition, predicted.x);
  }
  for (std::size_t k = 0; k < trajectory_.size(); ++k)
    snapshots.write(kept_[k], kept_times_[k], "trajectory", trajectory_[k].partition, trajectory_[k].x);
}

}  // namespace weir
