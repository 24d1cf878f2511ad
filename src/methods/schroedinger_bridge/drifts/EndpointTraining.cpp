#include "methods/schroedinger_bridge/drifts/EndpointTraining.hpp"

#include <algorithm>
#include <cmath>

#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Real least_blur = 0.01;       // of the data's deviation
constexpr Real least_rest = 1e-3;       // 1 - t of pairs
constexpr Index choice_draw = 1 << 20;  // draws that choose, after those of the noise

}  // namespace

template <class T>
EndpointTraining<T>::EndpointTraining(const EndpointForm& form, const MlpShape& shape,
                                      const EndpointRows& rows, const IterationTrainOptions& options,
                                      const Communicator& comm, Index seed)
    : form_(form),
      rows_(rows),
      comm_(comm),
      d_(Index(form.middle.size())),
      random_(seed, Stream::bridge_training),
      held_out_random_(seed, Stream::bridge_training, 1),
      batches_({rows.ends.partition.tiles()}, strata_of(options.batch, rows.ends.partition.tile_size()),
               seed),
      network_(shape),
      tape_(network_, rows.ends.partition.tile_size(), Purpose::gradient),
      parameters_(comm, seed),
      middle_("Weir::EndpointTraining::middle", form.middle.size()),
      in_("Weir::EndpointTraining::in", shape.inputs, rows.ends.partition.tile_size()),
      goal_("Weir::EndpointTraining::goal", shape.outputs, rows.ends.partition.tile_size()),
      out_("Weir::EndpointTraining::out", shape.outputs, rows.ends.partition.tile_size()) {
  parameters_.add_network(shape, 0);
  parameters_.allocate(batches_.strata());
  layout_ = std::make_shared<Layout>(
      comm, std::vector<Block>{parameters_.block("parameters", rule_of(options.rule))});
  const auto host = Kokkos::create_mirror_view(middle_);
  for (std::size_t c = 0; c < form.middle.size(); ++c) host(c) = form.middle[c];
  Kokkos::deep_copy(middle_, host);
}

template <class T>
void EndpointTraining<T>::draw(const EndpointRows& rows, const Tile& tile, Index tick, bool held_out) {
  const auto in = in_, goal = goal_;
  const auto middle = middle_;
  const MatrixRef<const Real> y = rows.ends.x;
  const MatrixRef<const Real> x =
      rows.starts ? MatrixRef<const Real>(rows.starts->x) : MatrixRef<const Real>();
  const Random random = held_out ? held_out_random_ : random_;
  const bool paired = form_.paired;
  const Real sigma = form_.sigma, deviation = form_.deviation, distance = form_.distance;
  const Real low = log(std::min(least_blur * deviation / sigma, Real(0.5)));
  const Index d = d_, partners = rows.partners;
  Kokkos::parallel_for(
      "Weir::EndpointTraining::draw", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
        const Index id = tile.global + i, at = tile.first + i;
        const Real u = random.uniform(id, tick, choice_draw);
        const Real blur = exp(low * u);  // over sigma
        const Real rest = paired ? 1 - (1 - least_rest) * u : blur * blur, t = 1 - rest;
        const EndpointScaling s = EndpointForm::scaling(paired, sigma, deviation, distance, rest);
        Index partner = 0;
        if (partners > 1) {
          const Index drawn = Index(Real(partners) * random.uniform(id, tick, choice_draw + 1));
          partner = drawn < partners ? drawn : partners - 1;
        }
        const Real noise = paired ? sigma * sqrt(t * rest) : sigma * sqrt(rest);
        for (Index c = 0; c < d; ++c) {
          const Real end = y(partner * d + c, at);
          const Real mean = paired ? rest * x(c, at) + t * end : end;
          const Real z = mean + noise * random.normal(id, tick, c);
          in(c, i) = T(s.in * (z - middle(c)));
          goal(c, i) = T((end - z - s.keep * (z - middle(c))) / s.gain);
        }
        for (Index k = 0; k < endpoint_time_inputs; ++k) in(d + k, i) = T(s.time[k]);
      });
}

template <class T>
Real EndpointTraining<T>::find_residual(Index count, Real scale) {
  const auto goal = goal_, out = out_;
  const Index d = d_;
  Real square = 0;
  Kokkos::fence();
  for (Index i = 0; i < count; ++i)
    for (Index c = 0; c < d; ++c) {
      const Real r = Real(out(c, i)) - Real(goal(c, i));
      square += r * r;
      out(c, i) = T(scale * r);
    }
  return square;
}

template <class T>
void EndpointTraining<T>::velocity(const Moment& moment, BlockSet, const ConstBlockViews& x,
                                   const BlockViews& v, const VectorRef<Real>&) {
  parameters_.gather(x, 0);
  batches_.draw(moment.step, batch_);
  const LocalTiles local = rows_.ends.partition.local();
  const Real scale = 2 * Real(batches_.per_epoch()) / Real(rows_.ends.particles() * d_);
  Index used = 0;
  for (const Index number : batch_.tiles) {
    const Index place = number - local.first_tile;
    if (number < 0 || place < 0 || place >= local.tiles) continue;
    const Tile tile = local[place];
    draw(rows_, tile, moment.step, false);
    const auto out = first_columns(out_, tile.count);
    network_.value(parameters_.network(0), first_columns(in_, tile.count), tape_, out);
    find_residual(tile.count, scale);
    network_.vjp(parameters_.network(0), out, tape_, parameters_.gradient(used, 0), {});
    counters().particle_steps += tile.count;
    ++used;
  }
  parameters_.sum_gradients(used, "the gradient of the drift's network", v[0]);
}

template <class T>
Real EndpointTraining<T>::loss(const MatrixRef<const Real>& parameters, const EndpointRows& rows) {
  constexpr Index draws = 4;
  parameters_.gather(parameters);
  const LocalTiles local = rows.ends.partition.local();
  std::vector<Real> partials;
  for (Index k = 0; k < local.tiles; ++k)
    for (Index draw_number = 0; draw_number < draws; ++draw_number) {
      const Tile tile = local[k];
      draw(rows, tile, draw_number, true);
      network_.value(parameters_.network(0), first_columns(in_, tile.count), tape_,
                     first_columns(out_, tile.count));
      partials.push_back(find_residual(tile.count, 1));
    }
  ExactSum sum(comm_, 1);
  return sum(partials.data(), Index(partials.size()), "the loss") / Real(draws * rows.ends.particles() * d_);
}

template <class T>
StoredNetwork EndpointTraining<T>::network(const MatrixRef<const Real>& parameters) {
  parameters_.gather(parameters);
  return parameters_.stored(0);
}

namespace {

/// Reports of a training: losses, a look at samples, and the weights to keep.
template <class T>
class EndpointReports {
 public:
  EndpointReports(EndpointTraining<T>& training, const EndpointForm& form, const EndpointRows& rows,
                  const EndpointWatch& watch, RunOutput& output)
      : training_(training),
        form_(form),
        rows_(rows),
        watch_(watch),
        output_(output),
        kept(watch.slack.value_or(0)) {}

  Metrics report(Index iteration, const MatrixRef<const Real>& learned) {
    WeightReport report;
    report.iteration = iteration;
    report.loss = training_.loss(learned, rows_);
    Metrics found{{"loss", report.loss}};
    std::string line = fmt::format("iteration {}: loss {:.6g}", iteration, report.loss);
    if (watch_.held_out) {
      report.loss_held_out = training_.loss(learned, *watch_.held_out);
      found.emplace_back("loss_held_out", report.loss_held_out);
      line += fmt::format(", of rows held out {:.6g}", report.loss_held_out);
    }
    if (watch_.copying) {
      report.copying = watch_.copying({form_, training_.network(learned)});
      found.emplace_back("copying_watched", report.copying);
      line += fmt::format(", copying {:.3g}", report.copying);
    }
    output_.log(line);
    if (watch_.held_out && watch_.slack && kept.wants(report))
      kept.keep(report, training_.network(learned).parameters);
    return found;
  }

  /// Of a training that reports every so many iterations.
  bool are_enough(Index iteration, Index every) const {
    if (!kept.wait_is_over(iteration, every, watch_.patience)) return false;
    output_.log(fmt::format("iteration {}: no weights of the last {} reports are kept; the training ends",
                            iteration, watch_.patience));
    return true;
  }

  void say_what_is_kept() const {
    const WeightReport& report = kept.report();
    output_.log(
        fmt::format("weights of iteration {} are kept: loss {:.6g} on rows held out, the least was {:.6g}{}",
                    report.iteration, report.loss_held_out, kept.least(),
                    kept.are_copies() ? "; samples of all weights are copies" : ""));
    if (report.iteration == 0)
      output_.log(
          "no weights are better than those at the start: the training fails; a smaller rate may help");
    Metrics of_kept{{"kept_iteration", Real(report.iteration)},
                    {"loss", report.loss},
                    {"loss_held_out", report.loss_held_out}};
    if (watch_.copying) of_kept.emplace_back("copying_watched", report.copying);
    output_.summarise(of_kept);
  }

 private:
  EndpointTraining<T>& training_;
  const EndpointForm& form_;
  const EndpointRows& rows_;
  const EndpointWatch& watch_;
  RunOutput& output_;

 public:
  KeptWeights kept;
};

template <class T>
std::optional<EndpointNetwork> fit_in(const EndpointForm& form, const NetworkOptions& network,
                                      const IterationTrainOptions& options, const EndpointRows& rows,
                                      const EndpointWatch& watch, const std::string& where,
                                      const StageList& stages, RunOutput& output, RunControl& control) {
  const Index d = Index(form.middle.size());
  const MlpShape shape = network.shape(d + endpoint_time_inputs, d);
  EndpointTraining<T> training(form, shape, rows, options, output.comm(), output.run().seed);
  SteppingOptions steps = training_steps(options.iterations, output.run());
  steps.stage = stages.number("train");
  Stage stage(steps, training, where);
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  output.log(fmt::format(
      "network of {} parameters; {} iterations of {} rows", Mlp<T>(shape).parameters(), options.iterations,
      strata_of(options.batch, rows.ends.partition.tile_size()) * rows.ends.partition.tile_size()));
  EndpointReports<T> reports(training, form, rows, watch, output);
  if (const Checkpoint* from = stages.checkpoint_of_stage(output, "train"))
    reports.kept.restore(from->file());
  const auto kept = control.keep([&](Hdf5File& file) { reports.kept.save(file); });
  const auto report = [&](const Tick& tick) { return reports.report(tick.step, stage.learned(0)); };
  const Index every = std::max(Index(1), options.iterations / options.reports);
  const auto is_enough = [&](const Tick& tick) { return reports.are_enough(tick.step, every); };
  if (!run_training(stage, stages, {every, 1, report, is_enough}, output, control)) return {};
  EndpointNetwork fitted{form, training.network(stage.learned(0))};
  if (reports.kept.has_any()) {
    fitted.network.parameters = reports.kept.parameters();
    reports.say_what_is_kept();
  }
  return fitted;
}

}  // namespace

std::optional<EndpointNetwork> fit_endpoint_network(const EndpointForm& form, const NetworkOptions& network,
                                                    const IterationTrainOptions& options,
                                                    const EndpointRows& rows, const EndpointWatch& watch,
                                                    const std::string& where, const StageList& stages,
                                                    RunOutput& output, RunControl& control) {
  return output.run().single_precision()
             ? fit_in<float>(form, network, options, rows, watch, where, stages, output, control)
             : fit_in<double>(form, network, options, rows, watch, where, stages, output, control);
}

namespace {

template <class T>
Real seconds_in(const NetworkOptions& network, const IterationTrainOptions& options, const EndpointForm& form,
                const EndpointRows& rows, const RunOptions& run) {
  const Index d = Index(form.middle.size());
  EndpointTraining<T> training(form, network.shape(d + endpoint_time_inputs, d), rows, options,
                               rows.ends.comm, run.seed);
  Stage stage(training_steps(1000000, run), training, "estimate");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

}  // namespace

Real endpoint_iteration_seconds(const NetworkOptions& network, IterationTrainOptions options, bool paired,
                                Index components, Index tiles, const RunOptions& run) {
  const Communicator self(MPI_COMM_SELF);
  const Ensemble starts(self, tiles * run.tile, components, run.tile);
  EndpointRows rows{paired ? &starts : nullptr, starts, 1};
  fill_normals(rows.ends.x, Random(run.seed, Stream::initial_ensemble), 0, 0);
  EndpointForm form;
  form.paired = paired;
  form.middle.assign(std::size_t(components), 0);
  options.batch = tiles * run.tile;
  return run.single_precision() ? seconds_in<float>(network, options, form, rows, run)
                                : seconds_in<double>(network, options, form, rows, run);
}

template class EndpointTraining<float>;
template class EndpointTraining<double>;

}  // namespace weir
