#include "methods/latent_diffusion/LatentDiffusion.hpp"

#include <unistd.h>

#include <algorithm>

#include "methods/generative/ModelFile.hpp"
#include "methods/generative/Samples.hpp"
#include "methods/latent_diffusion/DiffusionStages.hpp"
#include "methods/latent_diffusion/LatentDiffusionCost.hpp"
#include "methods/latent_diffusion/generation/AnnealedLikelihood.hpp"
#include "methods/latent_diffusion/generation/Completion.hpp"
#include "methods/latent_diffusion/generation/DiffusionSampling.hpp"
#include "methods/latent_diffusion/generation/Reconstruction.hpp"
#include "methods/latent_diffusion/training/DiffusionTraining.hpp"
#include "methods/latent_diffusion/training/DiffusionTrainingCost.hpp"
#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "training/TrainingLength.hpp"
#include "weir/base/Calls.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/DataFile.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

namespace {

bool plain_langevin(const ParticleRuleChoice& choice) {
  const auto* rule = std::get_if<LangevinOptions>(&choice.rule);
  return rule && rule->name == "langevin";
}

/// Bytes that a rank may take: as the deck says, or its share of the node's memory.
Real memory_of_rank(const Communicator& comm, const RunOptions& run) {
  if (run.machine.memory) return *run.machine.memory;
  MPI_Comm node = MPI_COMM_NULL;
  int ranks = 1;
  WEIR_MPI(MPI_Comm_split_type(comm.mpi(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  WEIR_MPI(MPI_Comm_size(node, &ranks));
  WEIR_MPI(MPI_Comm_free(&node));
  const Real bytes = Real(sysconf(_SC_PHYS_PAGES)) * Real(sysconf(_SC_PAGE_SIZE)) / ranks;
  return -comm.max(-bytes);
}

}  // namespace

/// Whether the training fits; else how many ranks it takes.
void LatentDiffusion::check_memory(const Communicator& comm, const RunOptions& run,
                                   const DataShape& shape) const {
  const Index rows = train_size(shape.rows, options_.split);
  if (rows < 1) return;  // make_data says so
  const DiffusionTrainingCost cost(options_, DiffusionParts::all, rows, shape.components, run);
  const Real most = memory_of_rank(comm, run), wanted = cost.at(comm.size()).memory;
  if (wanted <= most) return;
  int enough = comm.size();
  constexpr int many = 1 << 20;
  while (enough < many && cost.at(enough).memory > most) enough *= 2;
  for (int step = enough / 2; step > 0; step /= 2)
    if (enough - step >= comm.size() && cost.at(enough - step).memory <= most) enough -= step;
  const std::string remedy = enough < many
                                 ? fmt::format("{} ranks would do", enough)
                                 : "more ranks do not help: networks alone are too large, or `run.tile` is";
  throw InputError(options_.where + ".data",
                   fmt::format("{} rows with {} latents each take {:.3g} bytes a rank on {}, and a rank has "
                               "{:.3g} (`run.machine.memory`); {}",
                               rows, options_.latent.particles, wanted, comm.size(), most, remedy));
}

/// Whether the columns that completions are given are there.
void LatentDiffusion::check_given(const Communicator& comm, const DataShape& shape) const {
  if (!options_.generate.given) return;
  const CompleteOptions& given = *options_.generate.given;
  const auto known = known_columns(given, shape.components, shape.columns, options_.where);
  comm.agree([&] { check_given_file(given, Index(known.size()), options_.where); });
}

/// The flow of a few rows: what is wrong with rules and shapes shows in it.
void LatentDiffusion::check_options(const Communicator& comm, const RunOptions& run) const {
  DataShape shape;
  comm.agree([&] { shape = shape_of(options_.data); });
  if (options_.latent.dimension > shape.components && options_.latent.start == "pca" && !options_.amortised())
    throw InputError(
        options_.where + ".latent.start",
        fmt::format("there are {} principal components for latents of {}; choose noise, or fewer "
                    "components",
                    shape.components, options_.latent.dimension));
  if (std::holds_alternative<MalaOptions>(options_.train.latents.rule.rule))
    throw InputError(options_.where + ".train.latents.rule",
                     "mala asks for the energy of a latent, and the bound of a diffusion gives its gradient "
                     "alone; choose langevin, preconditioned_langevin or underdamped_langevin");
  if (options_.train.catch_up && !plain_langevin(options_.train.latents.rule))
    throw InputError(options_.where + ".train.catch_up",
                     "steps of other lengths are those of `latents.rule: langevin`; choose it, or leave "
                     "`catch_up` out");
  if (options_.decoder.images())
    options_.decoder.image_shape(options_.latent.dimension, shape.components, options_.where);
  if (options_.likelihood && options_.prior.mixture())
    throw InputError(options_.where + ".likelihood",
                     "annealed chains need the score of the prior, which they have of `diffusion` and "
                     "`gaussian`; choose one of these, or leave `likelihood` out");
  check_given(comm, shape);
  const Ensemble rows(comm, 2, shape.components, rows_per_tile(options_, run.tile));
  const auto flow = make_diffusion_training(options_, DiffusionParts::all, rows, run, 0);
  const Stage stage(SteppingOptions(), *flow, options_.where + ".train");
}

/// The model that the deck names, of the shapes of the data; nothing where one is trained.
std::optional<DiffusionModel> LatentDiffusion::check_model(const Communicator& comm) const {
  if (options_.model.empty()) return {};
  DiffusionModel model = read_model(comm);
  DataShape shape;
  comm.agree([&] { shape = shape_of(options_.data); });
  check_model_fits(options_.model, model.data(), shape.components, options_.where + ".model");
  return model;
}

void LatentDiffusion::prepare(const Communicator& comm, const RunOptions& run) {
  check_options(comm, run);
  if (!check_model(comm)) {
    DataShape shape;
    comm.agree([&] { shape = shape_of(options_.data); });
    check_memory(comm, run, shape);
  }
  data_ = make_data(options_.data, options_.split, comm, run, rows_per_tile(options_, run.tile));
  close_files(options_.data);
  check_labels(options_.metrics, data_->train_labels, options_.where);
  check_generated(options_.metrics, options_.generate.count, options_.where);
  const bool completes = options_.generate.given && !options_.generate.given->file;
  if ((!options_.metrics.report.empty() || completes || options_.generate.interpolate ||
       options_.likelihood) &&
      data_->test.particles() < 2)
    throw InputError(
        options_.where + ".split",
        "no rows are held out, which metrics, likelihoods, interpolations and completions are of: give "
        "`split.test`, or leave these out");
}

void LatentDiffusion::check(const Communicator& comm, const RunOptions& run) {
  LatentDiffusion few;
  few.options_ = options_;
  few.options_.data = smaller(few.options_.data, 1000);
  few.prepare(comm, run);
}

std::vector<CostedPart> LatentDiffusion::costs(const Communicator& comm, const RunOptions& run) const {
  check_options(comm, run);
  return latent_diffusion_costs(options_, comm, run, check_model(comm));
}

bool LatentDiffusion::may_change(const DeckDifference& change, const Checkpoint& from) const {
  const LatentDiffusionTrainOptions& train = options_.train;
  if (options_.latent.warm_up > 0 || train.prior_afterwards) return false;
  std::vector<ParameterRuleChoice> rules{train.decoder.rule, train.prior.rule};
  if (options_.amortised()) rules.push_back(train.posterior.rule);
  return change.key == options_.where + ".train.epochs" &&
         may_change_length(change, {train.epochs, "epochs", rules}, latent_diffusion_stages(options_), from);
}

DiffusionModel LatentDiffusion::read_model(const Communicator& comm) const {
  const std::string where = options_.where + ".model";
  return read_model_file(options_.model, comm, where,
                         [&](const Hdf5File& file) { return DiffusionModel::read(file, "", where); });
}

/// The model, trained, read, or as the checkpoint has it; nothing where the run was stopped.
std::optional<DiffusionModel> LatentDiffusion::learn(RunOutput& output, RunControl& control) {
  const StageList stages = latent_diffusion_stages(options_);
  if (const Checkpoint* from = output.restart();
      from && from->standing().stage > stages.number("train_prior"))
    return DiffusionModel::read(from->file(), "/model", options_.where + ".model");
  if (!options_.model.empty()) return read_model(output.comm());
  auto model = train_diffusion(options_, data_->train, data_->columns, output, control);
  if (model)
    commit_hdf5(output.comm(), output.path("networks.h5"), [&](Hdf5File& file) {
      model->save(file, "");
      output.write_deck(file);
    });
  return model;
}

void LatentDiffusion::run(RunOutput& output, RunControl& control) {
  const StageList stages = latent_diffusion_stages(options_);
  const LatentDiffusionGenerateOptions& generate = options_.generate;
  const auto stopped = [&] { output.finish(control.status(), 0, 0); };
  const auto model = learn(output, control);
  if (!model) return stopped();
  const auto model_kept = control.keep([&](Hdf5File& file) { model->save(file, "/model"); });

  const auto latents = sample_latents(*model, generate, options_.where, stages, output, control);
  if (!latents) return stopped();
  const auto keep = [&](const char* name, const Ensemble& rows) {
    return control.keep([&, name](Hdf5File& file) {
      write_particles(file, std::string("/generated/") + name, rows.partition, rows.x);
    });
  };
  const auto latents_kept = keep("latents", *latents);
  const Ensemble samples = decode(*model, *latents, output.run());
  std::vector<NamedRows> tables{{"samples", &samples}, {"latents", &*latents}};
  Metrics errors;

  std::optional<Reconstructed> reconstructed;
  const auto reconstructed_kept = control.keep([&](Hdf5File& file) {
    if (reconstructed)
      write_particles(file, "/generated/reconstructed", reconstructed->latents.partition,
                      reconstructed->latents.x);
  });
  if (options_.wants_reconstructions()) {
    reconstructed =
        reconstruct(*model, *latents, samples, data_->test, options_.where, stages, output, control);
    if (!reconstructed) return stopped();
    tables.push_back({"reconstructions", &reconstructed->rows});
    if (options_.metrics.wants("reconstruction")) errors.emplace_back("reconstruction", reconstructed->error);
  }
  std::optional<Ensemble> between;
  if (generate.interpolate) {
    between = interpolate(*model, *generate.interpolate, reconstructed->latents, output.run());
    tables.push_back({"interpolations", &*between});
  }
  std::optional<Completed> completed;
  const auto completed_kept = control.keep([&](Hdf5File& file) {
    if (completed)
      write_particles(file, "/generated/completed", completed->latents.partition, completed->latents.x);
  });
  if (generate.given) {
    const auto known =
        known_columns(*generate.given, data_->train.components(), data_->columns, options_.where);
    const Ensemble given = rows_with_given(*generate.given, known, data_->test, options_.where, output.run());
    completed = complete(*model, *generate.given, known, *latents, samples, given, options_.where, stages,
                         output, control);
    if (!completed) return stopped();
    tables.push_back({"completions", &completed->rows});
    if (completed->error) errors.emplace_back("completion", *completed->error);
  }
  Metrics likelihood;
  const auto likelihood_kept = control.keep([&](Hdf5File& file) {
    if (!likelihood.empty())
      file.write("/generated/likelihood", {likelihood[0].second, likelihood[1].second}, {2});
  });
  if (options_.likelihood) {
    const Checkpoint* from = output.restart();
    if (from && from->standing().stage > stages.number("likelihood")) {
      const auto found = from->file().read("/generated/likelihood");
      likelihood = {{"log_likelihood", found.at(0)}, {"log_likelihood_error", found.at(1)}};
    } else {
      const auto found = measure_likelihood(*model, *options_.likelihood, *latents, data_->test,
                                            options_.where, stages, output, control);
      if (!found) return stopped();
      likelihood = *found;
    }
    errors.insert(errors.end(), likelihood.begin(), likelihood.end());
  }
  if (data_->test.particles() > 0) tables.push_back({"held_out", &data_->test});
  write_samples(output, tables, model->columns);

  const auto metrics =
      measure_samples(options_.metrics, samples, *data_, options_.where, stages, output, control);
  if (!metrics) return stopped();
  Metrics all = *metrics;
  all.insert(all.end(), errors.begin(), errors.end());
  for (const auto& [name, value] : all) output.log(fmt::format("{}: {:.6g}", name, value));
  output.summarise(all);
  output.finish(control.status(), options_.train.epochs, Real(options_.train.epochs));
}

}  // namespace weir
