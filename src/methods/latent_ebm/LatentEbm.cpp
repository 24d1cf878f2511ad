#include "methods/latent_ebm/LatentEbm.hpp"

#include <algorithm>

#include "methods/generative/Samples.hpp"
#include "methods/latent_ebm/EbmTraining.hpp"
#include "methods/latent_ebm/Generation.hpp"
#include "methods/latent_ebm/LatentEbmFlow.hpp"
#include "weir/base/Error.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

/// The flow of a few rows and particles: what is wrong with rules and shapes shows in it.
void LatentEbm::check_options(const Communicator& comm, const RunOptions& run) const {
  DataShape shape;
  comm.agree([&] { shape = shape_of(options_.data); });
  LatentEbmOptions few = options_;
  few.train.negatives.particles = std::min(few.train.negatives.particles, Index(2));
  few.train.batch = 1;
  const Ensemble rows(comm, 2, shape.components, rows_per_tile(options_, run.tile));
  const auto flow = make_ebm_training(few, rows, std::vector<Real>(std::size_t(shape.components), 0), run, 0);
  SteppingOptions stepping;
  stepping.order = StepOrder::in_turn;
  const Stage stage(stepping, *flow, options_.where + ".train");
}

void LatentEbm::prepare(const Communicator& comm, const RunOptions& run) {
  check_options(comm, run);
  data_ = make_data(options_.data, options_.split, comm, run, rows_per_tile(options_, run.tile));
  close_files(options_.data);
  if (!options_.metrics.report.empty() && data_->test.particles() < 2)
    throw InputError(
        options_.where + ".split",
        "no rows are held out, which metrics compare with: give `split.test`, or leave `metrics` out");
}

void LatentEbm::check(const Communicator& comm, const RunOptions& run) {
  LatentEbm few;
  few.options_ = options_;
  if (auto* synthetic = std::get_if<SyntheticData>(&few.options_.data.source)) {
    auto& set = std::get<SyntheticOptions>(synthetic->set);
    set.count = std::min(set.count, Index(1000));
  }
  few.prepare(comm, run);
}

/// The model, trained, read, or as the checkpoint has it; nothing where the run was stopped.
std::optional<EbmModel> LatentEbm::learn(RunOutput& output, RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const Index tile = output.run().tile;
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > stages.number("train"))
    return EbmModel::read(from->file(), "/ebm", output.comm(), tile, options_.where + ".model");
  auto model = train_energy(options_, data_->train, data_->columns, output, control);
  if (model)
    commit_hdf5(output.comm(), output.path("networks.h5"), [&](Hdf5File& file) { model->save(file, ""); });
  return model;
}

void LatentEbm::run(RunOutput& output, RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const Index iterations = options_.train.iterations;
  const auto stopped = [&] { output.finish(control.status(), 0, 0); };
  const auto model = learn(output, control);
  if (!model) return stopped();
  const auto model_kept = control.keep([&](Hdf5File& file) { model->save(file, "/ebm"); });

  const auto samples = generate_samples(options_, *model, output, control);
  if (!samples) return stopped();
  const auto samples_kept = control.keep([&](Hdf5File& file) { samples->save(file); });
  write_samples(output, samples->tables(), model->columns);

  GenerationMetrics metrics(options_.metrics, {samples->data, data_->test, data_->train, data_->fresh, {}},
                            output.run());
  const auto metrics_kept = control.keep(metrics);
  if (!work_through(metrics, stages, "measure", output, control, AtEnd::go_on)) return stopped();
  for (const auto& [name, value] : metrics.result()) output.log(fmt::format("{}: {:.6g}", name, value));
  output.summarise(metrics.result());
  output.finish(control.status(), iterations, Real(iterations));
}

}  // namespace weir
