#include "methods/latent_diffusion/training/DiffusionTraining.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "methods/latent_diffusion/DiffusionStages.hpp"
#include "methods/latent_diffusion/prior/MixturePrior.hpp"
#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "training/TrainingLength.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

/// A flow and the stage that drives it.
struct TrainingStage {
  std::unique_ptr<LatentDiffusionTraining> flow;
  std::unique_ptr<Stage> stage;
  std::string name;
  int number = 0;
  Index epochs = 0;

  BlockViews blocks() { return {*flow->layout(), stage->state().vec()}; }
};

TrainingStage make_stage(const LatentDiffusionOptions& options, DiffusionParts parts, const Ensemble& rows,
                         const std::string& name, Index epochs, const RunOptions& run) {
  TrainingStage made;
  const int number = latent_diffusion_stages(options).number(name);
  made.name = name;
  made.number = number;
  made.epochs = epochs;
  made.flow = make_diffusion_training(options, parts, rows, run, number);
  SteppingOptions stepping = training_steps(epochs * made.flow->iterations_per_epoch(), run);
  stepping.order = options.train.order == "together" ? StepOrder::together : StepOrder::in_turn;
  stepping.stage = number;
  stepping.remedy = "a smaller step of `train.latents.rule`, smaller rates, or more `decoder.noise` may help";
  made.stage = std::make_unique<Stage>(stepping, *made.flow, options.where + ".train");
  made.flow->initialise(made.blocks());
  return made;
}

/// What is wrong with latents, with its remedy; each is said once.
class Complaints {
 public:
  Complaints(const LatentDiffusionOptions& options, RunOutput& output) : options_(options), output_(output) {}

  void look_at(const DiffusionReport& report, Real passed) {
    if (!(first_deviation_ > 0)) first_deviation_ = report.deviation;
    if (passed < 0.1) return;
    if (!options_.amortised() && options_.latent.particles > 1 && report.own_share > 0.5)
      say(0, fmt::format("the particles of one datum make {:.0f}% of all latents' variance: they do not tell "
                         "data apart; `latent.start: pca`, a smaller step, or less `decoder.noise` may help",
                         100 * report.own_share));
    const Real grown = first_deviation_ > 0 ? report.deviation / first_deviation_ : 1;
    if (options_.prior.diffusion() && (grown > 10 || grown < 0.1))
      say(1, fmt::format("the deviation of latents went from {:.3g} to {:.3g}: with a learned prior nothing "
                         "holds their scale; a smaller step of `train.latents.rule`, or "
                         "`prior.diffusion.standardise: true`, may help",
                         first_deviation_, report.deviation));
    if (options_.prior.diffusion() && report.generated_extreme > std::max(Real(6), 2 * report.extreme))
      say(2, fmt::format("generated latents reach {:.3g} deviations, and those of data {:.3g}: the prior's "
                         "score is wrong far out; `prior.diffusion.mixed: true` and `standardise: true`, a "
                         "smaller rate of `train.prior.rule`, or more epochs may help",
                         report.generated_extreme, report.extreme));
  }

 private:
  void say(std::size_t which, const std::string& text) {
    if (!said_[which]) output_.log("warning: " + text);
    said_[which] = true;
  }

  const LatentDiffusionOptions& options_;
  RunOutput& output_;
  Real first_deviation_ = 0;
  std::array<bool, 3> said_{};
};

Metrics metrics_of(const DiffusionReport& report) {
  return {{"error", report.error},           {"prior_loss", report.prior_loss},
          {"deviation", report.deviation},   {"own_share", report.own_share},
          {"likelihood", report.likelihood}, {"prior", report.prior},
          {"extreme", report.extreme},       {"generated_extreme", report.generated_extreme}};
}

/// Runs the stage to its end; whether it was reached.
bool run_stage(TrainingStage& training, const LatentDiffusionOptions& options, Index before,
               RunOutput& output, RunControl& control) {
  const Index per_epoch = training.flow->iterations_per_epoch(), iterations = training.stage->planned_steps();
  const Index every = std::max(Index(1), options.train.epochs / options.train.reports) * per_epoch;
  const StageList stages = latent_diffusion_stages(options);
  const TrainingPlan plan = plan_of_training(stages, output, {per_epoch, every});
  const auto kept = control.keep([&](Hdf5File& file) { plan.save(file); });
  Complaints complaints(options, output);
  return control.run(*training.stage, training.number, [&](const Tick& tick) {
    if (tick.step == 0 || (tick.step % plan.every != 0 && tick.step != iterations)) return;
    const Phase phase("metrics");
    const ConstBlockViews blocks(*training.flow->layout(), training.stage->state().vec());
    const DiffusionReport report = training.flow->report(blocks);
    output.report(before + tick.step, Real(before + tick.step) / Real(per_epoch), metrics_of(report));
    output.log(fmt::format(
        "epoch {}: error {:.4g}, prior loss {:.4g}, deviation of latents {:.3g}, own share {:.2f}",
        tick.step / per_epoch, report.error, report.prior_loss, report.deviation, report.own_share));
    complaints.look_at(report, Real(tick.step) / Real(iterations));
  });
}

struct AveragedNetwork {
  StoredNetwork averaged, last;
};
AveragedNetwork network_of(TrainingStage& training, Index block, const MlpShape& shape,
                           const Communicator& comm) {
  const Block& parameters = (*training.flow->layout())[block];
  const auto averaged = gather_whole(comm, parameters, training.stage->learned(block));
  return {{shape, averaged}, {shape, gather_whole(comm, parameters, training.blocks()[block])}};
}

/// The likelihood as a stage has learned it; checkpoints of the stage that follows keep it below
/// /likelihood_stage.
struct LearnedLikelihood {
  AveragedNetwork decoder;
  Real noise;
  DecoderOptions options;

  void save(Hdf5File& file) const {
    write_decoder(file, "/likelihood_stage/decoder", decoder.averaged, options);
    write_decoder(file, "/likelihood_stage/decoder_last", decoder.last, options);
    file.write("/likelihood_stage/noise", {noise}, {1});
  }
  static LearnedLikelihood read(const Hdf5File& file, DecoderOptions options) {
    const StoredNetwork averaged = read_decoder(file, "/likelihood_stage/decoder", options, ""),
                        last = read_decoder(file, "/likelihood_stage/decoder_last", options, "");
    return {{averaged, last}, file.read("/likelihood_stage/noise").at(0), options};
  }
};

LearnedLikelihood likelihood_of(const LatentDiffusionOptions& options, Index data, TrainingStage& training,
                                const Communicator& comm) {
  return {network_of(training, training.flow->decoder, options.decoder.shape(options.latent.dimension, data),
                     comm),
          std::sqrt(training.flow->running().noise_variance), options.decoder};
}

/// `prior`: the stage that has trained it; not looked at where the prior is N(0, I).
DiffusionModel model_of(const LatentDiffusionOptions& options, const LearnedLikelihood& likelihood,
                        TrainingStage& prior, const std::vector<std::string>& columns,
                        const Communicator& comm) {
  const Index q = options.latent.dimension;
  DiffusionModel model;
  model.decoder = likelihood.decoder.averaged;
  model.decoder_last = likelihood.decoder.last;
  model.decoder_options = options.decoder;
  model.noise = likelihood.noise;
  model.columns = columns;
  model.mean.assign(std::size_t(q), 0);
  model.deviation.assign(std::size_t(q), 1);
  if (!options.prior.diffusion()) return model;
  model.prior_options = *options.prior.diffusion();
  const auto score = network_of(prior, prior.flow->prior, score_shape(*model.prior_options, q), comm);
  model.prior = score.averaged;
  model.prior_last = score.last;
  model.mean = prior.flow->running().mean;
  model.deviation = prior.flow->running().deviation();
  return model;
}

/// Blocks of the same name are carried over from one stage to the next; a datum's single latent becomes that
/// of all its particles.
void carry_over(TrainingStage& from, TrainingStage& to) {
  const BlockViews source = from.blocks(), goal = to.blocks();
  for (Index b = 0; b < from.flow->layout()->blocks(); ++b)
    for (Index c = 0; c < to.flow->layout()->blocks(); ++c)
      if ((*from.flow->layout())[b].name == (*to.flow->layout())[c].name) {
        if (source[b].extent(1) == goal[c].extent(1))
          Kokkos::deep_copy(goal[c], source[b]);
        else
          replicate(source[b], goal[c], (*to.flow->layout())[c].partition.replicas());
      }
}

Ensemble latents_of(TrainingStage& training) {
  return training.flow->all_latents(ConstBlockViews(*training.flow->layout(), training.stage->state().vec()));
}

/// Ranks have whole data, so that nothing is sent.
TrainingStage make_warm_up(const LatentDiffusionOptions& options, DiffusionParts parts, const Ensemble& rows,
                           Index epochs, const RunOptions& run) {
  LatentDiffusionOptions single = options;
  single.latent.particles = 1;
  RunOptions of_rows = run;
  of_rows.tile = rows.partition.tile_size();
  for (ParameterRuleChoice* choice : {&single.train.decoder.rule, &single.train.prior.rule})
    std::get<ParameterRuleOptions>(choice->rule).schedule = "constant";
  return make_stage(single, parts, rows, "warm_up", epochs, of_rows);
}

}  // namespace

void replicate(const MatrixRef<const Real>& from, const MatrixRef<Real>& to, Index replicas) {
  const Index q = Index(from.extent(0));
  WEIR_CHECK(from.extent(1) * std::size_t(replicas) == to.extent(1), "{} particles, {} copies of each to {}",
             from.extent(1), replicas, to.extent(1));
  Kokkos::parallel_for(
      "Weir::replicate", Range(0, Index(to.extent(1))), KOKKOS_LAMBDA(Index i) {
        for (Index c = 0; c < q; ++c) to(c, i) = from(c, i / replicas);
      });
  Kokkos::fence();
}

std::optional<DiffusionModel> train_diffusion(const LatentDiffusionOptions& options, const Ensemble& rows,
                                              const std::vector<std::string>& columns, RunOutput& output,
                                              RunControl& control) {
  const RunOptions& run = output.run();
  const bool apart = options.train.prior_afterwards && options.prior.diffusion();
  LatentDiffusionOptions first = options;
  if (apart) first.prior.law = GaussianPriorOptions();
  const DiffusionParts parts = apart ? DiffusionParts::without_prior : DiffusionParts::all;
  const Index alone = Index(std::round(options.latent.warm_up * Real(options.train.epochs)));
  TrainingStage training = make_stage(first, parts, rows, "train", options.train.epochs - alone, run);
  const Index per_epoch = training.flow->iterations_per_epoch(),
              iterations = options.train.epochs * per_epoch;
  output.log(fmt::format("{} rows, {} epochs of {} iterations of {} particles", rows.particles(),
                         options.train.epochs, per_epoch, training.flow->batch()));
  TrainingStage prior;
  if (apart)
    prior = make_stage(options, DiffusionParts::prior_alone, rows, "train_prior", options.train.epochs, run);
  const StageList stages = latent_diffusion_stages(options);
  const Checkpoint* from = stages.checkpoint_of_stage(output, "train_prior");
  std::optional<LearnedLikelihood> likelihood;
  if (from) {
    likelihood = LearnedLikelihood::read(from->file(), options.decoder);
  } else {
    if (alone > 0 && !stages.checkpoint_of_stage(output, "train")) {
      TrainingStage single = make_warm_up(first, parts, rows, alone, run);
      if (!run_stage(single, options, 0, output, control)) return {};
      carry_over(single, training);
    }
    if (!run_stage(training, options, alone * per_epoch, output, control)) return {};
    likelihood = likelihood_of(options, rows.components(), training, output.comm());
    if (apart) carry_over(training, prior);
  }
  if (!apart) {
    DiffusionModel model = model_of(options, *likelihood, training, columns, output.comm());
    if (options.prior.mixture())
      model.mixture = fit_mixture(*options.prior.mixture(), latents_of(training), output, training.number);
    return model;
  }
  const auto kept = control.keep([&](Hdf5File& file) { likelihood->save(file); });
  if (!run_stage(prior, options, iterations, output, control)) return {};
  return model_of(options, *likelihood, prior, columns, output.comm());
}

}  // namespace weir
