#include "methods/latent_diffusion/generation/DiffusionSampling.hpp"

#include <cmath>

#include "methods/latent_diffusion/decoder/Decoder.hpp"
#include "methods/latent_diffusion/prior/MixturePrior.hpp"
#include "methods/latent_diffusion/prior/ReverseDiffusion.hpp"
#include "weir/flows/Stage.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/ParameterBlocks.hpp"

namespace weir {

namespace {

template <class T>
class ReverseFlow : public Flow {
 public:
  ReverseFlow(const DiffusionModel& model, const LatentDiffusionGenerateOptions& options,
              const Communicator& comm, const RunOptions& run, int stage)
      : steps_(options.steps),
        by_steps_(options.sampler == "reverse_sde"),
        partition_(comm, options.count, run.tile),
        score_(*model.prior_options, model.latent(), run.tile, run.seed, stage),
        theta_(in_precision<T>(model.prior->parameters)),
        reverse_(score_, model.latent(), run.tile, options.steps,
                 Random(run.seed, Stream::diffusion_noise, stage)) {
    LangevinOptions euler;  // velocities of the flow; steps of the other are begin_step's
    const RuleOptions rule = by_steps_ ? RuleOptions(StillOptions()) : RuleOptions(euler);
    layout_ =
        std::make_shared<Layout>(comm, std::vector<Block>{{"samples", partition_, model.latent(), rule}});
  }

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  bool changes_state() const override { return by_steps_; }

  void begin_step(Index step, State& state) override {
    if (!by_steps_) return;
    const BlockViews blocks(*layout_, state.vec());
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) reverse_.step(theta(), tiles[t], step, step, blocks[0]);
  }

  void velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const Real least = score_.schedule().least(), largest = score_.schedule().largest();
    const Real lambda = largest + moment.time * (least - largest);
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t)
      reverse_.velocity(theta(), tiles[t], lambda, least - largest, x[0], v[0]);
  }

  /// x0 at the least lambda.
  void finish(const MatrixRef<Real>& u) {
    const LocalTiles tiles = partition_.local();
    const Real lambda = by_steps_ ? reverse_.lambda_at(steps_) : score_.schedule().least();
    for (Index t = 0; t < tiles.tiles; ++t) reverse_.finish(theta(), tiles[t], lambda, u);
  }

 private:
  VectorRef<const T> theta() const { return VectorRef<const T>(theta_.data(), theta_.extent(0)); }

  Index steps_;
  bool by_steps_;
  Partition partition_;
  ScorePrior<T> score_;
  Vector<T> theta_;
  ReverseDiffusion<T> reverse_;
  std::shared_ptr<const Layout> layout_;
};

template <class T>
std::optional<Ensemble> sample_in(const DiffusionModel& model, const LatentDiffusionGenerateOptions& options,
                                  const std::string& where, const StageList& stages, RunOutput& output,
                                  RunControl& control) {
  const RunOptions& run = output.run();
  const int number = stages.number("sample");
  Ensemble x(output.comm(), options.count, model.latent(), run.tile);
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number) {
    read_particles(from->file(), "/generated/latents", x.partition, x.x);
    return x;
  }
  fill_normals(x.x, Random(run.seed, Stream::diffusion_start, number), x.partition.first_particle(), 0);
  if (model.mixture) draw_from_mixture(*model.mixture, Random(run.seed, Stream::diffusion_start, number), x);
  if (!model.prior) return x;
  ReverseFlow<T> flow(model, options, output.comm(), run, number);
  SteppingOptions stepping;
  stepping.seed = run.seed;
  stepping.stage = number;
  stepping.single = run.single_precision();
  if (options.sampler == "probability_flow") {
    stepping.solver = "rk";
    stepping.step = 0.01;
    stepping.tolerance = options.tolerance;
    stepping.remedy = "a larger `generate.tolerance` may help";
  } else {
    stepping.end = Real(options.steps);
    stepping.step = 1;
  }
  Stage stage(stepping, flow, where + ".generate");
  Kokkos::deep_copy(BlockViews(*flow.layout(), stage.state().vec())[0], x.x);
  output.log(fmt::format("{} samples by {}", options.count, options.sampler));
  if (!control.run(stage, number, [](const Tick&) {})) return {};
  Kokkos::deep_copy(x.x, ConstBlockViews(*flow.layout(), stage.state().vec())[0]);
  flow.finish(x.x);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x.x);
  for (Index i = 0; i < x.partition.local_particles(); ++i)
    for (Index c = 0; c < model.latent(); ++c)
      host(c, i) = model.mean[std::size_t(c)] + model.deviation[std::size_t(c)] * host(c, i);
  Kokkos::deep_copy(x.x, host);
  return x;
}

template <class T>
Ensemble decode_in(const DiffusionModel& model, const Ensemble& latents) {
  const Index tile = latents.partition.tile_size();
  Ensemble rows(latents.comm, latents.particles(), model.data(), tile);
  Decoder<T> decoder(model.decoder_options, model.latent(), model.data(), tile);
  const auto theta = in_precision<T>(model.decoder.parameters);
  const Matrix<T> x("Weir::decode::x", model.latent(), tile);
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), latents.x);
  const auto to = Kokkos::create_mirror_view(rows.x);
  const auto columns = Kokkos::create_mirror_view(x);
  const LocalTiles tiles = latents.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile at = tiles[t];
    for (Index i = 0; i < at.count; ++i)
      for (Index c = 0; c < model.latent(); ++c) columns(c, i) = T(from(c, at.first + i));
    Kokkos::deep_copy(x, columns);
    decoder.decode(VectorRef<const T>(theta.data(), theta.extent(0)), first_columns(x, at.count));
    const auto means = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), decoder.means());
    for (Index i = 0; i < at.count; ++i)
      for (Index c = 0; c < model.data(); ++c) to(c, at.first + i) = Real(means(c, i));
  }
  Kokkos::deep_copy(rows.x, to);
  return rows;
}

}  // namespace

std::optional<Ensemble> sample_latents(const DiffusionModel& model,
                                       const LatentDiffusionGenerateOptions& options,
                                       const std::string& where, const StageList& stages, RunOutput& output,
                                       RunControl& control) {
  if (output.run().single_precision())
    return sample_in<float>(model, options, where, stages, output, control);
  return sample_in<double>(model, options, where, stages, output, control);
}

Real seconds_of_sampling_step(const DiffusionModel& model, Index particles, const RunOptions& run) {
  LatentDiffusionGenerateOptions options;
  options.count = particles;
  options.steps = 10000;
  const Communicator self(MPI_COMM_SELF);
  const auto seconds_of = [&](Flow& flow) {
    SteppingOptions stepping;
    stepping.end = Real(options.steps);
    stepping.step = 1;
    Stage stage(stepping, flow, "generate");
    return shortest_step(stage);
  };
  if (run.single_precision()) {
    ReverseFlow<float> flow(model, options, self, run, 0);
    return seconds_of(flow);
  }
  ReverseFlow<double> flow(model, options, self, run, 0);
  return seconds_of(flow);
}

Ensemble decode(const DiffusionModel& model, const Ensemble& latents, const RunOptions& run) {
  return run.single_precision() ? decode_in<float>(model, latents) : decode_in<double>(model, latents);
}

}  // namespace weir
