#include "methods/latent_diffusion/LatentDiffusionCost.hpp"

#include <functional>

#include "methods/latent_diffusion/DiffusionSampling.hpp"
#include "methods/latent_diffusion/DiffusionTrainingCost.hpp"
#include "methods/latent_diffusion/PosteriorFlow.hpp"
#include "methods/latent_diffusion/Reconstruction.hpp"
#include "weir/input/DataFile.hpp"
#include "weir/networks/MlpFlops.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

/// A step of chains that are by themselves: nothing but the check is sent.
class ChainStepCost : public CostModel {
 public:
  /// Seconds of a step of so many particles, on this rank alone.
  using Seconds = std::function<Real(Index particles)>;
  ChainStepCost(Index rows, Index replicas, Index flops, Real numbers, Seconds seconds, const RunOptions& run,
                bool moves, Index estimated = 0)
      : rows_(rows),
        replicas_(replicas),
        flops_(flops),
        numbers_(numbers),
        seconds_(std::move(seconds)),
        run_(run),
        moves_(moves),
        estimated_(estimated) {}

  void measure(const Communicator& comm) override {
    const Index particles = std::min(rows_ * replicas_, 4 * run_.tile);
    particle_ = slowest(comm, [&] { return seconds_(particles); }) / Real(particles);
  }
  Cost at(int ranks) const override {
    const Partition partition(0, ranks, rows_, run_.tile, replicas_);
    const Real all = Real(partition.particles()), most = Real(partition.most_local_particles());
    Cost cost;
    cost.traffic["check"] = reduction(ranks, real_size);
    if (estimated_ > 0) {  // PreconditionedLangevinRule
      cost.traffic["rules"] = exact_sum(ranks, estimated_);
      cost.traffic["rules"] += reduction(ranks, Index(sizeof(Index)));
    }
    cost.flops = all * Real(flops_);
    cost.moves = moves_ ? all : 0;
    cost.other_seconds = particle_ * most;
    cost.even_seconds = particle_ * all / ranks;
    cost.tiles = partition.tiles();
    cost.memory = Real(real_size) * most * numbers_;
    return cost;
  }

 private:
  Index rows_, replicas_, flops_;
  Real numbers_;
  Seconds seconds_;
  RunOptions run_;
  bool moves_;
  Index estimated_;  // components whose mean squares the rule keeps
  Real particle_ = 0;
};

/// Shapes as a training would leave them, with any parameters.
DiffusionModel any_model(const LatentDiffusionOptions& options, Index components) {
  const auto network = [](const MlpShape& shape) {
    return StoredNetwork{shape, std::vector<Real>(std::size_t(Mlp<Real>(shape).parameters()), 0.01)};
  };
  const Index q = options.latent.dimension;
  DiffusionModel model;
  model.decoder = network(options.decoder.shape(q, components));
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
                                               const Communicator& comm, const RunOptions& run) {
  DataShape data;
  comm.agree([&] {
    data = shape_of(options.data);
    check_split(options.split, 0, data.rows, options.where + ".split");
  });
  const Index rows = train_size(data.rows, options.split), d = data.components, q = options.latent.dimension;
  const auto model = std::make_shared<const DiffusionModel>(any_model(options, d));
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
  if (model->prior && options.generate.sampler == "reverse_sde")
    add("sample",
        std::make_unique<ChainStepCost>(
            options.generate.count, 1, MlpFlops(model->prior->shape).value, Real(3 * q),
            [=](Index particles) { return seconds_of_sampling_step(*model, particles, run); }, run, false));
  const MlpFlops decoder(model->decoder.shape);
  if (options.wants_reconstructions()) {
    add("reconstruct", std::make_unique<ChainStepCost>(
                           data.rows - rows, reconstruction_starts, decoder.value + decoder.vjp(false, true),
                           Real(5 * q) + Real(d) / reconstruction_starts,
                           [=](Index particles) {
                             PosteriorTask task;
                             task.starts = reconstruction_starts;
                             task.end = model->data();
                             return seconds_of_posterior_step(
                                 *model, task, std::max(Index(1), particles / reconstruction_starts), run);
                           },
                           run, true));
  }
  if (options.generate.given) {
    Index count = data.rows - rows;
    comm.agree([&] {
      if (options.generate.given->file) count = open_data(*options.generate.given->file)->rows();
    });
    PosteriorTask task;
    task.first = (*options.generate.given->columns)[0];
    task.end = (*options.generate.given->columns)[1];
    task.drawn = true;
    add("complete",
        std::make_unique<ChainStepCost>(
            count, 1,
            decoder.value + decoder.vjp(false, true) +
                (model->prior ? MlpFlops(model->prior->shape).value : 0),
            Real(3 * q + d),
            [=](Index particles) { return seconds_of_posterior_step(*model, task, particles, run); }, run,
            true, q));
  }
  return parts;
}

}  // namespace weir
