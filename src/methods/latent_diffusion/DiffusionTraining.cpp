#include "methods/latent_diffusion/DiffusionTraining.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_diffusion/LatentDiffusionFlow.hpp"
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

  BlockViews blocks() { return {*flow->layout(), stage->state().vec()}; }
};

TrainingStage make_stage(const LatentDiffusionOptions& options, DiffusionParts parts, const Ensemble& rows,
                         const std::string& name, const RunOptions& run) {
  TrainingStage made;
  const int number = latent_diffusion_stages().number(name);
  made.name = name;
  made.flow = make_diffusion_training(options, parts, rows, run, number);
  SteppingOptions stepping = training_steps(options.train.epochs * made.flow->iterations_per_epoch(), run);
  stepping.order = options.train.order == "together" ? StepOrder::together : StepOrder::in_turn;
  stepping.stage = number;
  stepping.remedy = "a smaller step of `train.latents.rule`, smaller rates, or more `decoder.noise` may help";
  made.stage = std::make_unique<Stage>(stepping, *made.flow, options.where + ".train");
  made.flow->initialise(made.blocks());
  return made;
}

/// What is wrong with latents, with its remedy; or nothing.
std::string complaint(const DiffusionReport& report, Real passed, const LatentDiffusionOptions& options) {
  if (passed < 0.1 || options.amortised() || options.latent.particles < 2 || report.own_share <= 0.5)
    return "";
  return fmt::format(
      "the particles of one datum make {:.0f}% of all latents' variance: they do not tell data apart; "
      "`latent.start: pca`, a smaller step, or less `decoder.noise` may help",
      100 * report.own_share);
}

/// Runs the stage to its end; whether it was reached.
bool run_stage(TrainingStage& training, const LatentDiffusionOptions& options, Index before,
               RunOutput& output, RunControl& control) {
  const Index per_epoch = training.flow->iterations_per_epoch(), iterations = training.stage->planned_steps();
  const Index every = std::max(Index(1), options.train.epochs / options.train.reports) * per_epoch;
  bool warned = false;
  return control.run(*training.stage, latent_diffusion_stages().number(training.name), [&](const Tick& tick) {
    if (tick.step % every != 0 && tick.step != iterations) return;
    const Phase phase("metrics");
    const ConstBlockViews blocks(*training.flow->layout(), training.stage->state().vec());
    const DiffusionReport report = training.flow->report(blocks);
    output.report(before + tick.step, Real(before + tick.step) / Real(per_epoch),
                  {{"error", report.error},
                   {"prior_loss", report.prior_loss},
                   {"deviation", report.deviation},
                   {"own_share", report.own_share}});
    output.log(fmt::format(
        "epoch {}: error {:.4g}, prior loss {:.4g}, deviation of latents {:.3g}, own share {:.2f}",
        tick.step / per_epoch, report.error, report.prior_loss, report.deviation, report.own_share));
    const std::string wrong = complaint(report, Real(tick.step) / Real(iterations), options);
    if (!wrong.empty() && !warned) output.log("warning: " + wrong);
    warned = warned || !wrong.empty();
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

  void save(Hdf5File& file) const {
    write_network(file, "/likelihood_stage/decoder", decoder.averaged);
    write_network(file, "/likelihood_stage/decoder_last", decoder.last);
    file.write("/likelihood_stage/noise", {noise}, {1});
  }
  static LearnedLikelihood read(const Hdf5File& file) {
    return {{read_network(file, "/likelihood_stage/decoder", ""),
             read_network(file, "/likelihood_stage/decoder_last", "")},
            file.read("/likelihood_stage/noise").at(0)};
  }
};

LearnedLikelihood likelihood_of(const LatentDiffusionOptions& options, Index data, TrainingStage& training,
                                const Communicator& comm) {
  return {network_of(training, training.flow->decoder, options.decoder.shape(options.latent.dimension, data),
                     comm),
          std::sqrt(training.flow->running().noise_variance)};
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

/// Blocks of the same name are carried over from one stage to the next.
void carry_over(TrainingStage& from, TrainingStage& to) {
  const BlockViews source = from.blocks(), goal = to.blocks();
  for (Index b = 0; b < from.flow->layout()->blocks(); ++b)
    for (Index c = 0; c < to.flow->layout()->blocks(); ++c)
      if ((*from.flow->layout())[b].name == (*to.flow->layout())[c].name)
        Kokkos::deep_copy(goal[c], source[b]);
}

}  // namespace

std::optional<DiffusionModel> train_diffusion(const LatentDiffusionOptions& options, const Ensemble& rows,
                                              const std::vector<std::string>& columns, RunOutput& output,
                                              RunControl& control) {
  const RunOptions& run = output.run();
  const bool apart = options.train.prior_afterwards && options.prior.diffusion();
  LatentDiffusionOptions first = options;
  if (apart) first.prior.law = GaussianPriorOptions();
  TrainingStage training =
      make_stage(first, apart ? DiffusionParts::without_prior : DiffusionParts::all, rows, "train", run);
  const Index iterations = training.stage->planned_steps();
  output.log(fmt::format("{} rows, {} epochs of {} iterations of {} particles", rows.particles(),
                         options.train.epochs, training.flow->iterations_per_epoch(),
                         training.flow->batch()));
  TrainingStage prior;
  if (apart) prior = make_stage(options, DiffusionParts::prior_alone, rows, "train_prior", run);
  const Checkpoint* from = latent_diffusion_stages().checkpoint_of_stage(output, "train_prior");
  std::optional<LearnedLikelihood> likelihood;
  if (from) {
    likelihood = LearnedLikelihood::read(from->file());
  } else {
    if (!run_stage(training, options, 0, output, control)) return {};
    likelihood = likelihood_of(options, rows.components(), training, output.comm());
    if (apart) carry_over(training, prior);
  }
  if (!apart) return model_of(options, *likelihood, training, columns, output.comm());
  const auto kept = control.keep([&](Hdf5File& file) { likelihood->save(file); });
  if (!run_stage(prior, options, iterations, output, control)) return {};
  return model_of(options, *likelihood, prior, columns, output.comm());
}

}  // namespace weir
