#include "methods/latent_diffusion/LatentDiffusion.hpp"

#include <algorithm>

#include "methods/generative/ModelFile.hpp"
#include "methods/generative/Samples.hpp"
#include "methods/latent_diffusion/DiffusionSampling.hpp"
#include "methods/latent_diffusion/DiffusionTraining.hpp"
#include "methods/latent_diffusion/LatentDiffusionCost.hpp"
#include "methods/latent_diffusion/LatentDiffusionFlow.hpp"
#include "methods/latent_diffusion/Reconstruction.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

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
  const Ensemble rows(comm, 2, shape.components, rows_per_tile(options_, run.tile));
  const auto flow = make_diffusion_training(options_, DiffusionParts::all, rows, run, 0);
  const Stage stage(SteppingOptions(), *flow, options_.where + ".train");
}

void LatentDiffusion::prepare(const Communicator& comm, const RunOptions& run) {
  check_options(comm, run);
  if (!options_.model.empty()) {
    const DiffusionModel model = read_model(comm);
    DataShape shape;
    comm.agree([&] { shape = shape_of(options_.data); });
    check_model_fits(options_.model, model.data(), shape.components, options_.where + ".model");
  }
  data_ = make_data(options_.data, options_.split, comm, run, rows_per_tile(options_, run.tile));
  close_files(options_.data);
  check_labels(options_.metrics, data_->train_labels, options_.where);
  if (!options_.metrics.report.empty() && data_->test.particles() < 2)
    throw InputError(
        options_.where + ".split",
        "no rows are held out, which metrics compare with: give `split.test`, or leave `metrics` out");
}

void LatentDiffusion::check(const Communicator& comm, const RunOptions& run) {
  LatentDiffusion few;
  few.options_ = options_;
  few.options_.data = smaller(few.options_.data, 1000);
  few.prepare(comm, run);
}

std::vector<CostedPart> LatentDiffusion::costs(const Communicator& comm, const RunOptions& run) const {
  check_options(comm, run);
  return latent_diffusion_costs(options_, comm, run);
}

DiffusionModel LatentDiffusion::read_model(const Communicator& comm) const {
  const std::string where = options_.where + ".model";
  return read_model_file(options_.model, comm, where,
                         [&](const Hdf5File& file) { return DiffusionModel::read(file, "", where); });
}

/// The model, trained, read, or as the checkpoint has it; nothing where the run was stopped.
std::optional<DiffusionModel> LatentDiffusion::learn(RunOutput& output, RunControl& control) {
  const StageList stages = latent_diffusion_stages();
  if (const Checkpoint* from = output.restart();
      from && from->standing().stage > stages.number("train_prior"))
    return DiffusionModel::read(from->file(), "/model", options_.where + ".model");
  if (!options_.model.empty()) return read_model(output.comm());
  auto model = train_diffusion(options_, data_->train, data_->columns, output, control);
  if (model)
    commit_hdf5(output.comm(), output.path("networks.h5"), [&](Hdf5File& file) { model->save(file, ""); });
  return model;
}

void LatentDiffusion::run(RunOutput& output, RunControl& control) {
  const StageList stages = latent_diffusion_stages();
  const auto stopped = [&] { output.finish(control.status(), 0, 0); };
  const auto model = learn(output, control);
  if (!model) return stopped();
  const auto model_kept = control.keep([&](Hdf5File& file) { model->save(file, "/model"); });

  const auto latents = sample_latents(*model, options_.generate, options_.where, output, control);
  if (!latents) return stopped();
  const auto latents_kept = control.keep(
      [&](Hdf5File& file) { write_particles(file, "/generated/latents", latents->partition, latents->x); });
  const Ensemble samples = decode(*model, *latents, output.run());
  std::vector<NamedRows> tables{{"samples", &samples}, {"latents", &*latents}};
  std::optional<Reconstructed> reconstructed;
  const auto reconstructed_kept = control.keep([&](Hdf5File& file) {
    if (reconstructed)
      write_particles(file, "/generated/reconstructed", reconstructed->latents.partition,
                      reconstructed->latents.x);
  });
  if (options_.metrics.wants("reconstruction")) {
    reconstructed = reconstruct(*model, *latents, samples, data_->test, options_.where, output, control);
    if (!reconstructed) return stopped();
    tables.push_back({"reconstructions", &reconstructed->rows});
  }
  if (data_->test.particles() > 0) tables.push_back({"held_out", &data_->test});
  write_samples(output, tables, model->columns);

  const auto metrics =
      measure_samples(options_.metrics, samples, *data_, options_.where, stages, output, control);
  if (!metrics) return stopped();
  Metrics all = *metrics;
  if (reconstructed) all.emplace_back("reconstruction", reconstructed->error);
  for (const auto& [name, value] : all) output.log(fmt::format("{}: {:.6g}", name, value));
  output.summarise(all);
  output.finish(control.status(), options_.train.epochs, Real(options_.train.epochs));
}

}  // namespace weir
