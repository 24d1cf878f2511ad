#include "methods/latent_diffusion/generation/AnnealedLikelihood.hpp"

#include <algorithm>
#include <cmath>

#include "weir/ensemble/Sample.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/ExactSum.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index pool = 2000, pool_tick = 7 << 20;  // among the draws of rows

/// Chain k of row i begins at latent i chains + k of the pool, which repeats.
void start_at_pool(const std::vector<Real>& drawn, const Partition& chains, const MatrixRef<Real>& x) {
  const Index q = Index(x.extent(0)), count = Index(drawn.size()) / q;
  const auto to = Kokkos::create_mirror_view(x);
  for (Index i = 0; i < Index(x.extent(1)); ++i)
    for (Index c = 0; c < q; ++c)
      to(c, i) = drawn[std::size_t((chains.first_particle() + i) % count * q + c)];
  Kokkos::deep_copy(x, to);
}

/// Of each row of this rank.
std::vector<Real> log_likelihoods(const MatrixRef<const Real>& weights, Index chains) {
  const auto w = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), weights);
  std::vector<Real> values;
  for (Index first = 0; first < Index(w.extent(1)); first += chains) {
    Real largest = w(0, first), sum = 0;
    for (Index k = 0; k < chains; ++k) largest = std::max(largest, w(0, first + k));
    for (Index k = 0; k < chains; ++k) sum += std::exp(w(0, first + k) - largest);
    values.push_back(largest + std::log(sum / Real(chains)));
  }
  return values;
}

template <class T>
std::optional<Metrics> measure_in(const DiffusionModel& model, const DiffusionLikelihoodOptions& options,
                                  const Ensemble& latents, const Ensemble& held_out, const std::string& where,
                                  const StageList& stages, RunOutput& output, RunControl& control) {
  const RunOptions& run = output.run();
  const int number = stages.number("likelihood");
  const PosteriorTask task = likelihood_task(options);
  const Ensemble rows = first_particles(held_out, std::min(options.rows, held_out.particles()),
                                        std::max(Index(1), run.tile / task.starts));
  PosteriorFlow<T> flow(model, rows, task, run, number);
  SteppingOptions stepping = training_steps(task.temperatures, run);
  stepping.stage = number;
  stepping.remedy = "a smaller `likelihood.step` may help";
  Stage stage(stepping, flow, where + ".likelihood");
  auto drawn = sample_on(0, latents, pool, run.seed, pool_tick);
  latents.comm.broadcast(drawn);
  {
    const BlockViews blocks(*flow.layout(), stage.state().vec());
    start_at_pool(drawn, (*flow.layout())[0].partition, blocks[0]);
  }
  output.log(fmt::format("likelihood: {} rows by {} chains of {} temperatures", rows.particles(), task.starts,
                         task.temperatures));
  if (!control.run(stage, number, [](const Tick&) {})) return {};
  const auto values = log_likelihoods(ConstBlockViews(*flow.layout(), stage.state().vec())[1], task.starts);
  const Real n = Real(rows.particles());
  ExactSum add(rows.comm, 1);
  const Real mean = add(values.data(), Index(values.size()), "the log-likelihood") / n;
  std::vector<Real> squares;
  for (const Real value : values) squares.push_back((value - mean) * (value - mean));
  const Real variance = add(squares.data(), Index(squares.size()), "the spread of log-likelihoods") / n;
  return Metrics{{"log_likelihood", mean}, {"log_likelihood_error", std::sqrt(variance / n)}};
}

}  // namespace

PosteriorTask likelihood_task(const DiffusionLikelihoodOptions& options) {
  PosteriorTask task;
  task.starts = options.chains;
  task.drawn = true;
  task.temperatures = options.temperatures;
  task.step = options.step;
  return task;
}

std::optional<Metrics> measure_likelihood(const DiffusionModel& model,
                                          const DiffusionLikelihoodOptions& options, const Ensemble& latents,
                                          const Ensemble& held_out, const std::string& where,
                                          const StageList& stages, RunOutput& output, RunControl& control) {
  if (output.run().single_precision())
    return measure_in<float>(model, options, latents, held_out, where, stages, output, control);
  return measure_in<double>(model, options, latents, held_out, where, stages, output, control);
}

}  // namespace weir
