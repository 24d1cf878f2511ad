#include "methods/learn_energies/Repetition.hpp"

#include <algorithm>
#include <cmath>

#include "methods/learn_energies/LearningStages.hpp"
#include "methods/learn_energies/network/NetworkFit.hpp"
#include "methods/learn_energies/prediction/PotentialGrid.hpp"
#include "methods/learn_energies/prediction/Prediction.hpp"
#include "methods/learn_energies/trajectory/TrajectoryFit.hpp"
#include "methods/populations/CouplingReport.hpp"
#include "methods/populations/Partners.hpp"
#include "methods/populations/PopulationScores.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"
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
    const Stopwatch watch;
    const Phase phase(name);
    auto result = work();
    output_.summarise(std::string("seconds/") + name, watch.seconds());
    return result;
  }

 private:
  RunOutput& output_;
};

void describe_populations(const Populations& populations, RunOutput& output) {
  for (const auto& line : population_lines(populations)) output.log(line);
  for (const auto& remark : populations.remarks) output.log(remark);
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

std::string growth_name(std::size_t k) {
  return fmt::format("/growth/{}", k);
}
std::string trajectory_name(std::size_t k) {
  return fmt::format("/learned/trajectory/{}", k);
}

/// x + share displacement, of the same partition.
Ensemble displaced(const Ensemble& from, const Matrix<Real>& displacement, Real share) {
  Ensemble to(from.comm, from.particles(), from.components(), from.partition.tile_size());
  const auto x = from.x, y = to.x;
  const Index d = from.components();
  for_each_tile(
      "Weir::Repetition::displaced", from.partition.local(), KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) y(c, i) = x(c, i) + share * displacement(c, i);
      });
  return to;
}

}  // namespace

Repetition::Repetition(const LearnEnergiesOptions& options, const Populations& populations,
                       const std::vector<Index>& kept, const RunOptions& run, int repetition,
                       RunOutput& output, RunControl& control)
    : options_(options),
      populations_(populations),
      run_(run),
      repetition_(repetition),
      stages_(learning_stages(repetition)),
      output_(output),
      control_(control),
      kept_(kept) {
  for (const Index k : kept_) {
    kept_times_.push_back(populations.times[k]);
    kept_train_.push_back(populations.train[k]);
  }
}

const std::vector<Ensemble>& Repetition::observed() const {
  const bool has_test = populations_.test.front().particles() > 0;
  return has_test ? populations_.test : populations_.train;
}

const std::vector<Ensemble>& Repetition::observed_rows() const {
  return &observed() == &populations_.test ? populations_.test_rows : populations_.train_rows;
}

Metrics Repetition::run() {
  Phases phase(output_);
  describe_populations(populations_, output_);
  restore();
  const auto kept = control_.keep([&](Hdf5File& file) { save(file); });
  if (couplings_ &&
      !phase("coupling", [&] { return work_through(*couplings_, stages_, "prepare", output_, control_); }))
    return {};
  if (!energy_ && !(learn() && control_.goes_on_after_piece(stages_.number("predict")))) return {};

  PredictionOptions how{options_.predict == "roll_out", options_.model.next(), options_.leave_out};
  if (const auto* model = std::get_if<TrajectoryModelOptions>(&options_.model.kind))
    how.steps = PredictionOptions::Steps{(kept_times_.back() - kept_times_.front()) / Real(model->steps),
                                         model->residual == "trapezoid"};
  Prediction prediction(how, *energy_, populations_.times, observed(), run_);
  const auto kept_prediction = control_.keep(prediction);
  if (!phase("prediction", [&] { return work_through(prediction, stages_, "predict", output_, control_); }))
    return {};
  take(prediction.result());
  // Before the metrics: whatever becomes of these, what was learned is there. The energy again after every
  // restart, as no checkpoint knows what became of its file.
  if (repetition_ == 0)
    phase("output", [&] {
      write_energy(*energy_);
      if (!has_snapshots()) write_snapshots();
      return 0;
    });

  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  PredictionMetrics metrics(
      options_.metrics,
      {how, predictions_, populations_, observed(), simulated ? &simulated->energy : nullptr}, run_);
  const auto kept_metrics = control_.keep(metrics);
  const AtEnd at_end = repetition_ + 1 < options_.repetitions ? AtEnd::ask : AtEnd::go_on;
  if (!phase("metrics", [&] { return work_through(metrics, stages_, "predict", output_, control_, at_end); }))
    return {};
  return metrics.result();
}

/// What a checkpoint has of an energy that is learned. Couplings are wanted before, and to interpolate.
void Repetition::restore() {
  if (const Checkpoint* from = stages_.checkpoint_of_stage(output_, "predict")) {
    const Hdf5File& file = from->file();
    if (!file.has("/learned/times")) throw RunError(from->path() + " holds no learned energy");
    try {
      energy_ = LearnedEnergy::read(file, from->path(), "/learned");
    } catch (const InputError& damage) {  // of a file that is the run's own
      throw RunError(damage.what());
    }
    for (std::size_t k = 0; file.has(growth_name(k)); ++k) {
      growth_.emplace_back(output_.comm(), kept_train_[k + offset()].particles(), 2, run_.tile);
      read_particles(file, growth_name(k), growth_[k].partition, growth_[k].x);
    }
    for (std::size_t k = 0; file.has(trajectory_name(k)); ++k) {
      const auto shape = file.shape(trajectory_name(k));
      trajectory_.emplace_back(output_.comm(), shape.at(0), shape.at(1), run_.tile);
      read_particles(file, trajectory_name(k), trajectory_[k].partition, trajectory_[k].x);
    }
  }
  if (options_.couples() && (!energy_ || !options_.leave_out.empty()))
    couplings_.emplace(options_.coupling, kept_train_,
                       options_.model.next() ? CoupledAt::next : CoupledAt::current, run_.single_precision(),
                       options_.coupling.growth ? CouplingKeeps::partners : CouplingKeeps::moments);
}

/// All that prediction and metrics do not keep themselves.
void Repetition::save(Hdf5File& file) const {
  if (couplings_) couplings_->save(file);
  if (!energy_) return;
  energy_->write(file, "/learned");
  for (std::size_t k = 0; k < growth_.size(); ++k)
    write_particles(file, growth_name(k), growth_[k].partition, growth_[k].x);
  for (std::size_t k = 0; k < trajectory_.size(); ++k)
    write_particles(file, trajectory_name(k), trajectory_[k].partition, trajectory_[k].x);
}

/// From couplings to the energy; returns whether it was reached.
bool Repetition::learn() {
  Phases phase(output_);
  if (couplings_) describe_couplings(couplings_->result(), kept_, output_);
  if (couplings_ && options_.coupling.growth) find_growth();
  std::vector<const Ensemble*> scored;
  for (std::size_t k = 0; options_.model.entropy() && k + 1 < kept_.size(); ++k)
    scored.push_back(&kept_train_[k + offset()]);
  PopulationScores scores(options_.density, scored, run_.seed, [&](std::size_t k, const std::string& text) {
    output_.log(fmt::format("density of population {}: {}", kept_[k + offset()], text));
  });
  const auto kept = control_.keep(scores);
  if (!phase("density", [&] { return work_through(scores, stages_, "prepare", output_, control_); }))
    return false;

  std::vector<Transition> transitions;
  for (std::size_t k = 0; couplings_ && k + 1 < kept_.size(); ++k)
    transitions.push_back({kept_train_[k + offset()], couplings_->result()[k],
                           kept_times_[k + 1] - kept_times_[k],
                           options_.model.entropy() ? scores[k] : Matrix<Real>()});
  energy_ = phase("fit", [&] { return fit(transitions); });
  if (!energy_) return false;
  describe_entropy(*energy_, output_);
  if (options_.leave_out.empty()) couplings_.reset();
  return true;
}

/// By how much the mass of a particle changes over an interval, and log of that per unit of time: what leaves
/// it over what arrives at its partner, both 1 in balance, in the mean over partners that are drawn.
void Repetition::find_growth() {
  constexpr Index draws = 16;
  const Towards there = offset() == 0 ? Towards::next : Towards::previous,
                back = offset() == 0 ? Towards::previous : Towards::next;
  const Random random(run_.seed, Stream::partners);
  growth_.clear();
  for (std::size_t k = 0; k < couplings_->result().size(); ++k) {
    const Ensemble& at = kept_train_[k + std::size_t(offset())];
    output_.log(fmt::format("population {}: particles grow by factors whose deviation is {:.3g}",
                            kept_[k + std::size_t(offset())], growth_spread(at, couplings_->result()[k])));
    PartnerLaw& law = couplings_->partners(k);
    Ensemble growth(at.comm, at.particles(), 2, at.partition.tile_size());
    for (Index draw = 0; draw < draws; ++draw) {
      Walkers walkers{copy_of(at), {}};
      for (Index i = 0; i < at.partition.local_rows(); ++i)
        walkers.rows.push_back(at.partition.first_row() + i);
      const auto here = law.growth(there, walkers);
      law.draw(there, walkers, random, Index(k) * draws + draw);
      const auto away = law.growth(back, walkers);
      for (Index i = 0; i < at.partition.local_particles(); ++i) {
        const Real ratio = here[std::size_t(i)] / away[std::size_t(i)];
        growth.x(0, i) += (offset() == 0 ? ratio : 1 / ratio) / Real(draws);
      }
    }
    for (Index i = 0; i < at.partition.local_particles(); ++i)
      growth.x(1, i) = std::log(growth.x(0, i)) / (kept_times_[k + 1] - kept_times_[k]);
    growth_.push_back(growth);
  }
}

/// Nothing where the run was stopped.
std::optional<LearnedEnergy> Repetition::fit(const std::vector<Transition>& transitions) {
  const auto publish = [&](const LearnedEnergy& so_far) {
    if (repetition_ == 0) write_energy(so_far);
  };
  if (const auto* network = std::get_if<NetworkModelOptions>(&options_.model.kind))
    return fit_networks(*network, kept_times_, transitions, run_, stages_, output_, control_, publish);
  if (const auto* model = std::get_if<TrajectoryModelOptions>(&options_.model.kind)) {
    auto fitted = fit_trajectory(*model, options_.coupling, kept_times_, kept_train_, run_, stages_, output_,
                                 control_, publish);
    if (!fitted) return {};
    trajectory_ = std::move(fitted->at_snapshots);
    return std::move(fitted->energy);
  }
  LinearRegression regression(std::get<LinearModelOptions>(options_.model.kind), kept_times_, transitions,
                              output_.comm(), run_);
  const auto kept = control_.keep(regression);
  if (!work_through(regression, stages_, "prepare", output_, control_, AtEnd::go_on)) return {};
  LinearFit linear = regression.result();
  describe_fit(linear, output_);
  return std::move(linear.energy);
}

void Repetition::take(Predictions predictions) {
  predictions_ = std::move(predictions);
  predictions_.interpolated = interpolate();
  if (populations_.test.front().particles() == 0)
    output_.log("no test particles were kept: predictions start from the training populations");
  if (!options_.model.next()) return;
  output_.summarise("unconverged", predictions_.unconverged);
  if (predictions_.unconverged > 0)
    output_.log(fmt::format("{:.2g}% of the implicit steps did not converge and were taken explicitly",
                            100 * predictions_.unconverged));
}

/// Where the particles of a coupling would be at the times of the populations that it skips.
std::vector<std::optional<Ensemble>> Repetition::interpolate() const {
  std::vector<std::optional<Ensemble>> interpolated(populations_.count());
  for (Index left_out : options_.leave_out) {
    const auto after = std::upper_bound(kept_.begin(), kept_.end(), left_out);
    if (after == kept_.begin() || after == kept_.end()) continue;  // before the first or after the last
    const Index k = Index(after - kept_.begin()) - 1;
    const Real start = kept_times_[k], tau = kept_times_[k + 1] - start;
    const Real share = (populations_.times[left_out] - start) / tau - Real(offset());
    const Ensemble& from = kept_train_[k + offset()];
    interpolated[left_out] = displaced(from, couplings_->result()[k].displacement, share);
  }
  return interpolated;
}

/// Whether the checkpoint was made after the snapshots were written.
bool Repetition::has_snapshots() const {
  const Checkpoint* from = stages_.checkpoint_of_round(output_);
  return from && from->file().has("/snapshots/blocks");
}

/// energies.h5
void Repetition::write_energy(const LearnedEnergy& energy) {
  const auto* simulated = std::get_if<SimulatedPopulations>(&options_.populations.source);
  commit_hdf5(output_.comm(), output_.path("energies.h5"), [&](Hdf5File& file) {
    energy.write(file);
    write_source(file);
    if (const Index d = Index(populations_.mean.size()); d > 0) {
      file.write("/standardisation/mean", populations_.mean, {d});
      file.write("/standardisation/deviation", populations_.deviation, {d});
    }
    write_potential_grid(file, energy, simulated ? &simulated->energy : nullptr, populations_,
                         output_.comm());
  });
}

/// /data: which columns of the file the components are, for whoever brings results back into it.
void Repetition::write_source(Hdf5File& file) const {
  const SourceColumns& source = populations_.source;
  const Index d = Index(source.numbers.size());
  if (d == 0) return;
  file.write("/data/columns", {source.numbers.begin(), source.numbers.end()}, {d});
  file.write("/data/scale", source.scale, {d});
  file.write("/data/shift", source.shift, {d});
  if (!source.names.empty()) file.write_strings("/data/names", source.names);
}

/// In the units of the file.
void Repetition::write_snapshots() {
  Snapshots& snapshots = output_.snapshots();
  const auto write = [&](Index k, const std::string& block, const Ensemble& ensemble) {
    const Ensemble raw = in_units_of_file(populations_, ensemble);
    snapshots.write(k, populations_.times[k], block, raw.partition, raw.x);
  };
  for (Index k = 0; k < populations_.count(); ++k) {
    write(k, "observed", observed()[k]);
    if (const auto& rows = observed_rows(); !rows.empty())
      snapshots.write(k, populations_.times[k], "row", rows[k].partition, rows[k].x);
    if (k > 0) write(k, "predicted", predictions_.populations[k - 1]);
  }
  for (std::size_t k = 0; k < growth_.size(); ++k) {
    const Index step = kept_[k + std::size_t(offset())];
    write(step, "coupled", kept_train_[k + std::size_t(offset())]);
    snapshots.write(step, populations_.times[std::size_t(step)], "growth", growth_[k].partition,
                    growth_[k].x);
  }
  for (std::size_t k = 0; k < trajectory_.size(); ++k) write(kept_[k], "trajectory", trajectory_[k]);
}

}  // namespace weir
