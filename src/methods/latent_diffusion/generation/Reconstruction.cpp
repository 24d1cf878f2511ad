#include "methods/latent_diffusion/generation/Reconstruction.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_diffusion/generation/DiffusionSampling.hpp"
#include "methods/latent_diffusion/generation/PosteriorFlow.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index steps = 100;

PosteriorTask reconstruction_task() {
  PosteriorTask task;
  task.starts = reconstruction_starts;
  return task;
}

template <class T>
std::optional<Reconstructed> reconstruct_in(const DiffusionModel& model, const Ensemble& latents,
                                            const Ensemble& generated, const Ensemble& held_out,
                                            const std::string& where, const StageList& stages,
                                            RunOutput& output, RunControl& control) {
  const RunOptions& run = output.run();
  const int number = stages.number("reconstruct");
  const PosteriorTask task = reconstruction_task();
  const Ensemble rows = cut_for_starts(held_out, task.starts, run);
  Ensemble best(rows.comm, rows.particles(), model.latent(), rows.partition.tile_size());
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number) {
    read_particles(from->file(), "/generated/reconstructed", best.partition, best.x);
  } else {
    PosteriorFlow<T> flow(model, rows, task, run, number);
    SteppingOptions stepping = training_steps(steps, run);
    stepping.stage = number;
    Stage stage(stepping, flow, where + ".metrics");
    start_at_nearest(pool_of(latents, generated, run.seed), task, rows,
                     BlockViews(*flow.layout(), stage.state().vec())[0]);
    output.log(fmt::format("reconstruct: {} held-out rows", rows.particles()));
    if (!control.run(stage, number, [](const Tick&) {})) return {};
    const ConstBlockViews blocks(*flow.layout(), stage.state().vec());
    const auto losses = flow.losses(blocks[0]);
    const auto all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), blocks[0]);
    const auto to = Kokkos::create_mirror_view(best.x);
    for (Index row = 0; row < rows.partition.local_particles(); ++row) {
      const Real* own = &losses[std::size_t(row * task.starts)];
      const Index k = std::min_element(own, own + task.starts) - own;
      for (Index c = 0; c < model.latent(); ++c) to(c, row) = all(c, row * task.starts + k);
    }
    Kokkos::deep_copy(best.x, to);
  }
  const Ensemble decoded = decode(model, best, run);
  return Reconstructed{best, decoded, root_mean_square(decoded, rows, 0, model.data())};
}

}  // namespace

std::optional<Reconstructed> reconstruct(const DiffusionModel& model, const Ensemble& latents,
                                         const Ensemble& generated, const Ensemble& held_out,
                                         const std::string& where, const StageList& stages, RunOutput& output,
                                         RunControl& control) {
  if (output.run().single_precision())
    return reconstruct_in<float>(model, latents, generated, held_out, where, stages, output, control);
  return reconstruct_in<double>(model, latents, generated, held_out, where, stages, output, control);
}

}  // namespace weir
