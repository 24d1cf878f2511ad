#include "methods/latent_ebm/LatentEbm.hpp"

#include <algorithm>

#include "methods/generative/ModelFile.hpp"
#include "methods/generative/Samples.hpp"
#include "methods/latent_ebm/EbmStages.hpp"
#include "methods/latent_ebm/LatentEbmCost.hpp"
#include "methods/latent_ebm/generation/Generation.hpp"
#include "methods/latent_ebm/likelihood/Likelihood.hpp"
#include "methods/latent_ebm/training/EbmTraining.hpp"
#include "methods/latent_ebm/training/LatentEbmFlow.hpp"
#include "training/TrainingLength.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/DataFile.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

/// The flow of a few rows and particles: what is wrong with rules and shapes shows in it.
void LatentEbm::check_options(const Communicator& comm, const RunOptions& run) const {
  DataShape shape;
  comm.agree([&] { shape = shape_of(options_.data); });
  EbmLikelihood::check(options_, {shape.components, options_.latent_dimension()});
  LatentEbmOptions few = options_;
  few.train.negatives.particles = std::min(few.train.negatives.particles, Index(2));
  few.train.batch = 1;
  const Ensemble rows(comm, 2, shape.components, rows_per_tile(options_, run.tile));
  const auto flow = make_ebm_training(few, rows, std::vector<Real>(std::size_t(shape.components), 0), run, 0);
  SteppingOptions stepping;
  stepping.order = StepOrder::in_turn;
  const Stage stage(stepping, *flow, options_.where + ".train");
}

/// Keys that a model without latents, or without noise on its data, has no use for.
void LatentEbm::check_uses(const EbmModel& model) const {
  const LatentEbmGenerateOptions& generate = options_.generate;
  Problems problems;
  const auto refuse = [&](bool given, const char* key, const char* missing) {
    if (!given) return;
    problems.collect([&] {
      throw InputError(options_.where + key, fmt::format("is for {}, which {} does not have: leave it out",
                                                         missing, options_.model.path));
    });
  };
  const bool latents = model.shape.latent > 0;
  refuse(!latents && generate.reconstruct, ".generate.reconstruct", "latents");
  refuse(!latents && generate.from_latents, ".generate.from_latents", "latents");
  refuse(!latents && options_.likelihood && options_.likelihood->gaussian_bound, ".likelihood.gaussian_bound",
         "latents");
  refuse(generate.denoise && model.data_noise == 0, ".generate.denoise", "noise on the data");
  problems.raise();
}

/// The model that the deck names, of the shapes of the data; nothing where one is trained.
std::optional<EbmModel> LatentEbm::check_model(const Communicator& comm, const RunOptions& run) const {
  if (options_.model.empty()) return {};
  EbmModel model = read_model(comm, run.tile);
  check_uses(model);
  EbmLikelihood::check(options_, model.shape);
  DataShape shape;
  comm.agree([&] { shape = shape_of(options_.data); });
  check_model_fits(options_.model, model.shape.data, shape.components, options_.where + ".model");
  return model;
}

/// Whether the columns that completions are given are there.
void LatentEbm::check_given(const Communicator& comm) const {
  if (!options_.generate.given) return;
  const GivenOptions& given = *options_.generate.given;
  comm.agree([&] {
    const DataShape shape = shape_of(options_.data);
    const auto known = known_columns(given, shape.components, shape.columns, options_.where);
    check_given_file(given, Index(known.size()), options_.where);
  });
}

/// Whether rows and latents of other files are there, with as many columns as they need.
void LatentEbm::check_files(const Communicator& comm, Index latent) const {
  const auto check = [&](const FileRows& rows, const std::string& key, Index columns, const char* whose,
                         Index least) {
    const std::string where = options_.where + key;
    const auto file = open_data(rows);
    if (file->columns() != columns)
      throw InputError(where, fmt::format("has {} column{}, and {} have {}; choose as many by `columns`",
                                          file->columns(), file->columns() == 1 ? "" : "s", whose, columns));
    if (file->rows() < least)
      throw InputError(where, fmt::format("has {} row{}; give at least {}", file->rows(),
                                          file->rows() == 1 ? "" : "s", least));
  };
  const LatentEbmGenerateOptions& generate = options_.generate;
  comm.agree([&] {
    const Index data = shape_of(options_.data).components;
    if (options_.likelihood && options_.likelihood->file)
      check(*options_.likelihood->file, ".likelihood.file", data, "the data", 2);
    if (generate.reconstruct && generate.reconstruct->file)
      check(*generate.reconstruct->file, ".generate.reconstruct.file", data, "the data", 1);
    if (generate.from_latents)
      check(generate.from_latents->file, ".generate.from_latents.file", latent, "latents", 1);
  });
}

void LatentEbm::prepare(const Communicator& comm, const RunOptions& run) {
  check_options(comm, run);
  const auto model = check_model(comm, run);
  check_given(comm);
  check_files(comm, model ? model->shape.latent : options_.latent_dimension());
  data_ = read_ebm_data(options_, comm, run, rows_per_tile(options_, run.tile));
  check_labels(options_.metrics, data_->law.train_labels, options_.where);
  check_generated(options_.metrics, options_.generate.count, options_.where);
  const bool wanted = !options_.metrics.report.empty() ||
                      (options_.likelihood && !options_.likelihood->file) ||
                      (options_.generate.reconstruct && !options_.generate.reconstruct->file) ||
                      (options_.generate.given && !options_.generate.given->file);
  if (wanted && data_->law.test.particles() < 2)
    throw InputError(
        options_.where + ".split",
        "no rows are held out, which metrics, likelihood and reconstructions are of: give `split.test`, or "
        "leave these out");
}

void LatentEbm::check(const Communicator& comm, const RunOptions& run) {
  LatentEbm few;
  few.options_ = options_;
  few.options_.data = smaller(few.options_.data, 1000);
  few.prepare(comm, run);
}

std::vector<CostedPart> LatentEbm::costs(const Communicator& comm, const RunOptions& run) const {
  check_options(comm, run);
  check_given(comm);
  return latent_ebm_costs(options_, comm, run, check_model(comm, run));
}

bool LatentEbm::may_change(const DeckDifference& change, const Checkpoint& from) const {
  const LatentEbmTrainOptions& train = options_.train;
  std::vector<ParameterRuleChoice> rules{train.parameters.rule};
  if (options_.posterior == "amortised") rules.push_back(train.posterior.rule);
  return change.key == options_.where + ".train.iterations" &&
         may_change_length(change, {train.iterations, "iterations", rules}, latent_ebm_stages(), from);
}

EbmModel LatentEbm::read_model(const Communicator& comm, Index tile) const {
  const std::string where = options_.where + ".model";
  return read_model_file(options_.model, comm, where,
                         [&](const Hdf5File& file) { return EbmModel::read(file, "", comm, tile, where); });
}

/// The model, trained, read, or as the checkpoint has it; nothing where the run was stopped.
std::optional<EbmModel> LatentEbm::learn(RunOutput& output, RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const Index tile = output.run().tile;
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > stages.number("train"))
    return EbmModel::read(from->file(), "/ebm", output.comm(), tile, options_.where + ".model");
  if (!options_.model.empty()) return read_model(output.comm(), tile);
  auto model = train_energy(options_, data_->law.train, data_->law.columns, output, control);
  if (model)
    commit_hdf5(output.comm(), output.path("networks.h5"), [&](Hdf5File& file) {
      model->save(file, "");
      output.write_deck(file);
    });
  return model;
}

namespace {

void log_and_summarise(const Metrics& metrics, RunOutput& output) {
  for (const auto& [name, value] : metrics) output.log(fmt::format("{}: {:.6g}", name, value));
  output.summarise(metrics);
}

}  // namespace

void LatentEbm::run(RunOutput& output, RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const Index iterations = options_.train.iterations;
  const auto stopped = [&] { output.finish(control.status(), 0, 0); };
  const auto model = learn(output, control);
  if (!model) return stopped();
  const auto model_kept = control.keep([&](Hdf5File& file) { model->save(file, "/ebm"); });

  EbmGeneration generation(options_, *model, *data_, output, control);
  const auto samples_kept = control.keep([&](Hdf5File& file) { generation.save(file); });
  if (!generation.run()) return stopped();
  generation.write();
  log_and_summarise(generation.errors(), output);

  std::optional<EbmLikelihood> likelihood;
  if (options_.likelihood) likelihood.emplace(options_, *model, *data_, output, control);
  const auto likelihood_kept = control.keep([&](Hdf5File& file) {
    if (likelihood) likelihood->save(file);
  });
  if (likelihood && !likelihood->run()) return stopped();
  if (likelihood) log_and_summarise(likelihood->result(), output);

  const auto metrics = measure_samples(options_.metrics, generation.samples(), data_->law, options_.where,
                                       stages, output, control);
  if (!metrics) return stopped();
  log_and_summarise(*metrics, output);
  output.finish(control.status(), iterations, Real(iterations));
}

}  // namespace weir
