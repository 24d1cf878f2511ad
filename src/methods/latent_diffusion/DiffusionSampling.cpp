#include "methods/latent_diffusion/DiffusionSampling.hpp"

#include <cmath>

#include "methods/latent_diffusion/Decoder.hpp"
#include "methods/latent_diffusion/DiffusionTraining.hpp"
#include "methods/latent_diffusion/ScorePrior.hpp"
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
      : q_(model.latent()),
        steps_(options.steps),
        by_steps_(options.sampler == "reverse_sde"),
        partition_(comm, options.count, run.tile),
        score_(*model.prior_options, q_, run.tile, run.seed, stage),
        theta_(in_precision<T>(model.prior->parameters)),
        noise_(run.seed, Stream::diffusion_noise, stage),
        u_("Weir::ReverseFlow::u", q_, run.tile),
        e_("Weir::ReverseFlow::e", q_, run.tile) {
    LangevinOptions euler;  // velocities of the flow; steps of the other are begin_step's
    const RuleOptions rule = by_steps_ ? RuleOptions(StillOptions()) : RuleOptions(euler);
    layout_ = std::make_shared<Layout>(comm, std::vector<Block>{{"samples", partition_, q_, rule}});
  }

  std::shared_ptr<const Layout> layout() const override { return layout_; }
  bool changes_state() const override { return by_steps_; }

  void begin_step(Index step, State& state) override {
    if (!by_steps_) return;
    const BlockViews blocks(*layout_, state.vec());
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      predict(tiles[t], blocks[0], lambda_at(step));
      step_back(tiles[t], step, blocks[0]);
    }
  }

  void velocity(const Moment& moment, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    const Real least = score_.schedule().least(), largest = score_.schedule().largest();
    const Real lambda = largest + moment.time * (least - largest);
    const LocalTiles tiles = partition_.local();
    for (Index t = 0; t < tiles.tiles; ++t) {
      predict(tiles[t], x[0], lambda);
      write_velocity(tiles[t], lambda, least - largest, x[0], v[0]);
    }
  }

  /// x0 at the least lambda.
  void finish(const MatrixRef<Real>& u) {
    const LocalTiles tiles = partition_.local();
    const Real lambda = by_steps_ ? lambda_at(steps_) : score_.schedule().least();
    for (Index t = 0; t < tiles.tiles; ++t) {
      predict(tiles[t], u, lambda);
      remove_noise(tiles[t], lambda, u);
    }
  }

  // Kernels, which nvcc takes in public functions only.
  void predict(const Tile& tile, const MatrixRef<const Real>& from, Real lambda) {
    const auto u = u_;
    const Index q = q_;
    Kokkos::parallel_for(
        "Weir::ReverseFlow::gather", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < q; ++c) u(c, i) = T(from(c, tile.first + i));
        });
    Kokkos::fence();
    score_.predict(VectorRef<const T>(theta_.data(), theta_.extent(0)), first_columns(u_, tile.count),
                   T(lambda), first_columns(e_, tile.count));
  }

  void step_back(const Tile& tile, Index step, const MatrixRef<Real>& u) const {
    const Real from = lambda_at(step), to = lambda_at(step + 1);
    const Real a0 = signal_at(from), s0 = noise_at(from), a1 = signal_at(to), s1 = noise_at(to);
    const Real ratio = std::exp(to - from), keep = a0 / a1 * (s1 / s0) * (s1 / s0),
               deviation = s1 * std::sqrt(1 - ratio);
    const auto e = e_;
    const Random random = noise_;
    const Index q = q_;
    Kokkos::parallel_for(
        "Weir::ReverseFlow::step_back", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < q; ++c) {
            Real& here = u(c, tile.first + i);
            const Real x0 = (here - s0 * Real(e(c, i))) / a0;
            here = a1 * x0 * (1 - ratio) + keep * here + deviation * random.normal(tile.global + i, step, c);
          }
        });
    Kokkos::fence();
  }

  void write_velocity(const Tile& tile, Real lambda, Real per_time, const MatrixRef<const Real>& u,
                      const MatrixRef<Real>& v) const {
    const Real s = noise_at(lambda);
    const auto e = e_;
    const Index q = q_;
    Kokkos::parallel_for(
        "Weir::ReverseFlow::velocity", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < q; ++c)
            v(c, tile.first + i) = per_time * 0.5 * (s * Real(e(c, i)) - s * s * u(c, tile.first + i));
        });
    Kokkos::fence();
  }

  void remove_noise(const Tile& tile, Real lambda, const MatrixRef<Real>& u) const {
    const Real a = signal_at(lambda), s = noise_at(lambda);
    const auto e = e_;
    const Index q = q_;
    Kokkos::parallel_for(
        "Weir::ReverseFlow::finish", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < q; ++c) u(c, tile.first + i) = (u(c, tile.first + i) - s * Real(e(c, i))) / a;
        });
    Kokkos::fence();
  }

 private:
  /// Times are squares of equal steps of their roots.
  Real lambda_at(Index step) const {
    const NoiseSchedule& schedule = score_.schedule();
    const Real from = std::sqrt(schedule.latest()), to = std::sqrt(schedule.earliest());
    const Real root = from + (to - from) * Real(step) / Real(steps_);
    return schedule.lambda(root * root);
  }

  Index q_, steps_;
  bool by_steps_;
  Partition partition_;
  ScorePrior<T> score_;
  Vector<T> theta_;
  Random noise_;
  Matrix<T> u_, e_;
  std::shared_ptr<const Layout> layout_;
};

template <class T>
std::optional<Ensemble> sample_in(const DiffusionModel& model, const LatentDiffusionGenerateOptions& options,
                                  const std::string& where, RunOutput& output, RunControl& control) {
  const RunOptions& run = output.run();
  const int number = latent_diffusion_stages().number("sample");
  Ensemble x(output.comm(), options.count, model.latent(), run.tile);
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number) {
    read_particles(from->file(), "/generated/latents", x.partition, x.x);
    return x;
  }
  fill_normals(x.x, Random(run.seed, Stream::diffusion_start, number), x.partition.first_particle(), 0);
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
                                       const std::string& where, RunOutput& output, RunControl& control) {
  if (output.run().single_precision()) return sample_in<float>(model, options, where, output, control);
  return sample_in<double>(model, options, where, output, control);
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
