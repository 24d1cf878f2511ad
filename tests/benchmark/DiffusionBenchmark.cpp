// An iteration of latent_diffusion beside the machine's matrix products, and two ranks beside two processes.
//
//     diffusion_benchmark [batch=128] [tile=240] [width=512] [repetitions=7] [draws=1]
//
// Rows of 784 numbers, 32 latents of which every row has 5, decoder 32-width-width-784 (gelu), score
// 3 x 3/4 width, all blocks together, in single precision. `batch` is rounded to whole tiles of tile / 5
// rows. Prints JSON:
//
//     gemm        flops a second of width x tile x width, while all ranks work; of one rank
//     flops       of an iteration, as the program counts them (`formula`: 6 x parameters x particles)
//     of_gemm     what an iteration on one rank reaches of that rate, while all ranks work; of_gemm_cpu: by
//                 the processor's time, for machines on which others work too
//     iterations  a second (iterations_cpu: of the first, by the processor's time): of each of as many
//     processes as there are ranks, of one training on all ranks efficiency  work of the ranks together over
//     that of the processes
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "methods/latent_diffusion/training/LatentDiffusionFlow.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/base/Version.hpp"
#include "weir/networks/Gemm.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {
namespace {

struct Size {
  Index batch, tile, width, repetitions, draws;
};

LatentDiffusionOptions options_of(const Size& size) {
  LatentDiffusionOptions options;
  options.where = "latent_diffusion";
  options.latent.dimension = 32;
  options.latent.particles = 5;
  options.latent.start = "noise";
  std::get<DecoderNetwork>(options.decoder.map).hidden = {size.width, size.width};
  const Index score = std::max(Index(4), 3 * size.width / 4);
  DiffusionPriorOptions prior;
  prior.hidden = {score, score, score};
  prior.draws = size.draws;
  options.prior.law = prior;
  options.train.batch = size.batch;
  return options;
}

Real cpu_seconds() {
  return Real(std::clock()) / CLOCKS_PER_SEC;
}

struct GemmRate {
  Real wall, cpu;  // flops a second, of the clock and of this processor
};

GemmRate gemm_rate(const Communicator& world, const Size& size) {
  const Index n = size.width, k = size.tile;
  const Matrix<float> a("a", n, n), b("b", n, k), c("c", n, k);
  fill_normals(a, Random(1, Stream::initial_ensemble), 0, 0);
  fill_normals(b, Random(1, Stream::initial_ensemble), 0, 1);
  Real best = std::numeric_limits<Real>::max(), least = best;
  for (Index repetition = 0; repetition < 5 * size.repetitions; ++repetition) {
    world.barrier();
    const Real before = cpu_seconds();
    const Stopwatch watch;
    for (Index again = 0; again < 10; ++again)
      gemm(Op::none, Op::none, n, k, n, 1.f, a.data(), n, b.data(), n, 0.f, c.data(), n);
    least = std::min(least, cpu_seconds() - before);
    best = std::min(best, world.max(watch.seconds()));
  }
  const Real flops = 10 * 2 * Real(n * n * k);
  return {flops / best, flops / least};
}

struct Rate {
  Real seconds, flops, cpu;  // of an iteration; flops of all ranks of the training; this processor's seconds
};

/// The best of several times some iterations; all ranks of `world` take part.
Rate measure(const Communicator& world, const Communicator& comm, const Size& size, const RunOptions& run) {
  const LatentDiffusionOptions options = options_of(size);
  const Index per_tile = rows_per_tile(options, run.tile),
              tiles = strata_of(options.train.batch, per_tile) * 4;
  const Ensemble rows(comm, tiles * per_tile, 784, per_tile);
  fill_normals(rows.x, Random(1, Stream::initial_ensemble), rows.partition.first_particle(), 0);
  const auto flow = make_diffusion_training(options, DiffusionParts::all, rows, run, 0);
  Stage stage(training_steps(1000000, run), *flow, "benchmark");
  flow->initialise(BlockViews(*flow->layout(), stage.state().vec()));
  constexpr Index steps = 4;  // an epoch: every tile once
  Rate rate{std::numeric_limits<Real>::max(), 0, std::numeric_limits<Real>::max()};
  Index before = 0;
  Real busy = 0;
  Stopwatch watch;
  stage.run_while([&](const Tick& tick) {
    if (tick.step % steps != 0) return true;
    const Real passed = world.max(watch.seconds());
    if (tick.step > steps) {
      rate.seconds = std::min(rate.seconds, passed / steps);
      rate.cpu = std::min(rate.cpu, (cpu_seconds() - busy) / steps);
      rate.flops = Real(comm.sum(counters().flops - before)) / steps;
    }
    world.barrier();
    before = counters().flops;
    busy = cpu_seconds();
    watch = Stopwatch();
    return tick.step < (size.repetitions + 1) * steps;
  });
  return rate;
}

void print_rates(const Size& size) {
  const Communicator world, self(MPI_COMM_SELF);
  RunOptions run;
  run.precision = "single";
  run.tile = size.tile;
  const LatentDiffusionOptions options = options_of(size);
  const Index rows = rows_per_tile(options, run.tile), taken = strata_of(size.batch, rows) * rows;
  const Index parameters = options.decoder.parameters(32, 784) +
                           size.draws * Mlp<float>(score_shape(*options.prior.diffusion(), 32)).parameters();
  const GemmRate gemm = gemm_rate(world, size);
  const Rate apart = measure(world, self, size, run), together = measure(world, world, size, run);
  if (!world.is_root()) return;
  std::printf(
      "{\"version\": \"%s\", \"ranks\": %d, \"batch\": %ld, \"rows\": %ld, \"tile\": %ld, \"width\": %ld, "
      "\"gemm\": %.4g, \"flops\": %.4g, \"formula\": %.4g, \"of_gemm\": %.3f, \"of_gemm_cpu\": %.3f, "
      "\"iterations\": [%.4g, %.4g], \"iterations_cpu\": %.4g, "
      "\"efficiency\": %.3f}\n",
      version().c_str(), world.size(), long(size.batch), long(taken), long(size.tile), long(size.width),
      gemm.wall, apart.flops, 6 * Real(parameters) * Real(taken * 5), apart.flops / apart.seconds / gemm.wall,
      apart.flops / apart.cpu / gemm.cpu, 1 / apart.seconds, 1 / together.seconds, 1 / apart.cpu,
      apart.seconds / together.seconds / world.size());
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::Libraries libraries(argc, argv);
  const auto argument = [&](int n, weir::Index value) { return argc > n ? std::atol(argv[n]) : value; };
  weir::print_rates({argument(1, 128), argument(2, 240), argument(3, 512), argument(4, 7), argument(5, 1)});
}
