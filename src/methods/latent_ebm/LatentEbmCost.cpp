#include "methods/latent_ebm/LatentEbmCost.hpp"

#include "methods/generative/BatchTrainingCost.hpp"
#include "methods/generative/ChainStepCost.hpp"
#include "methods/generative/ClassifierCost.hpp"
#include "methods/latent_ebm/generation/Generation.hpp"
#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "methods/latent_ebm/likelihood/AnnealingFlow.hpp"
#include "methods/latent_ebm/likelihood/Likelihood.hpp"
#include "methods/latent_ebm/likelihood/PosteriorFit.hpp"
#include "methods/latent_ebm/training/EbmTrainingCost.hpp"
#include "weir/input/DataFile.hpp"
#include "weir/networks/MlpFlops.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {

namespace {

/// A model of the deck's shapes, with any parameters.
EbmModel any_model(const LatentEbmOptions& options, const EnergyShape& shape, const RunOptions& run) {
  const MlpShape network = network_shape(options.energy, shape);
  const StoredNetwork stored{network, std::vector<Real>(std::size_t(Mlp<Real>(network).parameters()), 0.01)};
  return {shape,
          stored,
          stored,
          Standardisation(),
          Ensemble(Communicator(MPI_COMM_SELF), 1, shape.components(), run.tile),
          RestartLaw(),
          frozen_rule(options.train.latents.rule, 1, 1),
          frozen_rule(options.train.negatives.rule, 1, 1),
          options.train.data_noise,
          options.energy,
          {}};
}

/// Builds the parts one by one, all of one deck.
class EbmParts {
 public:
  EbmParts(const LatentEbmOptions& options, const DataShape& data, std::optional<EbmModel> model,
           const RunOptions& run)
      : options_(options),
        run_(run),
        names_(data.columns),
        rows_(train_size(data.rows, options.split)),
        held_out_(data.rows - rows_),
        shape_{data.components, model ? model->shape.latent : options.latent_dimension()},
        energy_(model ? model->options : options.energy, shape_),
        model_(
            std::make_shared<const EbmModel>(model ? std::move(*model) : any_model(options, shape_, run))) {}

  std::vector<CostedPart> all() {
    const LatentEbmGenerateOptions& generate = options_.generate;
    const Index d = shape_.data;
    if (options_.model.empty()) add("train", std::make_unique<EbmTrainingCost>(options_, rows_, d, run_));
    if (generate.steps > 0) add_chains("generate", generate.count, d, true, generate.steps);
    if (generate.given) {
      const Index known = Index(known_columns(*generate.given, d, names_, options_.where).size());
      const Index chains = generate.given->file ? open_data(*generate.given->file)->rows() : held_out_;
      add_chains("condition", chains, d - known, true, generate.given->steps);
    }
    if (generate.reconstruct && shape_.latent > 0) {
      const auto& file = generate.reconstruct->file;
      const Index rows = file ? open_data(*file)->rows() : held_out_;
      add_chains("infer", rows, 0, true, generate.reconstruct->steps);
      add_chains("reconstruct", rows, d, false, generate.reconstruct->steps);
    }
    if (generate.from_latents && shape_.latent > 0)
      add_chains("from_latents", open_data(generate.from_latents->file)->rows(), d, false,
                 generate.from_latents->steps);
    if (options_.likelihood) add_likelihood();
    return std::move(parts_);
  }

 private:
  void add(const char* name, std::unique_ptr<CostModel> cost) { parts_.push_back({name, std::move(cost)}); }

  /// Chains of (w, z): w of so many components, z free or given.
  void add_chains(const char* name, Index chains, Index free_data, bool free_latents, Index moves) {
    const RuleOptions rule = model_->mover(free_data > 0, free_latents);
    SamplingOptions sampling;
    sampling.rule = rule;
    sampling.moves = moves_of_step(moves);
    ChainShape shape;
    shape.rows = chains;
    shape.flops = Real(evaluations_of(rule, sampling.moves) * energy_.slope);
    shape.moves = sampling.moves;
    shape.numbers = Real(5 * shape_.components() + 2);
    shape.rule = rule;
    shape.components = free_data + (free_latents ? shape_.latent : 0);
    const auto seconds = [=, model = model_, run = run_](Index rows) {
      SampledParts parts;
      parts.free_data = free_data;
      parts.free_latents = free_latents;
      if (free_data < model->shape.data)
        parts.basis.assign(std::size_t(std::max(Index(1), model->shape.data * free_data)), 0.1);
      const Communicator self(MPI_COMM_SELF);
      const auto flow = make_sampling_flow(model->options, model->shape, model->energy.parameters, parts,
                                           sampling, nullptr, self, rows, run, 0);
      SteppingOptions stepping;
      stepping.end = 1e6;
      stepping.step = 1;
      stepping.single = run.single_precision();
      Stage stage(stepping, *flow, "generate");
      return shortest_step(stage);
    };
    add(name, std::make_unique<ChainStepCost>(shape, seconds, run_));
  }

  void add_likelihood() {
    const LikelihoodOptions& likelihood = *options_.likelihood;
    const bool bounds = likelihood.gaussian_bound && shape_.latent > 0;
    const Index rows =
        std::min(likelihood.rows, likelihood.file ? open_data(*likelihood.file)->rows() : held_out_);
    const bool grid = EbmLikelihood::by_grid(likelihood, shape_);
    if (!grid) add_annealing("normalise", likelihood.chains, 1, false);
    if (!grid || bounds) add_annealing("likelihood", rows, likelihood.repeats, true);
    if (bounds) add_bound();
  }

  /// A temperature: the energy once, and two moves.
  void add_annealing(const char* name, Index rows, Index repeats, bool given) {
    ChainShape shape;
    shape.rows = rows;
    shape.replicas = repeats;
    shape.flops = Real(energy_.value + 3 * energy_.slope);
    shape.moves = 2;
    shape.numbers = Real(4 * shape_.components() + 3);
    shape.blocks = 2;
    shape.rule = MalaOptions();
    const auto seconds = [=, model = model_, run = run_](Index some) {
      const Communicator self(MPI_COMM_SELF);
      AnnealingOptions options;
      options.temperatures = 1000000;
      options.chains = some;
      options.repeats = repeats;
      if (given) options.rows.emplace(self, some, model->shape.data, std::max(Index(1), run.tile / repeats));
      return seconds_of_temperature(*model, options, run);
    };
    add(name, std::make_unique<ChainStepCost>(shape, seconds, run_));
  }

  void add_bound() {
    const PosteriorFitOptions fit = careful_posterior_fit();
    RunOptions run = run_;
    run.tile = rows_per_tile(options_, run_.tile);
    const MlpShape network = AmortisedPosterior<Real>::shape_of(fit.posterior, shape_.data, shape_.latent);
    BatchTrainingShape shape;
    shape.parameters = Mlp<Real>(network).parameters();
    shape.rows = {rows_};
    shape.batch = fit.batch;
    shape.clipped = std::get<ParameterRuleOptions>(fit.posterior.rule.rule).clip.has_value();
    shape.single = run.single_precision();
    shape.row_numbers = shape_.data;
    const MlpFlops flops(network);
    shape.row_flops = flops.value + flops.vjp(true, false) + energy_.slope;
    add("bound", std::make_unique<BatchTrainingCost>(
                     shape,
                     [=, model = model_](Index tiles) {
                       const Ensemble some(Communicator(MPI_COMM_SELF), tiles * run.tile, model->shape.data,
                                           run.tile);
                       return seconds_of_fit(*model, fit, some, run);
                     },
                     run));
  }

  LatentEbmOptions options_;
  RunOptions run_;
  std::vector<std::string> names_;  // of the data's columns
  Index rows_, held_out_;
  EnergyShape shape_;
  EnergyFlops energy_;
  std::shared_ptr<const EbmModel> model_;
  std::vector<CostedPart> parts_;
};

}  // namespace

std::vector<CostedPart> latent_ebm_costs(const LatentEbmOptions& options, const Communicator& comm,
                                         const RunOptions& run, std::optional<EbmModel> model) {
  std::vector<CostedPart> parts;
  comm.agree([&] { parts = EbmParts(options, shape_of(options.data), std::move(model), run).all(); });
  RunOptions of_rows = run;
  of_rows.tile = rows_per_tile(options, run.tile);
  add_classifier_cost(options.metrics, options.data, options.split, options.where, comm, of_rows, parts);
  return parts;
}

}  // namespace weir
