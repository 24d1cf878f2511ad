#include "methods/latent_diffusion/generation/Completion.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_diffusion/generation/DiffusionSampling.hpp"
#include "methods/latent_diffusion/generation/PosteriorFlow.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Gather.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

template <class T>
std::optional<Completed> complete_in(const DiffusionModel& model, const CompleteOptions& options,
                                     const std::vector<Index>& known, const Ensemble& latents,
                                     const Ensemble& generated, const Ensemble& given,
                                     const std::string& where, const StageList& stages, RunOutput& output,
                                     RunControl& control) {
  const RunOptions& run = output.run();
  const int number = stages.number("complete");
  PosteriorTask task;
  task.known = known;
  task.drawn = true;
  const Ensemble rows = cut_for_starts(given, 1, run);
  Ensemble x(rows.comm, rows.particles(), model.latent(), rows.partition.tile_size());
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number) {
    read_particles(from->file(), "/generated/completed", x.partition, x.x);
  } else {
    PosteriorFlow<T> flow(model, rows, task, run, number);
    SteppingOptions stepping = training_steps(options.steps, run);
    stepping.stage = number;
    stepping.remedy = "more `decoder.noise` may help";
    Stage stage(stepping, flow, where + ".generate.given");
    start_at_nearest(pool_of(latents, generated, run.seed), task, rows,
                     BlockViews(*flow.layout(), stage.state().vec())[0]);
    output.log(fmt::format("complete: {} rows of which {} of {} columns are given", rows.particles(),
                           known.size(), model.data()));
    if (!control.run(stage, number, [](const Tick&) {})) return {};
    Kokkos::deep_copy(x.x, ConstBlockViews(*flow.layout(), stage.state().vec())[0]);
  }
  const Ensemble decoded = decode(model, x, run);
  copy_columns(known, rows, decoded);
  Completed completed{x, decoded, {}};
  if (!options.file) completed.error = error_of_rest(known, decoded, rows);
  return completed;
}

}  // namespace

std::optional<Completed> complete(const DiffusionModel& model, const CompleteOptions& options,
                                  const std::vector<Index>& known, const Ensemble& latents,
                                  const Ensemble& generated, const Ensemble& given, const std::string& where,
                                  const StageList& stages, RunOutput& output, RunControl& control) {
  if (output.run().single_precision())
    return complete_in<float>(model, options, known, latents, generated, given, where, stages, output,
                              control);
  return complete_in<double>(model, options, known, latents, generated, given, where, stages, output,
                             control);
}

Ensemble interpolate(const DiffusionModel& model, const InterpolateOptions& options, const Ensemble& latents,
                     const RunOptions& run) {
  const Index q = model.latent(), pairs = std::min(options.pairs, latents.particles() / 2);
  Gather gather(latents.comm, latents.partition, q);
  const auto all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gather(latents.x));
  const Ensemble between(latents.comm, pairs * options.points, q, run.tile);
  const auto to = Kokkos::create_mirror_view(between.x);
  std::vector<Real> u(std::size_t(2 * q));
  for (Index i = 0; i < between.partition.local_particles(); ++i) {
    const Index id = between.partition.first_particle() + i, pair = id / options.points;
    const Real t = Real(id % options.points) / Real(options.points - 1);
    Real squares[2] = {0, 0}, square = 0;
    for (Index end = 0; end < 2; ++end)
      for (Index c = 0; c < q; ++c) {
        const Real one =
            (all(c, 2 * pair + end) - model.mean[std::size_t(c)]) / model.deviation[std::size_t(c)];
        u[std::size_t(end * q + c)] = one;
        squares[end] += one * one;
      }
    for (Index c = 0; c < q; ++c) {
      to(c, i) = (1 - t) * u[std::size_t(c)] + t * u[std::size_t(q + c)];
      square += to(c, i) * to(c, i);
    }
    const Real length = (1 - t) * std::sqrt(squares[0]) + t * std::sqrt(squares[1]);
    const Real stretch = options.path == "arc" && square > 0 ? length / std::sqrt(square) : 1;
    for (Index c = 0; c < q; ++c)
      to(c, i) = model.mean[std::size_t(c)] + model.deviation[std::size_t(c)] * stretch * to(c, i);
  }
  Kokkos::deep_copy(between.x, to);
  return decode(model, between, run);
}

}  // namespace weir
