#include "methods/latent_diffusion/LatentDiffusionCost.hpp"

#include "methods/generative/ChainStepCost.hpp"
#include "methods/generative/ClassifierCost.hpp"
#include "methods/latent_diffusion/decoder/Decoder.hpp"
#include "methods/latent_diffusion/generation/AnnealedLikelihood.hpp"
#include "methods/latent_diffusion/generation/DiffusionSampling.hpp"
#include "methods/latent_diffusion/generation/PosteriorFlow.hpp"
#include "methods/latent_diffusion/generation/Reconstruction.hpp"
#include "methods/latent_diffusion/training/DiffusionTrainingCost.hpp"
#include "weir/input/DataFile.hpp"
#include "weir/networks/MlpFlops.hpp"

namespace weir {

namespace {

/// Shapes as a training would leave them, with any parameters.
DiffusionModel any_model(const LatentDiffusionOptions& options, Index components) {
  const auto network = [](const MlpShape& shape) {
    return StoredNetwork{shape, std::vector<Real>(std::size_t(Mlp<Real>(shape).parameters()), 0.01)};
  };
  const Index q = options.latent.dimension;
  DiffusionModel model;
  model.decoder = {options.decoder.shape(q, components),
                   std::vector<Real>(std::size_t(options.decoder.parameters(q, components)), 0.01)};
  model.decoder_options = options.decoder;
  model.mean.assign(std::size_t(q), 0);
  model.deviation.assign(std::size_t(q), 1);
  if (!options.prior.diffusion()) return model;
  model.prior_options = *options.prior.diffusion();
  model.prior = network(score_shape(*model.prior_options, q));
  return model;
}

}  // namespace

std::vector<CostedPart> latent_diffusion_costs(const LatentDiffusionOptions& options,
                                               const Communicator& comm, const RunOptions& run,
                                               std::optional<DiffusionModel> read) {
  DataShape data;
  comm.agree([&] {
    data = shape_of(options.data);
    check_split(options.split, "0", data.rows, options.where + ".split");
  });
  const Index rows = train_size(data.rows, options.split), d = data.components;
  const auto model = std::make_shared<const DiffusionModel>(read ? std::move(*read) : any_model(options, d));
  const Index q = model->latent();
  std::vector<CostedPart> parts;
  const auto add = [&](const char* name, std::unique_ptr<CostModel> cost) {
    parts.push_back({name, std::move(cost)});
  };
  const auto training = [&](const LatentDiffusionOptions& of_stage, DiffusionParts stage_parts) {
    return std::make_unique<DiffusionTrainingCost>(of_stage, stage_parts, rows, d, run);
  };
  const auto warming = [&](LatentDiffusionOptions of_stage, DiffusionParts stage_parts) {
    RunOptions of_rows = run;
    of_rows.tile = rows_per_tile(of_stage, run.tile);
    of_stage.latent.particles = 1;
    return std::make_unique<DiffusionTrainingCost>(of_stage, stage_parts, rows, d, of_rows);
  };
  const bool apart = options.train.prior_afterwards && options.prior.diffusion();
  if (options.model.empty()) {
    LatentDiffusionOptions first = options;
    if (apart) first.prior.law = GaussianPriorOptions();
    const DiffusionParts first_parts = apart ? DiffusionParts::without_prior : DiffusionParts::all;
    if (options.latent.warm_up > 0) add("warm_up", warming(first, first_parts));
    add("train", training(first, first_parts));
    if (apart) add("train_prior", training(options, DiffusionParts::prior_alone));
  }
  if (model->prior && options.generate.sampler == "reverse_sde") {
    ChainShape shape;
    shape.rows = options.generate.count;
    shape.flops = Real(MlpFlops(model->prior->shape).value);
    shape.numbers = Real(3 * q);
    add("sample", std::make_unique<ChainStepCost>(
                      shape, [=](Index rows) { return seconds_of_sampling_step(*model, rows, run); }, run));
  }
  const DecoderFlops decoder = flops_of(model->decoder_options, q, d);
  PosteriorTask task;
  if (options.wants_reconstructions()) {
    task.starts = reconstruction_starts;
    ChainShape shape;
    shape.rows = data.rows - rows;
    shape.replicas = task.starts;
    shape.flops = Real(decoder.value + decoder.vjp(false, true));
    shape.moves = 1;
    shape.numbers = Real(5 * q) + Real(d) / reconstruction_starts;
    add("reconstruct",
        std::make_unique<ChainStepCost>(
            shape, [=](Index some) { return seconds_of_posterior_step(*model, task, some, run); }, run));
  }
  if (options.generate.given) {
    const CompleteOptions& given = *options.generate.given;
    task = PosteriorTask();
    task.known = known_columns(given, d, data.columns, options.where);
    task.drawn = true;
    ChainShape shape;
    shape.rows = data.rows - rows;
    comm.agree([&] {
      if (given.file) shape.rows = open_data(*given.file)->rows();
    });
    shape.flops = Real(decoder.value + decoder.vjp(false, true));
    if (model->prior) shape.flops += Real(MlpFlops(model->prior->shape).value);
    shape.moves = 1;
    shape.numbers = Real(3 * q + d);
    shape.rule = PreconditionedLangevinOptions();
    shape.components = q;
    add("complete",
        std::make_unique<ChainStepCost>(
            shape, [=](Index some) { return seconds_of_posterior_step(*model, task, some, run); }, run));
  }
  if (options.likelihood) {
    task = likelihood_task(*options.likelihood);
    ChainShape shape;
    shape.rows = std::min(options.likelihood->rows, data.rows - rows);
    shape.replicas = task.starts;
    shape.flops = Real(2 * decoder.value + decoder.vjp(false, true));
    if (model->prior) shape.flops += Real(MlpFlops(model->prior->shape).value);
    shape.moves = 1;
    shape.numbers = Real(3 * q + 2) + Real(d) / Real(task.starts);
    shape.blocks = 2;
    shape.rule = PreconditionedLangevinOptions();
    shape.components = q;
    add("likelihood",
        std::make_unique<ChainStepCost>(
            shape, [=](Index some) { return seconds_of_posterior_step(*model, task, some, run); }, run));
  }
  RunOptions of_rows = run;
  of_rows.tile = rows_per_tile(options, run.tile);
  add_classifier_cost(options.metrics, options.data, options.split, options.where, comm, of_rows, parts);
  return parts;
}

}  // namespace weir
