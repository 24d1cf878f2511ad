// The training of a latent-variable energy: moves beside the network alone, and two ranks beside two
// processes.
//
//     ebm_benchmark [particles=4096] [batch=2048] [width=64] [repetitions=7]
//
// The energy is a network 3-width-width-1 (silu) of two data and one latent. Prints JSON, for single and
// double precision:
//
//     gradients    value and input gradient of the network alone, in the same tiles: a second, on one rank
//     evaluations  what chains of `particles` by mala reach, 5 moves being 6 evaluations; `of_gradients` is
//                  the ratio of both
//     iterations   of the training with `batch` rows of 2 latents and a pool of `particles` on all ranks
//                  together, and `efficiency`: over those of as many processes, each with its share
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "methods/latent_ebm/generation/SamplingFlow.hpp"
#include "methods/latent_ebm/training/LatentEbmFlow.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/base/Stopwatch.hpp"
#include "weir/base/Version.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {
namespace {

constexpr Index moves = 5;

struct Size {
  Index particles, batch, width, repetitions;
};

LatentEbmOptions options_of(const Size& size, Index shares) {
  LatentEbmOptions options;
  options.where = "latent_ebm";
  options.energy.kind.emplace<EnergyNetworkOptions>().hidden = {size.width, size.width};
  options.train.batch = size.batch / shares;
  options.train.negatives.particles = size.particles / shares;
  return options;
}

/// Seconds of a step, the best of several times ten; all ranks of `world` take part.
Real shortest(const Communicator& world, Stage& stage, Index repetitions) {
  constexpr Index steps = 10;
  Real best = std::numeric_limits<Real>::max();
  Stopwatch watch;
  world.barrier();
  stage.run_while([&](const Tick& tick) {
    if (tick.step % steps != 0) return true;
    const Real passed = world.max(watch.seconds());
    if (tick.step > steps) best = std::min(best, passed / steps);
    world.barrier();
    watch = Stopwatch();
    return tick.step < (repetitions + 1) * steps;
  });
  return best;
}

template <class T>
Real gradients_per_second(const Size& size, Index tile) {
  const LatentEbmOptions options = options_of(size, 1);
  const MlpShape shape = network_shape(options.energy, {2, 1});
  const Mlp<T> network(shape);
  MlpTape<T> tape(network, tile, Purpose::gradient);
  const Vector<Real> theta("theta", network.parameters());
  initialise_energy(options.energy, {2, 1}, 1, VectorRef<Real>(theta.data(), theta.extent(0)));
  const Vector<T> rounded("rounded", theta.extent(0));
  for (std::size_t k = 0; k < theta.extent(0); ++k) rounded(k) = T(theta(k));
  const Matrix<T> x("x", 3, tile), gradient("gradient", 3, tile), value("value", 1, tile);
  fill_normals(x, Random(1, Stream::initial_ensemble), 0, 0);
  const Index tiles = std::max(Index(1), size.particles / tile);
  Real best = std::numeric_limits<Real>::max();
  for (Index repetition = 0; repetition < 10 * size.repetitions; ++repetition) {
    const Stopwatch watch;
    for (Index t = 0; t < tiles; ++t) network.input_gradient(rounded, x, tape, gradient, value);
    best = std::min(best, watch.seconds());
  }
  return Real(tiles * tile) / best;
}

Real evaluations_per_second(const Size& size, const RunOptions& run) {
  const LatentEbmOptions options = options_of(size, 1);
  const EnergyShape shape{2, 1};
  const MlpShape network = network_shape(options.energy, shape);
  const Vector<Real> theta("theta", Mlp<Real>(network).parameters());
  initialise_energy(options.energy, shape, 1, VectorRef<Real>(theta.data(), theta.extent(0)));
  SampledParts parts;
  parts.free_data = 2;
  SamplingOptions sampling;
  sampling.rule = rule_of(options.train.negatives.rule);
  sampling.moves = moves;
  const Communicator self(MPI_COMM_SELF);
  const auto flow = make_sampling_flow(options.energy, shape,
                                       std::vector<Real>(theta.data(), theta.data() + theta.extent(0)), parts,
                                       sampling, nullptr, self, size.particles, run, 0);
  SteppingOptions stepping = training_steps(1000000, run);
  Stage stage(stepping, *flow, "benchmark");
  return Real(size.particles * (moves + 1)) / shortest(self, stage, size.repetitions);
}

Real iterations_per_second(const Communicator& world, const Communicator& comm, const Size& size,
                           const RunOptions& run) {
  const LatentEbmOptions options = options_of(size, world.size() / comm.size());
  const Ensemble rows(comm, 4 * options.train.batch, 2, rows_per_tile(options, run.tile));
  fill_normals(rows.x, Random(1, Stream::initial_ensemble), rows.partition.first_particle(), 0);
  const auto flow = make_ebm_training(options, rows, {0, 0}, run, 0);
  SteppingOptions stepping = training_steps(1000000, run);
  stepping.order = StepOrder::in_turn;
  Stage stage(stepping, *flow, "benchmark");
  flow->initialise(BlockViews(*flow->layout(), stage.state().vec()));
  return 1 / shortest(world, stage, size.repetitions);
}

void print_rates(const Size& size) {
  const Communicator world, self(MPI_COMM_SELF);
  std::string text;
  for (const bool single : {true, false}) {
    RunOptions run;
    run.precision = single ? "single" : "double";
    Real gradients = 0, evaluations = 0;
    if (world.is_root()) {
      gradients =
          single ? gradients_per_second<float>(size, run.tile) : gradients_per_second<double>(size, run.tile);
      evaluations = evaluations_per_second(size, run);
    }
    world.barrier();
    const Real apart = iterations_per_second(world, self, size, run),
               together = iterations_per_second(world, world, size, run);
    text += fmt::format(
        "{}\"{}\": {{\"gradients\": {:.4g}, \"evaluations\": {:.4g}, \"of_gradients\": {:.3f}, "
        "\"iterations\": {:.4g}, \"efficiency\": {:.3f}}}",
        single ? "" : ", ", run.precision, gradients, evaluations,
        gradients > 0 ? evaluations / gradients : 0, together, together / apart);
  }
  if (world.is_root())
    std::printf(
        "{\"version\": \"%s\", \"ranks\": %d, \"particles\": %ld, \"batch\": %ld, \"width\": %ld, %s}\n",
        version().c_str(), world.size(), long(size.particles), long(size.batch), long(size.width),
        text.c_str());
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::Libraries libraries(argc, argv);
  const auto argument = [&](int n, weir::Index value) { return argc > n ? std::atol(argv[n]) : value; };
  weir::print_rates({argument(1, 4096), argument(2, 2048), argument(3, 64), argument(4, 7)});
}
