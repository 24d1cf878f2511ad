#include "methods/latent_ebm/training/EbmTraining.hpp"

#include <algorithm>

#include "methods/latent_ebm/EbmStages.hpp"
#include "methods/latent_ebm/training/LatentEbmFlow.hpp"
#include "methods/latent_ebm/training/TrainingWatch.hpp"
#include "training/TrainingLength.hpp"
#include "weir/base/Calls.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index copy_interval = 100;  // iterations

/// A state and a memory to go back to.
class HealthyCopy {
 public:
  HealthyCopy(Stage& stage, bool wanted) : stage_(stage) {
    if (!wanted) return;
    state_.emplace(shared(stage.state().layout()));
    memory_.emplace(shared(stage.memory().layout()));
  }

  bool may_act() const { return state_.has_value() && !used_; }
  Index iteration() const { return iteration_; }

  void keep(Index iteration) {
    if (!may_act()) return;
    WEIR_PETSC(VecCopy(stage_.state().vec(), state_->vec()));
    WEIR_PETSC(VecCopy(stage_.memory().vec(), memory_->vec()));
    scalars_.clear();
    for (Index b = 0; b < stage_.state().layout().blocks(); ++b) scalars_.push_back(stage_.rule_scalars(b));
    iteration_ = iteration;
  }
  void go_back() {
    WEIR_PETSC(VecCopy(state_->vec(), stage_.state().vec()));
    WEIR_PETSC(VecCopy(memory_->vec(), stage_.memory().vec()));
    for (Index b = 0; b < stage_.state().layout().blocks(); ++b)
      stage_.rule_scalars(b) = scalars_[std::size_t(b)];
    stage_.state_changed();
    used_ = true;
  }

  void save(Hdf5File& file) {
    if (!state_) return;
    file.write("/watch/healthy", {Real(iteration_), Real(used_)}, {2});
    if (!may_act() || iteration_ < 0) return;
    write_state(file, "watch/healthy_state", *state_);
    write_state(file, "watch/healthy_memory", *memory_);
    for (std::size_t b = 0; b < scalars_.size(); ++b)
      if (!scalars_[b].empty())
        file.write(fmt::format("/watch/healthy_scalars/{}", b), scalars_[b], {Index(scalars_[b].size())});
  }
  void restore(const Checkpoint& from) {
    if (!state_ || !from.file().has("/watch/healthy")) return;
    const auto numbers = from.file().read("/watch/healthy");
    iteration_ = Index(numbers.at(0));
    used_ = numbers.at(1) != 0;
    if (!may_act() || iteration_ < 0) return;
    from.read("watch/healthy_state", *state_);
    from.read("watch/healthy_memory", *memory_);
    scalars_.clear();
    for (Index b = 0; b < stage_.state().layout().blocks(); ++b) {
      const std::string name = fmt::format("/watch/healthy_scalars/{}", b);
      scalars_.push_back(from.file().has(name) ? from.file().read(name) : std::vector<Real>());
    }
  }

 private:
  static std::shared_ptr<const Layout> shared(const Layout& layout) {
    return std::make_shared<const Layout>(layout);
  }

  Stage& stage_;
  std::optional<State> state_, memory_;
  std::vector<std::vector<Real>> scalars_;
  Index iteration_ = -1;
  bool used_ = false;
};

Real value_of(const Metrics& metrics, const std::string& name, Real missing) {
  for (const auto& [known, value] : metrics)
    if (known == name) return value;
  return missing;
}

Index warm_up_of(const LatentEbmTrainOptions& train) {
  return std::max(std::get<ParameterRuleOptions>(train.parameters.rule.rule).warm_up, train.iterations / 10);
}

/// What the log says of a block that mala moves: its acceptance and what its step was adapted by.
std::string acceptance_text(const Metrics& metrics, const std::string& block) {
  const Real acceptance = value_of(metrics, block + "_acceptance", -1);
  if (acceptance < 0) return "";
  return fmt::format(", {} {:.2f} accepted, steps x {:.2g}", block, acceptance,
                     value_of(metrics, block + "_step_factor", 1));
}

/// Reports of the training, and what follows from them.
class Supervision {
 public:
  /// `every`: iterations between reports.
  Supervision(const LatentEbmOptions& options, Index every, LatentEbmTraining& flow, Stage& stage,
              RunOutput& output)
      : flow_(flow),
        stage_(stage),
        output_(output),
        every_(every),
        watch_(warm_up_of(options.train), (*flow.layout())[flow.negatives].components,
               flow.restart_law() && flow.restart_law()->metropolised),
        healthy_(stage, options.train.on_divergence == "halve"),
        stop_(options.train.on_divergence == "stop") {}

  Index every() const { return every_; }
  /// Whether the last report was judged to be of a training that fails.
  bool fails() const { return fails_; }
  Metrics report(const Tick& tick) {
    const ConstBlockViews blocks(stage_.state().layout(), stage_.state().vec());
    const EbmReport report = flow_.report(blocks);
    Metrics metrics{{"energy_data", report.positive},
                    {"energy_pool", report.negative},
                    {"gap", report.positive - report.negative},
                    {"autocorrelation", report.autocorrelation}};
    if (flow_.restart_law()) metrics.emplace_back("restart_acceptance", report.restart_acceptance);
    for (const auto& one : stage_.rule_report()) metrics.push_back(one);
    const WatchedReport watched{report.positive - report.negative,
                                value_of(metrics, "parameters_gradient_norm", 0), report.restart_acceptance,
                                value_of(metrics, "negatives_step_factor", 1)};
    std::string line = fmt::format("iteration {}: gap {:.3f}, gradient {:.3g}, autocorrelation {:.2f}",
                                   tick.step, watched.gap, watched.gradient_norm, report.autocorrelation);
    line += acceptance_text(metrics, "latents") + acceptance_text(metrics, "negatives");
    if (flow_.restart_law() && flow_.restart_law()->metropolised)
      line += fmt::format(", restarts {:.2f} accepted", report.restart_acceptance);
    output_.log(line);
    pending_ = watched;
    return metrics;
  }

  /// After each step, once the views of its report are gone: a failing training goes back, one whose last
  /// report was calm is copied now and then.
  void act(Index step) {
    std::optional<std::string> wrong;
    if (pending_) fails_ = (wrong = watch_.judge(step, *pending_)).has_value();
    pending_.reset();
    if (!wrong) {
      if (step % copy_interval == 0 && watch_.is_calm()) healthy_.keep(step);
      return;
    }
    if (stop_) throw RunError("the training fails: " + *wrong);
    if (!healthy_.may_act() || healthy_.iteration() < 0) {
      if (!warned_) output_.log("warning: " + *wrong);
      warned_ = true;
      return;
    }
    go_back(*wrong);
  }

  /// After an iteration that could not be finished: whether the training goes on from a copy.
  bool survives(const RunError& error) {
    if (stop_ || !healthy_.may_act() || healthy_.iteration() < 0) return false;
    pending_.reset();
    go_back(error.what());
    return true;
  }

  void save(Hdf5File& file) {
    const auto numbers = watch_.save();
    if (!numbers.empty()) file.write("/watch/reports", numbers, {Index(numbers.size())});
    healthy_.save(file);
  }
  void restore(const Checkpoint& from) {
    if (from.file().has("/watch/reports")) watch_.restore(from.file().read("/watch/reports"));
    healthy_.restore(from);
  }

 private:
  void go_back(const std::string& wrong) {
    output_.log(fmt::format("the training fails: {}; it goes back to iteration {}, with half the rate", wrong,
                            healthy_.iteration()));
    healthy_.go_back();
    stage_.scale_rate(flow_.parameters, 0.5);
    watch_.forget();
  }

  LatentEbmTraining& flow_;
  Stage& stage_;
  RunOutput& output_;
  Index every_;
  TrainingWatch watch_;
  HealthyCopy healthy_;
  std::optional<WatchedReport> pending_;
  bool stop_, warned_ = false, fails_ = false;
};

/// Particles at temperature T have the law exp(-E / T): the model has E / T, and is used at temperature 1.
void divide_energy(EbmModel& model, Real temperature) {
  for (StoredNetwork* network : {&model.energy, &model.energy_last}) {
    const auto& last = Mlp<Real>(network->shape).layers().back();
    for (Index i = last.weights; i < last.bias + last.out; ++i)
      network->parameters[std::size_t(i)] /= temperature;
  }
  model.options.confinement.data /= temperature;
  model.options.confinement.latent /= temperature;
}

/// A step h of E at temperature T is a step T h of E / T at temperature 1.
EbmModel model_of(const LatentEbmOptions& options, const EnergyShape& shape,
                  const Standardisation& standardisation, const std::vector<std::string>& columns,
                  LatentEbmTraining& flow, Stage& stage, const RunOutput& output) {
  const Layout& layout = *flow.layout();
  const Block &pool = layout[flow.negatives], &theta = layout[flow.parameters];
  const MlpShape network = network_shape(options.energy, shape);
  const auto averaged = gather_whole(output.comm(), theta, stage.learned(flow.parameters));
  const ConstBlockViews blocks(layout, stage.state().vec());
  EbmModel model{shape,
                 {network, averaged},
                 {network, gather_whole(output.comm(), theta, blocks[flow.parameters])},
                 standardisation,
                 Ensemble(output.comm(), pool.partition.particles(), pool.components, output.run().tile),
                 flow.restart_law() ? *flow.restart_law() : RestartLaw(),
                 {},
                 {},
                 options.train.data_noise,
                 options.energy,
                 columns};
  Kokkos::deep_copy(model.pool.x, blocks[flow.negatives]);
  if (options.train.temperature != 1) divide_energy(model, options.train.temperature);
  const Metrics rules = stage.rule_report();
  model.latent_mover = frozen_rule(options.train.latents.rule, value_of(rules, "latents_step_factor", 1),
                                   options.train.temperature);
  model.negative_mover = frozen_rule(options.train.negatives.rule,
                                     value_of(rules, "negatives_step_factor", 1), options.train.temperature);
  if (!flow.restart_law() || !flow.restart_law()->metropolised) {
    model.restart.metropolised = false;
    model.restart.centres = {};
  }
  return model;
}

}  // namespace

std::optional<EbmModel> train_energy(const LatentEbmOptions& options, const Ensemble& rows,
                                     const std::vector<std::string>& columns, RunOutput& output,
                                     RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const RunOptions& run = output.run();
  const Standardisation standardisation(options.standardisation(), rows, options.train.data_noise);
  if (const auto constant = standardisation.constant_columns(); !constant.empty())
    output.log(fmt::format(
        "columns {} do not vary, and no energy is flat across them: leave them out by `columns`, or "
        "give `train.data_noise`",
        fmt::join(constant, ", ")));
  Ensemble standardised = copy_of(rows);
  standardisation.apply(standardised.x);
  const auto flow = make_ebm_training(options, standardised,
                                      standardisation.scaled(options.train.data_noise, rows.components()),
                                      run, stages.number("train"));
  standardised.x = {};
  SteppingOptions stepping = training_steps(options.train.iterations, run);
  stepping.order = StepOrder::in_turn;
  stepping.stage = stages.number("train");
  stepping.remedy = "a smaller rate of `train.parameters.rule`, or smaller steps of the movers, may help";
  Stage stage(stepping, *flow, options.where + ".train");
  flow->initialise(BlockViews(*flow->layout(), stage.state().vec()));
  const Index unknowns = (*flow->layout())[flow->parameters].partition.particles();
  output.log(fmt::format("{} rows, {} parameters; {} iterations of {} rows and a pool of {}",
                         rows.particles(), unknowns, options.train.iterations,
                         std::min(flow->batch(), rows.particles()), options.train.negatives.particles));
  output.summarise("unknowns", unknowns);
  if (rows.particles() < options.train.batch)
    output.log(fmt::format(
        "a batch of {} is more than the {} rows there are, all of which every iteration takes: so few "
        "rows need a small rate; watch the gap, and compare `w2` with `w2_floor`",
        options.train.batch, rows.particles()));

  const Index every = std::max(Index(1), options.train.iterations / options.train.reports);
  const TrainingPlan plan = plan_of_training(stages, output, {1, every});
  Supervision supervision(options, plan.every, *flow, stage, output);
  Tick reached{0, 0};
  if (const Checkpoint* from = stages.checkpoint_of_stage(output, "train")) {
    supervision.restore(*from);
    reached = from->standing().tick;
  }
  const auto kept = control.keep([&](Hdf5File& file) {
    plan.save(file);
    supervision.save(file);
  });
  const auto after_step = [&](const Tick& tick) {
    const bool due = tick.step % supervision.every() == 0 || tick.step == options.train.iterations;
    if (due && tick.step > 0) {  // before the first step nothing was measured
      const Phase phase("metrics");
      output.report(tick.step, Real(tick.step), supervision.report(tick));
    }
    supervision.act(tick.step);
    reached = tick;
  };
  bool ended = false;
  try {
    ended = control.run(stage, stages.number("train"), after_step);
  } catch (const RunError& error) {  // a number that is not finite
    if (!supervision.survives(error)) throw;
    stage.resume(reached, 1);
    ended = control.go_on(stage, stages.number("train"), reached, after_step);
  }
  if (!ended) return {};
  if (supervision.fails())
    output.log(
        "warning: the training fails to its end, as said above: samples and likelihoods of this model are "
        "not "
        "to be trusted");
  return model_of(options, {rows.components(), options.latent_dimension()}, standardisation, columns, *flow,
                  stage, output);
}

}  // namespace weir
